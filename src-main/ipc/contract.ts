/**
 * The whole contract between the window and the engine. Plain data only; times are milliseconds since 1970,
 * a directory names a project. Preload and main loop over REQUESTS, so a request that is not listed here
 * cannot be made.
 */
import type { Diagnostic } from '../base/diagnostic.ts';

export interface ProjectSummary {
  readonly directory: string;
  readonly name: string;
  /** Why it cannot be opened, else null. */
  readonly trouble: Diagnostic | null;
}

export type RunStatus = 'running' | 'done' | 'failed' | 'cancelled' | 'interrupted';

export interface RunSummary {
  readonly id: number;
  readonly status: RunStatus;
  readonly startedAtMs: number;
  readonly finishedAtMs: number | null;
}

export interface StepRow {
  readonly name: string;
  readonly status: 'waiting' | 'running' | 'done' | 'cached' | 'failed' | 'cancelled';
  /** 0..1 while running. */
  readonly fraction: number;
  readonly message: string;
  readonly wallS: number | null;
  readonly cpuS: number | null;
  readonly peakMiB: number | null;
}

export interface LogRow extends Diagnostic {
  readonly id: number;
  readonly step: string;
  readonly atMs: number;
}

export interface ProofRow {
  readonly name: string;
  readonly judge: string;
  readonly result: 'pass' | 'fail' | 'skipped';
  readonly detail: string;
}

export interface MetricRow {
  readonly step: string;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

export interface RunDetail {
  readonly run: RunSummary;
  readonly steps: readonly StepRow[];
  readonly log: readonly LogRow[];
  readonly proofs: readonly ProofRow[];
  readonly metrics: readonly MetricRow[];
  /** Address of the report page on the app's own scheme, null until the report step is done. */
  readonly reportUrl: string | null;
}

interface InDirectory {
  readonly directory: string;
}

export interface Requests {
  'projects.list': { args: Record<string, never>; result: readonly ProjectSummary[] };
  /** Asks for a folder; null when the user changes their mind. */
  'projects.open': { args: Record<string, never>; result: ProjectSummary | null };
  /** Asks for a folder and makes a project there from the digits example. */
  'projects.createExample': { args: Record<string, never>; result: ProjectSummary | null };
  'project.runs': { args: InDirectory; result: readonly RunSummary[] };
  'project.run': { args: InDirectory & { readonly run: number }; result: RunDetail };
  'run.start': { args: InDirectory; result: null };
  'run.cancel': { args: InDirectory; result: null };
}

export const REQUESTS = [
  'projects.list',
  'projects.open',
  'projects.createExample',
  'project.runs',
  'project.run',
  'run.start',
  'run.cancel',
] as const satisfies readonly (keyof Requests)[];

/** A request's answer crosses as data, so that the code and remedy of a failure survive the journey. */
export type Answer<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly trouble: Diagnostic };

export interface JobEvent {
  readonly directory: string;
  readonly run: number;
  /** One step's new state; null when the run itself changed. */
  readonly step: StepRow | null;
}

export const EVENT_CHANNEL = 'job.event';

/** What preload exposes as window.ingot. */
export interface IngotApi {
  request<K extends keyof Requests>(
    channel: K,
    args: Requests[K]['args'],
  ): Promise<Answer<Requests[K]['result']>>;
  onJob(listener: (event: JobEvent) => void): () => void;
}
