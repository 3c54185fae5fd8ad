/** What a run of the physical bench measured, and how it compares with what is stored. */
export interface Measured {
  readonly status: string;
  readonly periodPs: number;
  readonly cells: number | null;
  readonly hpwlUm: number | null;
  readonly wirelengthUm: number | null;
  readonly vias: number | null;
  readonly viasPerPin: number | null;
  /** By our own check of the GDS, and by KLayout. */
  readonly drvs: number | null;
  readonly klayoutDrvs: number | null;
  readonly wnsPs: number | null;
  readonly tnsPs: number | null;
  readonly holdWnsPs: number | null;
  readonly skewPs: number | null;
  readonly wallS: number;
  readonly cpuS: number;
  readonly peakMiB: number;
}

export type Baseline = Record<string, Measured>;

/** Factors over the baseline that are let pass: quality is nearly the same on all machines, time is not. */
const MARGIN = { hpwlUm: 1.05, wirelengthUm: 1.05, vias: 1.05, cpuS: 2.5, peakMiB: 1.4 } as const;
/** Share of the period that slack may lose. */
const SLACK_SHARE = 0.03;
const SKEW_PS = 15;

/** What is worse than the baseline allows; a run that did not end, or with violations, is always too bad. */
export function compareWith(before: Measured | undefined, now: Measured): string[] {
  const worse: string[] = [];
  if (now.status !== 'done') worse.push(`the run is ${now.status}`);
  for (const [who, count] of [
    ['our check', now.drvs],
    ['KLayout', now.klayoutDrvs],
  ] as const)
    if ((count ?? 0) > 0) worse.push(`${count} violations by ${who}`);
  if (!before || now.status !== 'done') return worse;
  for (const key of Object.keys(MARGIN) as (keyof typeof MARGIN)[]) {
    const [old, value] = [before[key], now[key]];
    if (old !== null && (value ?? Infinity) > old * MARGIN[key])
      worse.push(`${key} ${value} is more than ${MARGIN[key]} times the baseline's ${old}`);
  }
  for (const key of ['wnsPs', 'holdWnsPs'] as const) {
    const [old, value] = [before[key], now[key]];
    // What is met may vary as it likes.
    if (old !== null && value !== null && value < Math.min(0, old) - SLACK_SHARE * now.periodPs)
      worse.push(`${key} ${value} is worse than the baseline's ${old}`);
  }
  if (before.skewPs !== null && (now.skewPs ?? Infinity) > before.skewPs + SKEW_PS)
    worse.push(`skew ${now.skewPs} ps is ${SKEW_PS} ps over the baseline's ${before.skewPs}`);
  return worse;
}
