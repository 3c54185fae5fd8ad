import { exportForm, exportRun, openProject } from '../../flow/index.ts';
import { JSON_OPTION, PROJECT_OPTION, type Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { IngotError } from '../../base/diagnostic.ts';
import { parseRunId } from '../parse.ts';

export const exportCommand: Command = {
  name: 'export',
  usage: '--out DIR [--run N] [--step STEP] [--orfs] [--replay] [--project DIR] [--json]',
  summary: 'copy the results (GDS, DEF, netlist, report ...) to a folder',
  positionalsMin: 0,
  positionalsMax: 0,
  options: {
    out: { type: 'string', value: 'DIR', help: 'folder to copy to; made when it is missing' },
    run: { type: 'string', value: 'N', help: 'number of the run (default: the latest)' },
    step: { type: 'string', value: 'STEP', help: 'all artefacts of this step, a failed one too' },
    orfs: { type: 'boolean', help: 'in the folders and under the names of OpenROAD-flow-scripts' },
    replay: {
      type: 'boolean',
      help: 'a folder replay/ whose run.sh repeats the run with Yosys, OpenSTA and KLayout, without Ingot',
    },
    ...PROJECT_OPTION,
    ...JSON_OPTION,
  },
  async run(given, shell) {
    const out = given.text('out');
    if (out === undefined) {
      throw new IngotError('CLI-004', 'export needs --out DIR', {
        place: 'export',
        remedy: 'usage: ingot export --out DIR',
      });
    }
    const project = openProject(given.text('project') ?? '.');
    try {
      const runId = parseRunId(given.text('run'));
      const options = { out, runId, step: given.text('step'), flow: shell.flow?.steps };
      const forms = (['orfs', 'replay'] as const).filter((form) => given.flag(form));
      const paths =
        forms.length === 0
          ? exportRun(project, options)
          : forms.flatMap((form) => exportForm(project, form, { out, runId }));
      if (given.flag('json')) shell.print(JSON.stringify({ files: paths }));
      else for (const path of paths) shell.print(path);
    } finally {
      project.close();
    }
    return EXIT.ok;
  },
};
