import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { IngotError } from '../../base/diagnostic.ts';
import {
  createProject,
  exportRun,
  importProjectFile,
  openProject,
  parseAssignments,
  readRunDetail,
  type Project,
} from '../../flow/index.ts';
import { exampleFolder } from '../../tools/own-files.ts';
import { JSON_OPTION, type Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { printReport } from './report.ts';
import { runAndShow, SET_OPTION } from './run.ts';

export const demoCommand: Command = {
  name: 'demo',
  usage: '[--out DIR] [--set key=value ...] [--json]',
  summary: 'make the chip of the digits example, from model to GDS and report',
  positionalsMin: 0,
  positionalsMax: 0,
  options: {
    out: { type: 'string', value: 'DIR', help: 'where to (default: out/demo); run again to go on' },
    ...SET_OPTION,
    ...JSON_OPTION,
  },
  async run(given, shell) {
    const out = resolve(given.text('out') ?? join('out', 'demo'));
    const settings = parseAssignments(given.texts('set'));
    const project = openDemo(join(out, 'project'));
    try {
      const isJson = given.flag('json');
      const code = await runAndShow(project, shell, isJson, { settings });
      if (code !== EXIT.ok) return code;
      const files = exportRun(project, { out, flow: shell.flow?.steps });
      if (isJson) shell.print(JSON.stringify({ type: 'exported', files }));
      else {
        printReport(readRunDetail(project), shell.print);
        shell.print('files');
        for (const path of files) shell.print(`  ${path}`);
        for (const [what, name] of [
          ['GDS', 'chip.gds'],
          ['report', 'report.html'],
        ] as const) {
          const path = files.find((file) => basename(file) === name);
          if (path !== undefined) shell.print(`the ${what} is ${path}`);
        }
      }
    } finally {
      project.close();
    }
    return EXIT.ok;
  },
};

/** The demo's project, new or from last time; the example's files are taken again, as they may be newer. */
function openDemo(dir: string): Project {
  const from = exampleFolder('digits');
  if (from === undefined) {
    throw new IngotError('FILE-001', 'the digits example is missing', {
      place: 'resources/examples/digits',
      remedy: 'install Ingot again',
    });
  }
  if (!existsSync(join(dir, 'ingot.db'))) return createProject(dir, { from });
  const project = openProject(dir);
  importProjectFile(project, from);
  return project;
}
