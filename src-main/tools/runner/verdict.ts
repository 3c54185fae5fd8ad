/** Pure: from what was seen of a job to how it ended, and to what the user is told. */
import { IngotError } from '../../base/diagnostic.ts';
import type { Job, ToolMessage, Verdict, VerdictKind } from './types.ts';

export interface EndFacts {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Set when Ingot ended it, before it ended by itself. */
  readonly endedByUs: Verdict | null;
  readonly declaredCount: number;
  readonly missing: readonly string[];
  readonly errorsFail: boolean;
  readonly errorCount: number;
  /** Its last lines and its errors. */
  readonly said: readonly string[];
  /** Processes the kernel ended for want of memory while the job ran. */
  readonly oomKills: number;
  readonly peakBytes: number | null;
  readonly memoryBytes: number;
  /** Free on the folder's disk afterwards. */
  readonly diskFreeBytes: number | null;
}

const NO_MEMORY =
  /bad_alloc|out of memory|cannot allocate memory|memory exhausted|not enough memory|MemoryError|ENOMEM/i;
const NO_SPACE = /no space left on device|ENOSPC|disk quota exceeded|EDQUOT|not enough space on the disk/i;
/** A process that had so much of all memory when it was killed was killed for it. */
const MEMORY_SHARE = 0.8;
const DISK_FREE_MIN_BYTES = 64 * 1024;
/** What a shell makes of a signal is 128 and its number. */
const SIGNALS: Readonly<Record<number, string>> = {
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
};

export function judge(f: EndFacts): Verdict {
  if (f.endedByUs) return f.endedByUs;
  const exitCode = f.exitCode ?? -1;
  const isDone = exitCode === 0 && f.missing.length === 0;
  if (isDone && !(f.errorsFail && f.errorCount > 0)) return { kind: 'ok' };
  const signal = f.signal ?? SIGNALS[exitCode - 128] ?? null;
  const noMemory = memoryEvidence(f, signal);
  if (noMemory !== null) return { kind: 'out-of-memory', evidence: noMemory };
  const noSpace = spaceEvidence(f);
  if (noSpace !== null) return { kind: 'disk-full', evidence: noSpace };
  if (signal !== null) return { kind: 'crashed', signal };
  if (exitCode === 0 && f.missing.length > 0) return { kind: 'missing-output', missing: f.missing };
  const hasResults = f.declaredCount > 0 && f.missing.length === 0;
  return { kind: hasResults ? 'failed-with-results' : 'failed', exitCode };
}

function memoryEvidence(f: EndFacts, signal: string | null): string | null {
  const line = f.said.find((text) => NO_MEMORY.test(text));
  if (line !== undefined) return line.trim();
  if (signal !== 'SIGKILL') return null;
  if (f.oomKills > 0) return 'the system ended a process for want of memory';
  return f.peakBytes !== null && f.peakBytes > MEMORY_SHARE * f.memoryBytes
    ? `it held ${gib(f.peakBytes)} of ${gib(f.memoryBytes)} when it was ended`
    : null;
}

function spaceEvidence(f: EndFacts): string | null {
  const line = f.said.find((text) => NO_SPACE.test(text));
  if (line !== undefined) return line.trim();
  return f.diskFreeBytes !== null && f.diskFreeBytes < DISK_FREE_MIN_BYTES
    ? `${f.diskFreeBytes} bytes are free`
    : null;
}

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;

const CODES: Readonly<Record<Exclude<VerdictKind, 'ok'>, string>> = {
  'not-found': 'TOOL-050',
  'wrong-version': 'TOOL-051',
  failed: 'TOOL-052',
  'failed-with-results': 'TOOL-053',
  crashed: 'TOOL-054',
  'out-of-memory': 'TOOL-055',
  'disk-full': 'TOOL-056',
  'timed-out': 'TOOL-057',
  'memory-limit': 'TOOL-058',
  stalled: 'TOOL-059',
  cancelled: 'TOOL-060',
  'missing-output': 'TOOL-061',
  'not-started': 'TOOL-062',
};

/** In words, behind the tool's name. */
export function describeVerdict(v: Verdict): string {
  switch (v.kind) {
    case 'ok':
      return 'ended well';
    case 'not-found':
      return 'was not found';
    case 'wrong-version':
      return `cannot do what is needed: ${v.lacks.join(', ')}`;
    case 'failed':
      return `failed with exit code ${v.exitCode}`;
    case 'failed-with-results':
      return `wrote its results but failed with exit code ${v.exitCode}`;
    case 'crashed':
      return `crashed (${v.signal})`;
    case 'out-of-memory':
      return `ran out of memory (${v.evidence})`;
    case 'disk-full':
      return `ran out of disk space (${v.evidence})`;
    case 'timed-out':
      return `was ended after its time limit of ${seconds(v.limitMs)}`;
    case 'memory-limit':
      return `was ended at ${gib(v.reachedBytes)}, beyond its limit of ${gib(v.limitBytes)}`;
    case 'stalled':
      return `was ended: it neither wrote nor computed for ${seconds(v.silentMs)}`;
    case 'cancelled':
      return 'was cancelled';
    case 'missing-output':
      return `ended well but did not write ${v.missing.join(', ')}`;
    case 'not-started':
      return `could not be started: ${v.reason}`;
  }
}

function remedyOf(v: Exclude<Verdict, { kind: 'ok' }>, tool: string, bundle: string | null): string {
  const reproduce =
    bundle === null
      ? 'read the log'
      : `read the log; ${bundle} holds all that it takes to see it again (run.sh)`;
  switch (v.kind) {
    case 'not-found':
      return `install ${tool}, or tell where it is (\`ingot doctor\` shows how)`;
    case 'wrong-version':
      return `install a newer ${tool}, or go without it (\`ingot doctor\` shows what this one can do)`;
    case 'out-of-memory':
    case 'memory-limit':
      return 'use a machine with more memory, fewer threads or a higher memory limit';
    case 'disk-full':
      return 'free space on that disk, or work on another one';
    case 'timed-out':
      return `give it a longer time limit; ${reproduce}`;
    case 'cancelled':
      return 'run again to go on from there';
    case 'not-started':
      return 'run `ingot doctor`; see that the folder can be written';
    default:
      return reproduce;
  }
}

/** null for `ok`. The message ends with the tool's first error, the place is its line in the log. */
export function errorOf(
  verdict: Verdict,
  job: Job,
  firstError: ToolMessage | undefined,
  log: { readonly path: string; readonly isCut: boolean },
  bundle: string | null,
): IngotError | null {
  if (verdict.kind === 'ok') return null;
  const said =
    firstError === undefined ? '' : `: ${firstError.code ?? ''} ${firstError.text}`.replace('  ', ' ');
  const hasLine = firstError !== undefined && !log.isCut;
  const isUnstarted = ['not-found', 'wrong-version', 'not-started'].includes(verdict.kind);
  return new IngotError(
    CODES[verdict.kind],
    `${job.tool} ${describeVerdict(verdict)}${isUnstarted ? '' : said}`,
    {
      place: isUnstarted ? job.tool : hasLine ? `${log.path}:${firstError.line}` : log.path,
      remedy: remedyOf(verdict, job.tool, bundle),
    },
  );
}
