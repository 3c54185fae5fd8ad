/** Results as Markdown on the standard output, next to Vitest's own. */

export type Row = readonly (string | number)[];

export function printTable(title: string, head: Row, rows: readonly Row[]): void {
  const line = (row: Row): string => `| ${row.join(' | ')} |`;
  console.log(
    `\n## ${title}\n\n${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}\n`,
  );
}

/** Three significant digits. */
export const short = (value: number): string => String(Number(value.toPrecision(3)));

/** `a` over `b` in words: how many times as long `a` takes. */
export const ratio = (a: number, b: number): string => `${short(a / b)}×`;

/** CPU seconds of this process, all threads, that the call takes. */
export function cpuSeconds<T>(run: () => T): { value: T; seconds: number } {
  const start = process.cpuUsage();
  const value = run();
  const { user, system } = process.cpuUsage(start);
  return { value, seconds: (user + system) / 1e6 };
}

/** Milliseconds on the clock. */
export function timeOf(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
