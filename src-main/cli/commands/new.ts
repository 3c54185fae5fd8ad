import { existsSync } from 'node:fs';
import { createProject, foreignFormat, listFiles } from '../../flow/index.ts';
import { exampleFolder } from '../../tools/own-files.ts';
import { JSON_OPTION, type Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { KIT_OPTION, readForeign, tellForeign } from './foreign.ts';

export const newCommand: Command = {
  name: 'new',
  usage: 'DIR [--from EXAMPLE|FILE] [--kit NAME] [--name NAME] [--json]',
  summary: 'make a project folder, empty or from an example or project file',
  positionalsMin: 1,
  positionalsMax: 1,
  options: {
    from: {
      type: 'string',
      value: 'EXAMPLE|FILE',
      help: 'example that comes with Ingot (digits), an ingot.json, a config.mk of ORFS or a config.json of LibreLane',
    },
    ...KIT_OPTION,
    name: { type: 'string', value: 'NAME', help: 'name of the project (default: the folder)' },
    ...JSON_OPTION,
  },
  async run(given, shell) {
    const from = given.text('from');
    const start = from !== undefined && !existsSync(from) ? (exampleFolder(from) ?? from) : from;
    const isForeign = start !== undefined && existsSync(start) && foreignFormat(start) !== null;
    const foreign = isForeign ? readForeign(given, start) : undefined;
    const name = given.text('name') ?? foreign?.name;
    const project = createProject(given.positionals[0]!, {
      name,
      ...(foreign ? { foreign } : { from: start }),
    });
    try {
      const files = listFiles(project.db);
      if (given.flag('json'))
        shell.print(JSON.stringify({ project: project.dir, files, imported: foreign?.record }));
      else {
        if (foreign) tellForeign(foreign, shell);
        shell.print(`made ${project.dir} with ${files.length} files`);
      }
    } finally {
      project.close();
    }
    return EXIT.ok;
  },
};
