/**
 * The whole contract between the window and the engine. Plain data only; times are milliseconds since 1970,
 * a directory names a project that the user opened or made. The window asks; the engine only tells that
 * something changed. Everything shown is read from the project's database, so runs of the command line
 * appear as the window's own do.
 */
import type { Diagnostic } from '../base/diagnostic.ts';
import type { ChipEstimate, ModelView, PerformanceView } from '../base/view-models.ts';

export type * from '../base/view-models.ts';

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
  /** What the user calls it; empty for none. */
  readonly name: string;
  readonly isPinned: boolean;
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
  readonly artefacts: readonly ArtefactRow[];
  /** All settings of the run. */
  readonly settings: SettingValues;
}

export interface ArtefactRow {
  readonly step: string;
  readonly name: string;
  readonly sizeBytes: number;
}

export interface FileRow {
  readonly role: string;
  readonly name: string;
  readonly sizeBytes: number;
}

export type SettingValue = string | number | boolean;
export type SettingValues = Readonly<Record<string, SettingValue>>;

/** A setting, as the engine's table has it. */
export interface SettingRow {
  readonly key: string;
  readonly type: 'integer' | 'number' | 'boolean' | 'choice' | 'text';
  readonly default: SettingValue;
  readonly min: number | null;
  readonly max: number | null;
  /** Of a choice. */
  readonly values: readonly string[];
  readonly unit: string;
  readonly help: string;
  /** Range and unit in words. */
  readonly range: string;
  /** Titles of the steps that read it. */
  readonly steps: readonly string[];
}

/** A named chip; the settings that make its shape. */
export interface ChipPreset {
  readonly name: string;
  readonly values: SettingValues;
}

export interface SettingsTable {
  readonly rows: readonly SettingRow[];
  readonly presets: readonly ChipPreset[];
}

/** What a run would do to a step now. */
export interface PreviewStep {
  readonly name: string;
  readonly title: string;
  readonly willRun: boolean;
  /** Settings that differ from the newest run's. */
  readonly changed: readonly string[];
  /** Steps that will run and whose results it reads. */
  readonly after: readonly string[];
  readonly expectedS: number | null;
}

export interface Preview {
  /** What is wrong with the values; then no steps are given. */
  readonly complaints: readonly Diagnostic[];
  readonly steps: readonly PreviewStep[];
}

/** A line of a run's log: what its steps said, in between their starts, proofs and ends. Append-only. */
export interface LogRow {
  readonly step: string;
  /** Null for lines taken over from an earlier run. */
  readonly atMs: number | null;
  /** `command`: the command line of a process that the step started. */
  readonly kind: 'start' | 'command' | 'note' | 'proof' | 'end';
  readonly severity: Diagnostic['severity'];
  /** Of a diagnostic or `pass`, `fail`, `skipped`; else empty. */
  readonly code: string;
  readonly text: string;
}

/** A run that waits for those before it. */
export interface QueuedRun {
  readonly id: number;
  readonly queuedAtMs: number;
  /** What makes it another than the newest run. */
  readonly differs: SettingValues;
  /** Why it was refused when its turn came. */
  readonly trouble: Diagnostic | null;
}

export interface ProjectState {
  /** Newest first. */
  readonly runs: readonly RunSummary[];
  /** The run asked for, the newest without one; null when there is none. */
  readonly detail: RunDetail | null;
  /** Last thrown away first. */
  readonly trash: readonly RunSummary[];
  /** Next first. */
  readonly queue: readonly QueuedRun[];
  readonly files: readonly FileRow[];
  /** All settings of the project. */
  readonly settings: SettingValues;
  /** Keys of those that differ from their defaults. */
  readonly changed: readonly string[];
}

/** A file or folder that the user chose; main alone knows where it is. */
export interface Chosen {
  readonly token: string;
  readonly name: string;
}

export interface Preferences {
  readonly theme: 'system' | 'light' | 'dark';
  readonly locale: 'en' | 'zh';
}

/** How the app came up. */
export interface SessionStart {
  /** Without the graphics card, and no project was opened. */
  readonly isSafe: boolean;
  /** The session before did not end as it should. */
  readonly isAfterCrash: boolean;
  /** Why the page was loaded anew; null when it was not, or was told already. */
  readonly pageCrash: string | null;
}

/** The cell library that every run needs, fetched once per user. */
export interface KitState {
  readonly name: string;
  readonly isThere: boolean;
  /** What is fetched: `name==version`. */
  readonly package: string;
  readonly sha256: string;
  readonly folder: string;
  /** Address of the package index that is asked; null where none is known. */
  readonly index: string | null;
  readonly fetching: {
    readonly doneBytes: number;
    readonly totalBytes: number | null;
    /** What pip said last. */
    readonly said: string;
  } | null;
  /** Why the last try failed. */
  readonly trouble: Diagnostic | null;
}

export interface Exported {
  readonly folder: string;
  readonly files: readonly string[];
}

/** Files that the page makes: pictures, drawings, layer properties of KLayout. */
export type SavedKind = 'png' | 'svg' | 'lyp';

/** A program of the user's that can show a run. */
export interface ViewerRow {
  readonly viewer: 'klayout' | 'gtkwave' | 'surfer' | 'openroad';
  readonly name: string;
}

export type ViewName = 'layout' | 'timing';

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
  /** Makes a project of chosen files. */
  'projects.createNew': {
    args: {
      readonly name: string;
      readonly model: string;
      readonly calibration: string | null;
      /** Of the folder in which the project's own is made. */
      readonly folder: string;
      readonly settings: SettingValues;
    };
    result: ProjectSummary;
  };
  /** Asks for a file or folder. */
  'files.choose': { args: { readonly what: 'model' | 'data' | 'folder' }; result: Chosen | null };
  /** Asks where, and writes a file that the page made; null when the user changes their mind. */
  'files.save': {
    args: { readonly kind: SavedKind; readonly name: string; readonly content: string | Uint8Array };
    result: { readonly name: string } | null;
  };
  'settings.table': { args: None; result: SettingsTable };
  'settings.preview': { args: InProject & { readonly values: SettingValues }; result: Preview };
  'settings.save': { args: InProject & { readonly values: SettingValues }; result: null };
  /** Several runs, to compare. */
  'runs.details': { args: InProject & { readonly runs: readonly number[] }; result: readonly RunDetail[] };
  'run.label': {
    args: OfRun & { readonly name?: string; readonly isPinned?: boolean; readonly isTrashed?: boolean };
    result: null;
  };
  'run.model': { args: OfRun; result: ModelView };
  'run.performance': { args: OfRun; result: PerformanceView };
  /** Of the chip that the values make, over the project's settings, for the model of a run. */
  'run.estimate': { args: OfRun & { readonly values: SettingValues }; result: ChipEstimate };
  'desk.preferences': { args: None; result: Preferences };
  'desk.prefer': { args: Partial<Preferences>; result: Preferences };
  'desk.copy': { args: { readonly text: string }; result: null };
  /** A view's data as pack.ts wrote it (base/layout-view.ts, base/timing-view.ts); null where the run has none. */
  'run.view': { args: OfRun & { readonly view: ViewName }; result: Uint8Array | null };
  /** The newest picture of a step at work (base/live-picture.ts, packed) made after a time; null where there is none. */
  'run.live': {
    args: InProject & { readonly afterMs: number };
    result: { readonly bytes: Uint8Array; readonly madeAtMs: number } | null;
  };
  'run.start': { args: InProject; result: null };
  'run.cancel': { args: InProject; result: null };
  /** Puts a run with the settings of now at the end of the queue, and starts it when nothing runs. */
  'queue.add': { args: InProject; result: null };
  'queue.remove': { args: InProject & { readonly id: number }; result: null };
  /** Goes on with a queue that rests: after a cancel, or since an earlier session. */
  'queue.start': { args: InProject; result: null };
  'desk.session': { args: None; result: SessionStart };
  /** The user saw that the app had crashed. */
  'desk.dismissCrash': { args: None; result: null };
  'desk.restartSafely': { args: None; result: null };
  'kit.state': { args: None; result: KitState };
  /** Begins; the state tells the rest. `index`: an address that the user typed. */
  'kit.fetch': { args: { readonly index: string | null }; result: null };
  'kit.cancel': { args: None; result: null };
  /** Asks for the downloaded package, or a folder with the kit's files. */
  'kit.import': { args: { readonly what: 'file' | 'folder' }; result: KitState };
  /** Asks for a folder and copies the run's results into it. */
  'run.export': { args: OfRun; result: Exported | null };
  /** Programs on this machine that the run made something for. */
  'run.viewers': { args: OfRun; result: readonly ViewerRow[] };
  /** Opens the run in one of them, which goes on by itself. */
  'run.openIn': { args: OfRun & { readonly viewer: ViewerRow['viewer'] }; result: null };
}

/** A request's answer crosses as data, so that the code and remedy of a failure survive the journey. */
export type Answer<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly trouble: Diagnostic };

/** The only channel that the window may call: main checks which request it is and what it holds. */
export const REQUEST_CHANNEL = 'ingot.request';
/** Main tells the page here what was chosen in the menu. */
export const COMMAND_CHANNEL = 'ingot.command';
/** Preload tells main here the path of a dropped file; the page cannot use it. */
export const OFFER_CHANNEL = 'ingot.offer';
/** Main says here which project changed (a directory), so that the window need not wait for its next look. */
export const CHANGE_CHANNEL = 'ingot.change';

export type MenuCommand =
  | 'new'
  | 'example'
  | 'open'
  | 'export'
  | 'run'
  | 'queue'
  | 'cancel'
  | 'palette'
  | 'console'
  | 'settings'
  | 'kit';

/** What preload exposes as window.ingot. */
export interface IngotApi {
  request<K extends keyof Requests>(
    name: K,
    args: Requests[K]['args'],
  ): Promise<Answer<Requests[K]['result']>>;
  onChange(listener: (directory: string) => void): () => void;
  onCommand(listener: (command: MenuCommand) => void): () => void;
  /** A file that the user dropped on the window; null when it has no path. Main takes its path from preload alone. */
  offer(file: unknown): Promise<Chosen | null>;
}
