/** Pure planning: is the flow sound, which steps does a run have, which of them may not be reused. */
import { assert, IngotError } from '../base/diagnostic.ts';
import { suggestion } from '../base/did-you-mean.ts';
import type { AnyStep, Flow } from './step.ts';

export interface PlannedStep {
  readonly step: AnyStep;
  /** Done again even when the project has its result. */
  readonly mustRun: boolean;
}

export interface RunRange {
  /** Redo this step and all after it; earlier ones are reused where possible. */
  readonly from?: string | undefined;
  /** Last step of the run. */
  readonly to?: string | undefined;
  /** Redo every step of the run (from `from` on, if given). */
  readonly force?: boolean | undefined;
}

/** Our own list must be right: names unique, every input made by an earlier step. */
export function checkFlow(flow: Flow): void {
  const made = new Set<string>();
  const names = new Set<string>();
  for (const step of flow) {
    assert(/^[a-z0-9]+(-[a-z0-9]+)*$/.test(step.name), `step name ${step.name} is not kebab-case`);
    assert(!names.has(step.name), `two steps are called ${step.name}`);
    names.add(step.name);
    for (const input of step.inputs) assert(made.has(input), `${step.name} reads ${input}: no step makes it`);
    for (const output of step.outputs) {
      assert(!made.has(output), `${step.name} writes ${output}, which an earlier step makes`);
      made.add(output);
    }
    const all = [...step.outputs, ...(step.optionalOutputs ?? [])];
    for (const name of step.exports ?? []) assert(all.includes(name), `${step.name} exports ${name}`);
  }
}

/** FLOW-001 for a step that does not exist, FLOW-002 for an empty range. */
export function planRun(flow: Flow, range: RunRange): readonly PlannedStep[] {
  const first = range.from === undefined ? 0 : indexOfStep(flow, range.from);
  const last = range.to === undefined ? flow.length - 1 : indexOfStep(flow, range.to);
  if (first > last) {
    throw new IngotError('FLOW-002', `${range.from} comes after ${range.to}`, {
      place: `--from ${range.from} --to ${range.to}`,
      remedy: `the order is ${flow.map((s) => s.name).join(', ')}`,
    });
  }
  const redo = range.from !== undefined || range.force === true;
  return flow.slice(0, last + 1).map((step, index) => ({ step, mustRun: redo && index >= first }));
}

export function indexOfStep(flow: Flow, name: string): number {
  const index = flow.findIndex((step) => step.name === name);
  if (index >= 0) return index;
  const names = flow.map((step) => step.name);
  throw new IngotError('FLOW-001', `there is no step ${name}${suggestion(name, names)}`, {
    place: name,
    remedy: `the steps are ${names.join(', ')}`,
  });
}

/** FLOW-003 when the steps need files that were not imported. */
export function checkFiles(steps: readonly PlannedStep[], imported: ReadonlySet<string>): void {
  const missing = new Set<string>();
  for (const { step } of steps) {
    for (const role of step.files ?? []) if (!imported.has(role)) missing.add(role);
  }
  if (missing.size === 0) return;
  const [first] = missing;
  throw new IngotError('FLOW-003', `the project has no ${[...missing].join(', no ')}`, {
    place: [...missing].join(', '),
    remedy: `import it: ingot import FILE --role ${first}`,
  });
}
