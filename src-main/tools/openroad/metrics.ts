/** What OpenROAD measured, from its `-metrics` file and from the marked lines of our scripts. */

/**
 * The file's numbers by name. It is flat JSON that may repeat a name (the last one counts) and may hold `nan`, so
 * it is read line by line. Times and memory are left out: they are no property of the design.
 */
export function readOpenRoadMetrics(text: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const match of text.matchAll(/"([^"]+)"\s*:\s*"?(-?[\d.]+(?:[eE][-+]?\d+)?)"?\s*[,}\n]/g)) {
    const [, name, value] = match as unknown as [string, string, string];
    if (!/runtime__|cpu__|mem__peak/.test(name)) found.set(name, Number(value));
  }
  return found;
}

/** `INGOT value: name number` of our scripts. */
export function readOwnValues(lines: Iterable<string>): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const line of lines) {
    const match = /^INGOT value: (\S+) (\S+)$/.exec(line);
    const value = Number(match?.[2]);
    // OpenSTA says 1e+30 where there is no path.
    if (match && Number.isFinite(value) && Math.abs(value) < 1e29) found.set(match[1]!, value);
  }
  return found;
}

export interface DrtIteration {
  readonly iteration: number;
  readonly violations: number;
  readonly wirelengthUm: number | null;
}

/** Violations after each iteration of detailed routing. */
export function drtIterations(metrics: ReadonlyMap<string, number>): readonly DrtIteration[] {
  const found: DrtIteration[] = [];
  for (const [name, violations] of metrics) {
    const match = /route__drc_errors__iter:(\d+)$/.exec(name);
    if (!match) continue;
    const length = metrics.get(name.replace('drc_errors', 'wirelength'));
    found.push({ iteration: Number(match[1]), violations, wirelengthUm: length ?? null });
  }
  return found.sort((a, b) => a.iteration - b.iteration);
}

export interface IrDrop {
  readonly net: string;
  readonly averageMv: number;
  readonly worstMv: number;
}

/** PDNSim's report, net by net: `INGOT net: VDD` ... `Worstcase IR drop: 1.12e-02 V`. */
export function readIrDrops(lines: Iterable<string>): readonly IrDrop[] {
  const drops: IrDrop[] = [];
  let [net, averageMv] = ['', 0];
  for (const line of lines) {
    net = /^INGOT net: (\S+)/.exec(line)?.[1] ?? net;
    const average = /^Average IR drop\s*:\s*(\S+) V/.exec(line);
    if (average) averageMv = 1000 * Number(average[1]);
    const worst = /^Worstcase IR drop\s*:\s*(\S+) V/.exec(line);
    if (worst) drops.push({ net, averageMv, worstMv: 1000 * Number(worst[1]) });
  }
  return drops;
}

/** Violations in the file that `detailed_route -output_drc` writes, by rule. */
export function countDrcMarks(text: string): ReadonlyMap<string, number> {
  const rules = new Map<string, number>();
  for (const [, rule] of text.matchAll(/^\s*violation type:\s*(.+?)\s*$/gm))
    rules.set(rule!, (rules.get(rule!) ?? 0) + 1);
  return rules;
}
