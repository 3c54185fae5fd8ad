/** What a CI server asks of a run: limits that its metrics must keep, and results in a form that it reads. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  inWorld,
  judgeGates,
  readGates,
  readProject,
  readRunDetail,
  runMetrics,
  type Gate,
  type GateVerdict,
  type Project,
} from '../../flow/index.ts';
import type { Given, OptionSpec, Shell } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { junitXml } from '../junit.ts';

export const CI_OPTIONS = {
  gate: {
    type: 'string',
    multiple: true,
    value: 'FILE',
    help: 'limits of metrics, {"metric": {"value", "compare", "level"}} as in rules-base.json of ORFS; exit code 6 when one is not met',
  },
  junit: { type: 'string', value: 'FILE', help: 'steps, proofs and gates as JUnit XML' },
} as const satisfies Record<string, OptionSpec>;

/** Before the run, so that a slip in a file costs no run. Throws GATE-001. */
export const gatesOf = (given: Given): readonly Gate[] =>
  given.texts('gate').flatMap((path) => {
    const file = resolve(path);
    return readGates(
      inWorld(file, () => readFileSync(file, 'utf8')),
      file,
    );
  });

/** After the run; returns the exit code. Gates are judged only where the run itself went well. */
export function judgeRun(
  project: Project,
  gates: readonly Gate[],
  code: number,
  given: Given,
  shell: Shell,
): number {
  const run = readRunDetail(project);
  const verdicts = code === EXIT.ok ? judgeGates(gates, runMetrics(project, run)) : [];
  const count = (verdict: GateVerdict['verdict']): number =>
    verdicts.filter((v) => v.verdict === verdict).length;
  const failed = count('fail');
  const notMeasured = count('not-measured');
  if (given.flag('json')) {
    if (gates.length > 0)
      shell.print(JSON.stringify({ type: 'gates', failed, notMeasured, gates: verdicts }));
  } else {
    for (const { verdict, message } of verdicts) shell.print(`gate ${verdict}: ${message}`);
    if (gates.length > 0)
      shell.print(
        code === EXIT.ok
          ? `${verdicts.length - failed - notMeasured} of ${verdicts.length} gates are met${notMeasured === 0 ? '' : `, ${notMeasured} are not measured`}`
          : `${gates.length} gates were not judged: the run did not finish`,
      );
  }
  const junit = given.text('junit');
  if (junit !== undefined) {
    const path = resolve(junit);
    const xml = junitXml(readProject(project.db)?.name ?? 'ingot', run, verdicts);
    inWorld(path, () => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, xml);
    });
  }
  return code === EXIT.ok && failed > 0 ? EXIT.gate : code;
}
