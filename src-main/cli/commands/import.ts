import { IngotError } from '../../base/diagnostic.ts';
import { suggestion } from '../../base/did-you-mean.ts';
import {
  FLOW,
  foreignFormat,
  importFiles,
  importForeignProject,
  importProjectFile,
  openProject,
  pnrFlow,
  rtlFlow,
  type Flow,
} from '../../flow/index.ts';
import { JSON_OPTION, PROJECT_OPTION, type Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { formatBytes } from '../format.ts';
import { KIT_OPTION, readForeign, tellForeign } from './foreign.ts';

export const importCommand: Command = {
  name: 'import',
  usage: 'FILE [--role ROLE] [--kit NAME] [--project DIR] [--json]',
  summary:
    'take a model, another input, or all of an ingot.json, a config.mk (ORFS) or a config.json (LibreLane)',
  positionalsMin: 1,
  positionalsMax: 1,
  options: {
    role: {
      type: 'string',
      value: 'ROLE',
      help: 'model (default), calibration, test.images, test.labels, test.expected, constraints, netlist, def',
    },
    ...KIT_OPTION,
    ...PROJECT_OPTION,
    ...JSON_OPTION,
  },
  async run(given, shell) {
    const path = given.positionals[0]!;
    const role = given.text('role');
    if (role !== undefined) checkRole(role, shell.flow?.steps ?? ALL_STEPS);
    const foreign = role === undefined && foreignFormat(path) !== null ? readForeign(given, path) : undefined;
    const project = openProject(given.text('project') ?? '.');
    try {
      const isProjectFile = role === undefined && path.endsWith('.json');
      const files = foreign
        ? importForeignProject(project, foreign)
        : isProjectFile
          ? importProjectFile(project, path)
          : importFiles(project, [{ role: role ?? 'model', path }]);
      if (foreign && !given.flag('json')) tellForeign(foreign, shell);
      if (given.flag('json')) shell.print(JSON.stringify({ files, imported: foreign?.record }));
      else for (const f of files) shell.print(`${f.role}: ${f.name}, ${formatBytes(f.sizeBytes)}`);
    } finally {
      project.close();
    }
    return EXIT.ok;
  },
};

/** Of all flows that the product has. */
const ALL_STEPS: Flow = [...FLOW, ...pnrFlow('def'), ...rtlFlow('def')];

/** CLI-008 for a role that no step reads: a slip of the pen would show much later. */
function checkRole(role: string, flow: Flow): void {
  const roles = new Set(flow.flatMap((step) => [...(step.files ?? []), ...(step.optionalFiles ?? [])]));
  if (roles.has(role)) return;
  throw new IngotError('CLI-008', `no step reads a file of role ${role}${suggestion(role, [...roles])}`, {
    place: '--role',
    remedy: `the roles are ${[...roles].join(', ')}`,
  });
}
