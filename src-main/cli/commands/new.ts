import { existsSync } from 'node:fs';
import { createProject, listFiles } from '../../flow/index.ts';
import { exampleFolder } from '../../tools/own-files.ts';
import { JSON_OPTION, type Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';

export const newCommand: Command = {
  name: 'new',
  usage: 'DIR [--from EXAMPLE|FILE] [--name NAME] [--json]',
  summary: 'make a project folder, empty or from an example or project file',
  positionalsMin: 1,
  positionalsMax: 1,
  options: {
    from: {
      type: 'string',
      value: 'EXAMPLE|FILE',
      help: 'example that comes with Ingot (digits), or an ingot.json',
    },
    name: { type: 'string', value: 'NAME', help: 'name of the project (default: the folder)' },
    ...JSON_OPTION,
  },
  async run(given, shell) {
    const from = given.text('from');
    const start = from !== undefined && !existsSync(from) ? (exampleFolder(from) ?? from) : from;
    const project = createProject(given.positionals[0]!, { name: given.text('name'), from: start });
    try {
      const files = listFiles(project.db);
      if (given.flag('json')) shell.print(JSON.stringify({ project: project.dir, files }));
      else shell.print(`made ${project.dir} with ${files.length} files`);
    } finally {
      project.close();
    }
    return EXIT.ok;
  },
};
