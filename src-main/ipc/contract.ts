/**
 * The whole contract between the window and the engine. Plain data only; times are milliseconds since 1970,
 * a directory names a project that the user opened or made. The window asks; the engine only tells that
 * something changed. Everything shown is read from the project's database, so runs of the command line
 * appear as the window's own do.
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

export type StepStatus =
  'waiting' | 'running' | 'done' | 'cached' | 'failed' | 'cancelled' | 'interrupted' | 'skipped';

export interface MetricRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

export interface StepRow {
  readonly name: string;
  readonly title: string;
  readonly status: StepStatus;
  /** 0..1 of this step. */
  readonly fraction: number;
  /** What a running step is doing; else empty. */
  readonly activity: string;
  /** So far while running; of a reused step, those of the execution that is reused. */
  readonly wallS: number | null;
  readonly cpuS: number | null;
  /** Peak; of a running step of this window, now. */
  readonly memoryMiB: number | null;
  /** To the end of a running step, where that can be told. */
  readonly remainingS: number | null;
  readonly error: Diagnostic | null;
  readonly metrics: readonly MetricRow[];
}

export interface ProofRow {
  readonly step: string;
  readonly name: string;
  readonly judge: string;
  readonly result: 'pass' | 'fail' | 'skipped';
  readonly detail: string;
}

export interface RunDetail {
  readonly run: RunSummary;
  readonly steps: readonly StepRow[];
  readonly proofs: readonly ProofRow[];
  /** To the end of a running run, where that can be told. */
  readonly remainingS: number | null;
  /** Address of the report page on the app's own scheme, null until the report step is done. */
  readonly reportUrl: string | null;
  /** Whether the run made files that can be exported. */
  readonly hasExports: boolean;
}

/** A line of a run's log: what its steps said, in between their starts, proofs and ends. Append-only. */
export interface LogRow {
  readonly step: string;
  /** Null for lines taken over from an earlier run. */
  readonly atMs: number | null;
  readonly kind: 'start' | 'note' | 'proof' | 'end';
  readonly severity: Diagnostic['severity'];
  /** Of a diagnostic or `pass`, `fail`, `skipped`; else empty. */
  readonly code: string;
  readonly text: string;
}

export interface ProjectState {
  /** Newest first. */
  readonly runs: readonly RunSummary[];
  /** The run asked for, the newest without one; null when there is none. */
  readonly detail: RunDetail | null;
}

export interface Exported {
  readonly folder: string;
  readonly files: readonly string[];
}

type None = Record<string, never>;
interface InProject {
  readonly directory: string;
}
interface OfRun extends InProject {
  readonly run: number;
}

export interface Requests {
  'projects.list': { args: None; result: readonly ProjectSummary[] };
  /** Asks for a folder; null when the user changes their mind. */
  'projects.open': { args: None; result: ProjectSummary | null };
  /** Asks for a folder and makes a project there from the digits example. */
  'projects.createExample': { args: None; result: ProjectSummary | null };
  /** Takes a project off the list; its folder stays as it is. */
  'projects.forget': { args: InProject; result: null };
  'project.state': { args: InProject & { readonly run: number | null }; result: ProjectState };
  /** Lines of the log from number `from` on. */
  'project.log': { args: OfRun & { readonly from: number }; result: readonly LogRow[] };
  'run.start': { args: InProject; result: null };
  'run.cancel': { args: InProject; result: null };
  /** Asks for a folder and copies the run's results into it. */
  'run.export': { args: OfRun; result: Exported | null };
}

/** A request's answer crosses as data, so that the code and remedy of a failure survive the journey. */
export type Answer<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly trouble: Diagnostic };

/** The only channel that the window may call: main checks which request it is and what it holds. */
export const REQUEST_CHANNEL = 'ingot.request';
/** Main says here which project changed (a directory), so that the window need not wait for its next look. */
export const CHANGE_CHANNEL = 'ingot.change';

/** What preload exposes as window.ingot. */
export interface IngotApi {
  request<K extends keyof Requests>(
    name: K,
    args: Requests[K]['args'],
  ): Promise<Answer<Requests[K]['result']>>;
  onChange(listener: (directory: string) => void): () => void;
}
