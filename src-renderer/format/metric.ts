/** Metrics of the steps in words. */
import type { MetricRow } from '../../src-main/ipc/contract.ts';

/** Thin spaces between thousands, three or four significant digits. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && size < 1e-3) return value.toExponential(1);
  const digits = size >= 1000 || Number.isInteger(value) ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3;
  const [whole = '', fraction] = Math.abs(value).toFixed(digits).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, '\u2009');
  return `${value < 0 ? '\u2212' : ''}${grouped}${fraction === undefined ? '' : `.${fraction}`}`;
}

const UNITS: Readonly<Record<string, string>> = { um: 'µm', um2: 'µm²', us: 'µs', cycles: '' };

function withUnit(value: number, unit: string): string {
  if (unit === 'bytes') return formatBytes(value);
  return `${formatNumber(value)}\u00a0${UNITS[unit] ?? unit}`.trimEnd();
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes}\u00a0B`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(1)}\u00a0KiB`;
  return `${(bytes / 1024 ** 2).toFixed(1)}\u00a0MiB`;
}

const percent = (value: number): string => `${(value * 100).toFixed(1)}\u00a0%`;

const LABELS: Readonly<Record<string, string>> = {
  accuracy: 'accuracy',
  accuracyFloat: 'float accuracy',
  accuracyInt8: 'int8 accuracy',
  areaUm2: 'cell area',
  buffersAdded: 'buffers added',
  cellAreaUm2: 'cell area',
  cells: 'cells',
  cellsMapped: 'cells',
  clockBuffers: 'clock buffers',
  clockLevels: 'levels',
  clockMhz: 'clock',
  clockSkewPs: 'skew',
  congestionLoad: 'congestion',
  cycles: 'cycles',
  dieHeightUm: 'die height',
  dieWidthUm: 'die width',
  flops: 'flip-flops',
  floatErrorMax: 'largest error',
  gdsBytes: 'GDS',
  holdWnsPs: 'hold slack',
  hpwlUm: 'HPWL',
  latencyUs: 'latency',
  instructions: 'instructions',
  macs: 'MACs',
  masters: 'cell types',
  powerMw: 'power, modelled',
  routeRounds: 'rounds',
  samples: 'samples',
  tnsPs: 'TNS',
  utilization: 'utilisation',
  vias: 'vias',
  weightBytes: 'weights',
  wirelengthUm: 'wire',
  wnsPs: 'setup slack',
};
const IS_SHARE = /^(accuracy|utilization)/;

/** One that is not listed: `routeRounds` as `route rounds`. */
export const metricLabel = ({ name }: MetricRow): string =>
  LABELS[name] ?? name.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

export const metricValue = ({ name, value, unit }: MetricRow): string =>
  IS_SHARE.test(name) ? percent(value) : withUnit(value, unit);

export interface Figure {
  readonly label: string;
  readonly value: string;
}

/** The few figures that say what came out, as far as the run has got. */
export function keyFigures(metrics: readonly MetricRow[]): readonly Figure[] {
  const byName = new Map(metrics.map((m) => [m.name, m]));
  const figures: Figure[] = [];
  const show = (name: string, label: string): void => {
    const metric = byName.get(name);
    if (metric) figures.push({ label, value: metricValue(metric) });
  };
  show(byName.has('accuracy') ? 'accuracy' : 'accuracyInt8', 'accuracy');
  show('cycles', 'cycles');
  show('clockMhz', 'clock');
  const cycles = byName.get('cycles');
  const clock = byName.get('clockMhz');
  if (cycles && clock && clock.value > 0)
    figures.push({ label: 'latency', value: withUnit(cycles.value / clock.value, 'µs') });
  // Until the report has counted the finished chip, those of the mapped netlist, without buffers.
  if (byName.has('cells')) show('cells', 'cells');
  else show('cellsMapped', 'mapped cells');
  if (byName.has('areaUm2')) show('areaUm2', 'cell area');
  else show('cellAreaUm2', 'mapped area');
  show('wirelengthUm', 'wire');
  show('wnsPs', 'setup slack');
  show('powerMw', 'power, modelled');
  return figures;
}
