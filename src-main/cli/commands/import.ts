import { IngotError } from '../../base/diagnostic.ts';
import { suggestion } from '../../base/did-you-mean.ts';
import { FLOW, importFiles, importProjectFile, openProject, type Flow } from '../../flow/index.ts';
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
    if (role !== undefined) checkRole(role, shell.flow?.steps ?? FLOW);
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

/** CLI-008 for a role that no step reads: a slip of the pen would show much later. */
function checkRole(role: string, flow: Flow): void {
  const roles = new Set(flow.flatMap((step) => [...(step.files ?? []), ...(step.optionalFiles ?? [])]));
  if (roles.has(role)) return;
  throw new IngotError('CLI-008', `no step reads a file of role ${role}${suggestion(role, [...roles])}`, {
    place: '--role',
    remedy: `the roles are ${[...roles].join(', ')}`,
  });
}
