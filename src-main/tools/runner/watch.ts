/** Looks at a running job twice a second: what it uses, whether it goes beyond its limits, whether it still works. */
import type { JobOutput } from './output.ts';
import type { ProcessTree } from './processes.ts';
import type { JobLimits, JobOptions, JobUsage, Verdict } from './types.ts';

const SAMPLE_MS = 500;
/** The first looks come sooner, so that short jobs are measured too. */
const EARLY_MS = 50;
const STALL_MS = 600_000;
/** What a timer can hold: 24 days. */
const TIMER_MAX_MS = 2 ** 31 - 1;
/** CPU time below this share of wall time is no work: timers of an event loop that waits. */
const IDLE_SHARE = 0.002;

export interface Watch {
  readonly stop: () => JobUsage;
}

export function watchJob(
  limits: JobLimits,
  tree: ProcessTree,
  output: JobOutput,
  options: JobOptions,
  end: (verdict: Verdict) => void,
): Watch {
  const { timeMs, memoryBytes, stallMs = STALL_MS } = limits;
  const startedAtMs = performance.now();
  let usage: JobUsage = { wallS: 0, cpuS: null, peakBytes: null, processes: 0 };
  let [silentMs, cpuThen, bytesThen, thenMs] = [0, 0, 0, startedAtMs];
  let timer: NodeJS.Timeout | undefined;

  const stall = (nowMs: number, cpuS: number): void => {
    // Of one look at most twice its time: a machine that slept is no job that did.
    const passedMs = Math.min(nowMs - thenMs, 2 * SAMPLE_MS);
    const isIdle = output.bytes() === bytesThen && (cpuS - cpuThen) * 1000 <= IDLE_SHARE * passedMs;
    silentMs = isIdle ? silentMs + passedMs : 0;
    [cpuThen, bytesThen] = [cpuS, output.bytes()];
    if (stallMs > 0 && silentMs >= stallMs) end({ kind: 'stalled', silentMs });
  };
  const look = (): void => {
    const nowMs = performance.now();
    const { cpuS, bytes, processes } = tree.sample();
    usage = {
      wallS: (nowMs - startedAtMs) / 1000,
      cpuS,
      peakBytes: bytes === null ? null : Math.max(bytes, usage.peakBytes ?? 0),
      processes: Math.max(processes, usage.processes),
    };
    options.onSample?.(usage);
    if (memoryBytes !== undefined && bytes !== null && bytes > memoryBytes)
      end({ kind: 'memory-limit', limitBytes: memoryBytes, reachedBytes: bytes });
    // Where CPU time is not told, a silent job may be at work.
    if (cpuS !== null) stall(nowMs, cpuS);
    thenMs = nowMs;
    timer = setTimeout(look, nowMs - startedAtMs < SAMPLE_MS ? EARLY_MS : SAMPLE_MS);
  };
  const limitTimer =
    timeMs === undefined
      ? undefined
      : setTimeout(() => end({ kind: 'timed-out', limitMs: timeMs }), Math.min(timeMs, TIMER_MAX_MS));
  look();
  return {
    stop() {
      clearTimeout(timer);
      clearTimeout(limitTimer);
      return usage;
    },
  };
}
