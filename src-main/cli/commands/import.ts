import { importFiles, importProjectFile, openProject } from '../../flow/index.ts';
import { JSON_OPTION, PROJECT_OPTION, type Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { formatBytes } from '../format.ts';

export const importCommand: Command = {
  name: 'import',
  usage: 'FILE [--role ROLE] [--project DIR] [--json]',
  summary: 'take a model, another input, or all inputs of an ingot.json into the project',
  positionalsMin: 1,
  positionalsMax: 1,
  options: {
    role: {
      type: 'string',
      value: 'ROLE',
      help: 'model (default), calibration, test.images, test.labels, test.expected',
    },
    ...PROJECT_OPTION,
    ...JSON_OPTION,
  },
  async run(given, shell) {
    const path = given.positionals[0]!;
    const role = given.text('role');
    const project = openProject(given.text('project') ?? '.');
    try {
      const isProjectFile = role === undefined && path.endsWith('.json');
      const files = isProjectFile
        ? importProjectFile(project, path)
        : importFiles(project, [{ role: role ?? 'model', path }]);
      if (given.flag('json')) shell.print(JSON.stringify({ files }));
      else for (const f of files) shell.print(`${f.role}: ${f.name}, ${formatBytes(f.sizeBytes)}`);
    } finally {
      project.close();
    }
    return EXIT.ok;
  },
};
