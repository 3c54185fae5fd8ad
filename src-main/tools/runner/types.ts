/** What a foreign program is asked for, and how it ended. */
import type { IngotError } from '../../base/diagnostic.ts';

/** A file that the working folder gets before the program starts; `name` may hold folders (`lef/tech.lef`). */
export type JobInput =
  | { readonly name: string; readonly contents: string | Uint8Array }
  /** A read-only copy (shares its blocks where the file system can); `link` makes it a symbolic link, for big files. */
  | { readonly name: string; readonly from: string; readonly link?: boolean };

export interface JobLimits {
  /** Wall time, ms; none by default. */
  readonly timeMs?: number;
  /** Resident memory of all of the job's processes, bytes; none by default. */
  readonly memoryBytes?: number;
  /** Neither output nor CPU time for so long, ms; default 10 minutes, 0 switches it off. */
  readonly stallMs?: number;
  /** From SIGTERM to SIGKILL, ms; default 3 s. */
  readonly graceMs?: number;
  /** Of the log, what is kept at its head and again at its tail, bytes; default 8 MiB. */
  readonly logPartBytes?: number;
  /** Longer lines are cut, bytes; default 16 KiB. */
  readonly lineBytes?: number;
}

export interface Job {
  /** Chooses the patterns for messages and progress (see messages.ts), and names the job in what is said of it. */
  readonly tool: string;
  /** The program's path, null when it was not found. */
  readonly command: string | null;
  readonly args: readonly string[];
  /**
   * The working folder, current directory of the program; made if need be. It must be empty or left by an earlier
   * job, which is then cleared away, unless `isShared`.
   */
  readonly folder: string;
  /** Default false. True leaves what is in the folder where it is: for programs that work on after one another. */
  readonly isShared?: boolean;
  readonly inputs?: readonly JobInput[];
  /** Files the program must write, relative to the folder; each must be there and not be empty. */
  readonly outputs?: readonly string[];
  /** Added to Ingot's own environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly limits?: JobLimits;
  /** Fails the job when the program says an error though it ends with 0, as OpenSTA and KLayout do. */
  readonly errorsFail?: boolean;
  /** For the bundle and for messages, as the registry has them. */
  readonly version?: string | null;
  readonly capabilities?: readonly string[];
  /** Capabilities (of `capabilities`) that it cannot go without; one that is missing is `wrong-version`. */
  readonly needs?: readonly string[];
  /** The log's name in the folder; default `<tool>.log`. */
  readonly logName?: string;
  /**
   * Where a failed job's reproduction bundle goes: a folder that is made anew; default `<folder>.repro`, null makes
   * none.
   */
  readonly bundle?: string | null;
}

export type MessageSeverity = 'error' | 'warning' | 'info';

export interface ToolMessage {
  readonly severity: MessageSeverity;
  /** As the tool has it, e.g. `DRT-0123`; null for tools without. */
  readonly code: string | null;
  readonly text: string;
  /** Number of the line in the output, from 1. */
  readonly line: number;
}

export interface ToolProgress {
  /** Of the whole job, 0..1, where the tool says it; null = only what it is at. */
  readonly fraction: number | null;
  /** E.g. `detailed routing, iteration 3: 40 %, 120 violations`. */
  readonly text: string;
  /** Numbers the line held, by name: `iteration`, `percent`, `violations`, `overflow`, `pass` ... */
  readonly values: Readonly<Record<string, number>>;
}

export interface JobUsage {
  readonly wallS: number;
  /** User and system time of all of the job's processes, as sampled; null where there is no /proc. */
  readonly cpuS: number | null;
  /** The highest sum over the job's processes, as sampled. */
  readonly peakBytes: number | null;
  readonly processes: number;
}

export interface JobOptions {
  /** Ends the job, all of its processes. */
  readonly signal?: AbortSignal | undefined;
  /** Each line, cut to `lineBytes`, control characters kept; the first 200 000 only, the log has more. */
  readonly onLine?: ((line: string, stream: 'stdout' | 'stderr') => void) | undefined;
  readonly onMessage?: ((message: ToolMessage) => void) | undefined;
  readonly onProgress?: ((progress: ToolProgress) => void) | undefined;
  /** About twice a second. */
  readonly onSample?: ((usage: JobUsage) => void) | undefined;
}

/** How a job can end; nothing else happens. */
export type Verdict =
  | { readonly kind: 'ok' }
  /** Ended with a code other than 0, or said an error (`errorsFail`). */
  | { readonly kind: 'failed'; readonly exitCode: number }
  /** As `failed`, with every declared output there. */
  | { readonly kind: 'failed-with-results'; readonly exitCode: number }
  /** Ended with 0, and declared outputs are missing or empty. */
  | { readonly kind: 'missing-output'; readonly missing: readonly string[] }
  | { readonly kind: 'crashed'; readonly signal: string }
  | { readonly kind: 'out-of-memory'; readonly evidence: string }
  | { readonly kind: 'disk-full'; readonly evidence: string }
  | { readonly kind: 'timed-out'; readonly limitMs: number }
  | { readonly kind: 'memory-limit'; readonly limitBytes: number; readonly reachedBytes: number }
  | { readonly kind: 'stalled'; readonly silentMs: number }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'wrong-version'; readonly lacks: readonly string[] }
  | { readonly kind: 'not-found' }
  /** The system would not start it, or its folder could not be made. */
  | { readonly kind: 'not-started'; readonly reason: string };

export type VerdictKind = Verdict['kind'];

export interface JobLog {
  readonly path: string;
  /** What the program put out; the file has its head and tail. */
  readonly lines: number;
  readonly bytes: number;
  readonly isCut: boolean;
  /** The last lines. */
  readonly tail: readonly string[];
}

export interface JobEnd {
  readonly verdict: Verdict;
  /** null when `ok`; otherwise TOOL-05x or -06x with place and remedy. */
  readonly error: IngotError | null;
  readonly exitCode: number | null;
  readonly log: JobLog;
  /** The first thousand errors and warnings (information is only counted), and how often each code came. */
  readonly messages: readonly ToolMessage[];
  readonly messageCounts: ReadonlyMap<string, number>;
  readonly errorCount: number;
  readonly warningCount: number;
  /** Declared outputs that are there and not empty: name -> path. Also of a job that failed. */
  readonly outputs: ReadonlyMap<string, string>;
  readonly usage: JobUsage;
  /** Processes that outlived the program and were ended. */
  readonly orphansEnded: number;
  /** The reproduction bundle's folder, of a job that started and failed. */
  readonly bundle: string | null;
}
