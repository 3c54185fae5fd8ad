import { resolve } from 'node:path';
import { IngotError } from '../../base/diagnostic.ts';
import { openProject, readRunDetail } from '../../flow/index.ts';
import { examine, type ToolReport } from '../../tools/doctor.ts';
import { isProgram, PROGRAMS } from '../../tools/find-program.ts';
import { keepToolPreferences, toolPreferences, toolPreferencesFile } from '../../tools/registry/index.ts';
import { JSON_OPTION, type Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { table } from '../format.ts';

export const doctorCommand: Command = {
  name: 'doctor',
  usage: '[--folder DIR ...] [--tool NAME=PATH ...] [--project DIR] [--json]',
  summary: 'the tools on this machine: where, which version, what each can do and adds',
  positionalsMin: 0,
  positionalsMax: 0,
  options: {
    folder: {
      type: 'string',
      multiple: true,
      value: 'DIR',
      help: 'look for tools there too, from now on; `--folder ""` forgets all folders',
    },
    tool: {
      type: 'string',
      multiple: true,
      value: 'NAME=PATH',
      help: 'take this program from now on; `NAME=` forgets it',
    },
    project: { type: 'string', value: 'DIR', help: 'what its latest run used, beside what is here now' },
    ...JSON_OPTION,
  },
  async run(given, shell) {
    keep(given.texts('folder'), given.texts('tool'));
    const tools = await examine();
    const project = given.text('project');
    const changes = project === undefined ? [] : changesSince(project, tools);
    if (given.flag('json')) {
      shell.print(JSON.stringify({ tools, preferences: toolPreferencesFile(), changes }));
      return EXIT.ok;
    }
    const rows = tools.map((t) => [stateOf(t), t.name, t.version ?? '', t.adds, t.path ?? '']);
    shell.print(table([['', 'tool', 'version', 'adds', 'path'], ...rows]));
    for (const tool of tools) for (const line of details(tool)) shell.print(line);
    for (const line of changes) shell.print(line);
    return EXIT.ok;
  },
};

const stateOf = (t: ToolReport): string =>
  !t.isFound ? 'missing' : t.problem !== null ? 'unusable' : 'found';

function details({ name, isFound, problem, capabilities }: ToolReport): string[] {
  if (!isFound) return [];
  if (problem !== null) return [`${name} cannot be used, Ingot goes on without it: ${problem}`];
  const lacks = capabilities.filter((c) => !c.isThere);
  if (lacks.length === 0) return [];
  const list = lacks.map((c) => `${c.name} (${c.adds})`).join(', ');
  return [
    `${name} has ${capabilities.length - lacks.length} of ${capabilities.length} abilities; not ${list}`,
  ];
}

function keep(folders: readonly string[], tools: readonly string[]): void {
  if (folders.length > 0) {
    const named = folders.filter((folder) => folder !== '').map((folder) => resolve(folder));
    const before = folders.includes('') ? [] : toolPreferences().folders;
    keepToolPreferences({ folders: [...new Set([...before, ...named])] });
  }
  for (const text of tools) {
    const at = text.indexOf('=');
    const name = text.slice(0, Math.max(at, 0));
    const path = text.slice(at + 1);
    if (!PROGRAMS.some((program) => program === name))
      throw new IngotError('CLI-003', `there is no tool ${name || text}`, {
        place: `--tool ${text}`,
        remedy: `name one of ${PROGRAMS.join(', ')}, as NAME=PATH`,
      });
    const { [name]: _, ...others } = toolPreferences().programs;
    const kept = resolve(path);
    if (path !== '' && !isProgram(kept))
      throw new IngotError('TOOL-050', `${kept} is no program`, {
        place: `--tool ${text}`,
        remedy: `give the path of ${name} itself, a file that can be run`,
      });
    keepToolPreferences({ programs: path === '' ? others : { ...others, [name]: kept } });
  }
}

/** What is not as the project's latest run had it. FLOW-013 when nothing was run yet. */
function changesSince(dir: string, tools: readonly ToolReport[]): string[] {
  const project = openProject(dir);
  try {
    const run = readRunDetail(project);
    return run.tools.flatMap((used) => {
      const now = tools.find((tool) => tool.name === used.name);
      const was = `${used.name} was ${used.version} (${used.path}) in run ${run.id}`;
      if (!now?.isFound) return [`${was}; now it is missing`];
      const lost = used.capabilities.filter((c) => now.capabilities.some((n) => n.name === c && !n.isThere));
      const isSame = now.path === used.path && (now.version ?? used.version) === used.version;
      if (isSame && lost.length === 0) return [];
      const without = lost.length === 0 ? '' : `, without ${lost.join(', ')}`;
      return [`${was}; now it is ${now.version ?? 'of unknown version'} (${now.path})${without}`];
    });
  } finally {
    project.close();
  }
}
