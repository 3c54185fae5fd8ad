import { readResults } from '../project/queries/facts.ts';
import { readProject } from '../project/queries/project.ts';
import * as steps from '../project/queries/steps.ts';
import { COMMAND_CODE } from '../tools/commands.ts';
import type { Run } from './run-steps.ts';
import type { RunFacts, StepFacts } from './step.ts';

/** What a step that reads the run is told of the `finished` steps before it. */
export function runFacts(
  { project: { db }, runId, settings, toolVersions }: Run,
  finished: number,
): RunFacts {
  const rows = steps.listSteps(db, runId).slice(0, finished);
  return {
    projectName: readProject(db)?.name ?? '',
    settings,
    toolVersions,
    steps: rows.map((row): StepFacts => {
      const { name, title, wallS, cpuS, peakMiB } = row;
      const results = readResults(db, row.sourceId);
      return {
        name,
        title,
        status: row.status === 'cached' ? 'cached' : 'done',
        wallS: wallS ?? 0,
        cpuS: cpuS ?? 0,
        peakMiB: peakMiB ?? 0,
        ...results,
        // Command lines name folders of this machine.
        log: results.log
          .filter(({ code }) => code !== COMMAND_CODE)
          .map(({ atMs: _, ...diagnostic }) => diagnostic),
      };
    }),
  };
}
