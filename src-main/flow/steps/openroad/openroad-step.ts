/**
 * What all steps by OpenROAD have in common: kit, plan and constraints in, the database of the step before in, a
 * job, its own database out. What OpenROAD said of errors and warnings goes to the step's log under its own codes.
 */
import { join } from 'node:path';
import type { Diagnostic } from '../../../base/diagnostic.ts';
import { unpack } from '../../../base/pack.ts';
import type { Constraints, PortNames } from '../../../stages/timing/index.ts';
import {
  FILES,
  OpenRoadError,
  openRoadFingerprint,
  runOpenRoad,
  type BodyOptions,
  type OpenRoadPlan,
  type OpenRoadResult,
  type Source,
  type StepScript,
} from '../../../tools/openroad/index.ts';
import type { JobInput, ToolMessage } from '../../../tools/runner/index.ts';
import { defineStep, type AnyStep, type StepContext } from '../../step.ts';
import type { SettingKey } from '../../settings.ts';

/** Of `openroad-plan.json`: what the scripts are told, and the ports by name for the constraints. */
export interface KeptPlan {
  readonly plan: OpenRoadPlan;
  readonly ports: PortNames;
}

export const KIT_FILES = ['openroad-tech.lef', 'openroad-cells.lef', 'openroad-cells.lib'] as const;
export const PLAN = 'openroad-plan.json';

const SETTINGS = ['place.seed', 'route.threads', 'timing.repair'] as const;
type Key = (typeof SETTINGS)[number];
export type OpenRoadContext = StepContext<Key>;

export interface OpenRoadSpec {
  readonly name: string;
  readonly title: string;
  /** Raise when script or readers change what comes out. */
  readonly version: number;
  /** Stage of METRICS2.1. */
  readonly stage: string;
  readonly source: Source;
  /** Artefact with the database before; absent when the source is another. */
  readonly before?: string;
  /** Artefact with the database after; default `<name>.odb`. */
  readonly after?: string;
  /** Further artefacts that are read. */
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly exports?: readonly string[];
  readonly isClockPropagated: boolean;
  readonly reports: StepScript['reports'];
  readonly body: (plan: OpenRoadPlan, options: BodyOptions) => readonly string[];
  /** Files for the job beside kit, constraints and database. */
  readonly files?: (context: OpenRoadContext) => Promise<readonly JobInput[]> | readonly JobInput[];
  /** Where the plan is not made yet: makes it. */
  readonly makePlan?: (context: OpenRoadContext) => Promise<KeptPlan>;
  /** Files that the script must have written. */
  readonly written?: readonly string[];
  /** Takes what came out: further artefacts, metrics, proofs. */
  readonly keep?: (context: OpenRoadContext, result: OpenRoadResult) => Promise<void>;
}

export function openRoadStep(spec: OpenRoadSpec): AnyStep {
  const after = spec.after ?? `${spec.name}.odb`;
  const metrics = `${spec.name}.json`;
  return defineStep({
    name: spec.name,
    title: spec.title,
    version: spec.version,
    inputs: [
      ...KIT_FILES,
      'constraints.bin',
      ...(spec.makePlan ? [] : [PLAN]),
      ...(spec.before === undefined ? [] : [spec.before]),
      ...(spec.inputs ?? []),
    ],
    outputs: [after, metrics, ...(spec.makePlan ? [PLAN] : []), ...(spec.outputs ?? [])],
    ...(spec.exports === undefined ? {} : { exports: spec.exports }),
    settings: SETTINGS as unknown as readonly SettingKey[],
    fingerprint: async () => ({ openroad: await openRoadFingerprint() }),
    run: (context) => runStep(spec, context as unknown as OpenRoadContext, after, metrics),
  });
}

async function runStep(
  spec: OpenRoadSpec,
  context: OpenRoadContext,
  after: string,
  metricsName: string,
): Promise<void> {
  const kept = spec.makePlan
    ? await spec.makePlan(context)
    : (JSON.parse(context.readText(PLAN)) as KeptPlan);
  if (spec.makePlan) context.writeArtefact(PLAN, JSON.stringify(kept, null, 1) + '\n');
  const { plan } = kept;
  const said = new Map<string, number>();
  const options = {
    seed: context.settings['place.seed'],
    isRepairOn: context.settings['timing.repair'],
  };
  try {
    const result = await runOpenRoad(
      {
        script: {
          name: spec.name,
          stage: spec.stage,
          source: spec.source,
          isClockPropagated: spec.isClockPropagated,
          body: spec.body(plan, options),
          reports: spec.reports,
        },
        plan,
        inputs: await inputsOf(spec, context, kept.ports),
        outputs: spec.written ?? [],
        threads: context.settings['route.threads'],
        folder: join(context.workDir, 'openroad'),
      },
      {
        signal: context.signal,
        onProgress: (p) => context.progress(p.fraction ?? 0.5, p.text),
        onMessage: (message) => tell(context, message, said),
      },
    );
    for (const [code, count] of said)
      if (count > SHOWN_OF_A_CODE)
        context.log({ code, severity: 'info', message: `${count - SHOWN_OF_A_CODE} more of this kind` });
    context.writeArtefact(after, result.database);
    context.writeArtefact(
      metricsName,
      JSON.stringify(
        Object.fromEntries([...result.metrics].sort((a, b) => (a[0] < b[0] ? -1 : 1))),
        null,
        1,
      ) + '\n',
    );
    notes(context, result);
    keepTiming(context, result);
    await spec.keep?.(context, result);
  } catch (error) {
    // For `ingot export --step`: the design as it was when the step failed.
    if (error instanceof OpenRoadError && error.failedDatabase !== null)
      context.writeArtefact(after, error.failedDatabase);
    throw error;
  }
}

async function inputsOf(
  spec: OpenRoadSpec,
  context: OpenRoadContext,
  ports: PortNames,
): Promise<readonly JobInput[]> {
  const { withPropagatedClocks, writeSdc } = await import('../../../stages/timing/index.ts');
  const constraints = unpack<Constraints>(context.readArtefact('constraints.bin'));
  const [tech, cells, liberty] = KIT_FILES;
  const linked = (name: string, artefact: string): JobInput => ({
    name,
    from: context.artefactPath(artefact),
    link: true,
  });
  return [
    linked(FILES.techLef, tech),
    linked(FILES.cellLef, cells),
    linked(FILES.liberty, liberty),
    {
      name: FILES.sdc,
      contents: writeSdc(withPropagatedClocks(constraints, spec.isClockPropagated), ports),
    },
    ...(spec.before === undefined ? [] : [linked(FILES.before, spec.before)]),
    ...((await spec.files?.(context)) ?? []),
  ];
}

const SHOWN_OF_A_CODE = 5;

/** Warnings and errors into the log; the same code a few times only. */
function tell(context: OpenRoadContext, message: ToolMessage, said: Map<string, number>): void {
  if (message.severity === 'info') return;
  const code = message.code ?? 'OPENROAD';
  const count = (said.get(code) ?? 0) + 1;
  said.set(code, count);
  if (count > SHOWN_OF_A_CODE) return;
  const severity: Diagnostic['severity'] = message.severity;
  context.log({ code, severity, message: message.text });
}

/** What our script noted and left out. */
function notes(context: OpenRoadContext, result: OpenRoadResult): void {
  for (const line of result.lines) {
    const match = /^INGOT (note|option|skipped): (.*)/.exec(line);
    if (!match) continue;
    const [, kind, text] = match as unknown as [string, string, string];
    const code = { note: 'OPENROAD-001', option: 'OPENROAD-002', skipped: 'OPENROAD-003' }[kind]!;
    context.log({ code, severity: 'info', message: kind === 'option' ? `this build: ${text}` : text });
  }
}

const TIMING: readonly (readonly [value: string, metric: string])[] = [
  ['setup_ws', 'openroadWnsPs'],
  ['setup_tns', 'openroadTnsPs'],
  ['hold_ws', 'openroadHoldWnsPs'],
  ['hold_tns', 'openroadHoldTnsPs'],
  ['skew_setup', 'openroadSkewPs'],
];

/** OpenROAD's own timing, ns there. */
function keepTiming(context: OpenRoadContext, { values }: OpenRoadResult): void {
  for (const [value, metric] of TIMING) {
    const ns = values.get(value);
    if (ns !== undefined) context.metric(metric, Number((ns * 1000).toFixed(4)), 'ps');
  }
}
