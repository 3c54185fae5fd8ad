/**
 * Gates: limits that a run's metrics must keep, for CI. The form is that of ORFS's rules-base.json:
 * `{ "metric": { "value": 5, "compare": "<=", "level": "warning" } }`, compare one of < > <= >= == !=; without a level a
 * gate that is not met fails. Such a file of ORFS is taken as it is: gates on what Ingot does not measure (metric-names.ts
 * lists them, with the reason) are told apart from those on names that nobody knows.
 */
import { z } from 'zod';
import { IngotError } from '../base/diagnostic.ts';
import { suggestion } from '../base/did-you-mean.ts';
import { readArtefact } from '../project/artefact-store.ts';
import type { Project } from '../project/project.ts';
import { measured, NOT_MEASURED } from './metric-names.ts';
import type { RunDetail } from './run-detail.ts';

const COMPARE: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  '<': (value, limit) => value < limit,
  '>': (value, limit) => value > limit,
  '<=': (value, limit) => value <= limit,
  '>=': (value, limit) => value >= limit,
  '==': (value, limit) => value === limit,
  '!=': (value, limit) => value !== limit,
};

const Level = z.enum(['warning', 'error']).optional();

const Rules = z.record(
  z.string(),
  z.union([
    z.looseObject({ value: z.number(), compare: z.enum(['<', '>', '<=', '>=', '==', '!=']), level: Level }),
    // Hashes.
    z.looseObject({ value: z.string(), compare: z.enum(['==', '!=']), level: Level }),
  ]),
);

export interface Gate {
  readonly metric: string;
  readonly compare: string;
  readonly limit: number | string;
  readonly isWarning: boolean;
}

export interface GateVerdict extends Gate {
  /** null: the run has no such metric. */
  readonly value: number | null;
  /**
   * `fail` also when the metric is unknown, whatever the level: a gate that looks at nothing guards nothing.
   * `not-measured`: a name of ORFS for what Ingot has no figure of; it does not fail the run, and is counted.
   */
  readonly verdict: 'pass' | 'warn' | 'fail' | 'not-measured';
  readonly message: string;
}

/** GATE-001 when the text is not of the form. */
export function readGates(text: string, file: string): readonly Gate[] {
  const bad = (message: string, cause?: unknown): IngotError =>
    new IngotError('GATE-001', `the gates cannot be used: ${message}`, {
      place: file,
      remedy: 'write { "metric": { "value": 5, "compare": "<=" } }; compare is one of < > <= >= == !=',
      cause,
    });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw bad((error as Error).message, error);
  }
  const rules = Rules.safeParse(json);
  if (!rules.success) {
    const [issue] = rules.error.issues;
    throw bad(`${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'not understood'}`);
  }
  const gates = Object.entries(rules.data).map(([metric, rule]) => ({
    metric,
    compare: rule.compare,
    limit: rule.value,
    isWarning: rule.level === 'warning',
  }));
  if (gates.length === 0) throw bad('there is none in the file');
  return gates;
}

/** Every metric of a run: by the names of METRICS2.1, and each step's own as `step.metric`. */
export function runMetrics(project: Project, run: RunDetail): Readonly<Record<string, number>> {
  const own = Object.fromEntries(
    run.steps.flatMap((step) => step.metrics.map((m) => [`${step.name}.${m.name}`, m.value])),
  );
  const written = run.steps.flatMap((step) => step.artefacts).find((a) => a.name === 'metrics.json');
  const file = written
    ? (JSON.parse(
        new TextDecoder().decode(readArtefact(project.dir, written.name, written.digest)),
      ) as Record<string, unknown>)
    : {};
  const numbers = Object.entries(file).filter(([, value]) => typeof value === 'number');
  return { ...own, ...measured(run.steps), ...(Object.fromEntries(numbers) as Record<string, number>) };
}

export const judgeGates = (
  gates: readonly Gate[],
  metrics: Readonly<Record<string, number>>,
): readonly GateVerdict[] =>
  gates.map((gate) => {
    const { metric, compare, limit } = gate;
    if (!Object.hasOwn(metrics, metric) && Object.hasOwn(NOT_MEASURED, metric)) {
      const message = `${metric} is not measured: ${NOT_MEASURED[metric]!}`;
      return { ...gate, value: null, verdict: 'not-measured', message };
    }
    if (!Object.hasOwn(metrics, metric)) {
      const guess = suggestion(metric, Object.keys(metrics));
      const message = `the run has no metric ${metric}${guess}`;
      return { ...gate, value: null, verdict: 'fail', message };
    }
    const value = metrics[metric]!;
    // Text equals no number.
    const isMet = typeof limit === 'number' ? COMPARE[compare]!(value, limit) : compare === '!=';
    const verdict = isMet ? 'pass' : gate.isWarning ? 'warn' : 'fail';
    return { ...gate, value, verdict, message: `${metric} is ${value}, to be ${compare} ${limit}` };
  });
