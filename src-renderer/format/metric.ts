/** Metrics of the steps in words. */
import type { MetricRow } from '../../src-main/ipc/contract.ts';
import { t, textOr } from '../texts/index.svelte.ts';

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

const IS_SHARE = /^(accuracy|utilization)/;

/** One that is not listed: `routeRounds` as `route rounds`. */
export const metricLabel = ({ name }: MetricRow): string =>
  textOr(
    `metric.${name}`,
    name.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
  );

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
  show(byName.has('accuracy') ? 'accuracy' : 'accuracyInt8', t('metric.accuracy'));
  show('cycles', t('metric.cycles'));
  show('clockMhz', t('metric.clockMhz'));
  const cycles = byName.get('cycles');
  const clock = byName.get('clockMhz');
  if (cycles && clock && clock.value > 0)
    figures.push({ label: t('metric.latencyUs'), value: withUnit(cycles.value / clock.value, 'µs') });
  // Until the report has counted the finished chip, those of the mapped netlist, without buffers.
  if (byName.has('cells')) show('cells', t('metric.cells'));
  else show('cellsMapped', t('figure.mappedCells'));
  if (byName.has('areaUm2')) show('areaUm2', t('metric.areaUm2'));
  else show('cellAreaUm2', t('figure.mappedArea'));
  show('wirelengthUm', t('metric.wirelengthUm'));
  show('wnsPs', t('metric.wnsPs'));
  show('powerMw', t('metric.powerMw'));
  return figures;
}
