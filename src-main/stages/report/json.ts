import type { ReportData } from './types.ts';

/** The report's facts as JSON; the keys are part of the command line's contract (resources/docs/cli.md). */
export function reportJson(data: ReportData): string {
  return JSON.stringify(data, null, 2);
}

/** RFC 4180. */
function csv(rows: readonly (readonly (string | number)[])[]): string {
  const cell = (v: string | number): string => {
    const text = String(v);
    return /[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  };
  return rows.map((row) => row.map(cell).join(',') + '\r\n').join('');
}

/** One CSV file per table. */
export function reportCsv(data: ReportData): readonly { readonly name: string; readonly text: string }[] {
  const summary: (readonly [string, string | number])[] = [
    ['cycles', data.cycles],
    ['clockMhz', data.clockMhz],
    ['latencyUs', data.latencyUs],
    ['accuracy', data.accuracy ?? ''],
    ['cells', data.cells],
    ['areaUm2', data.areaUm2],
    ['wirelengthUm', data.wirelengthUm],
    ['vias', data.vias],
    ['wnsPs', data.wnsPs],
    ['tnsPs', data.tnsPs],
    ['powerMw', data.powerMw],
  ];
  return [
    { name: 'summary.csv', text: csv([['metric', 'value'], ...summary]) },
    {
      name: 'layers.csv',
      text: csv([
        ['layer', 'kind', 'macs', 'cycles', 'utilization'],
        ...data.layers.map((l) => [l.name, l.kind, l.macs, l.cycles, l.utilization]),
      ]),
    },
    {
      name: 'steps.csv',
      text: csv([
        ['step', 'status', 'wallS', 'cpuS', 'peakMiB'],
        ...data.steps.map((s) => [s.name, s.status, s.wallS, s.cpuS, s.peakMiB]),
      ]),
    },
    {
      name: 'proof.csv',
      text: csv([
        ['name', 'judge', 'result', 'detail'],
        ...data.proof.map((p) => [p.name, p.judge, p.result, p.detail]),
      ]),
    },
  ];
}
