/** Numbers and lists out of a foreign project's values; FOREIGN-003 for what is none, with its place. */
import { IngotError } from '../../base/diagnostic.ts';
import { describeSpec } from '../check-settings.ts';
import { SETTINGS, type NumberSpec } from '../settings.ts';
import type { ForeignValue } from './types.ts';

export const words = (text: string): string[] => text.split(/[\s]+/).filter((word) => word !== '');

const wrong = (given: ForeignValue, what: string): IngotError =>
  new IngotError('FOREIGN-003', `${given.key} = ${given.value.slice(0, 80)} is ${what}`, {
    place: given.place,
    remedy: 'correct the value in the project file',
  });

export function numberOf(given: ForeignValue): number {
  const value = Number(given.value);
  if (given.value.trim() === '' || !Number.isFinite(value)) throw wrong(given, 'no number');
  return value;
}

export function flagOf(given: ForeignValue): boolean {
  const text = given.value.trim().toLowerCase();
  if (['1', 'true', 'yes', 'on'].includes(text)) return true;
  if (['0', 'false', 'no', 'off', ''].includes(text)) return false;
  throw wrong(given, 'neither 1 nor 0');
}

/** `x0 y0 x1 y1` in um. */
export function areaOf(given: ForeignValue): { widthUm: number; heightUm: number; xUm: number; yUm: number } {
  const sides = words(given.value.replace(/[,[\]"]/g, ' ')).map(Number);
  const [x0, y0, x1, y1] = sides;
  if (sides.length !== 4 || sides.some((s) => !Number.isFinite(s)) || x1! <= x0! || y1! <= y0!)
    throw wrong(given, 'no rectangle x0 y0 x1 y1');
  return { widthUm: round(x1! - x0!), heightUm: round(y1! - y0!), xUm: x0!, yUm: y0! };
}

/** A value for a number setting of ours, refused here with the place it comes from when it is out of range. */
export function settingValue(given: ForeignValue, key: NumberSetting, value: number): number {
  const spec: NumberSpec = SETTINGS[key];
  if (value >= spec.min && value <= spec.max) return value;
  throw wrong(given, `${value} as ${key}, which is a ${describeSpec(spec)}`);
}

type NumberSetting = {
  [K in keyof typeof SETTINGS]: (typeof SETTINGS)[K] extends NumberSpec ? K : never;
}[keyof typeof SETTINGS];

/** Without the dust of binary fractions. */
export const round = (value: number): number => Number(value.toFixed(9));

/** A fifth of the period outside of each port, as both flows have it when nothing is said. */
export function clockSdc(
  port: string,
  periodNs: number,
  more: {
    ioPercent?: number;
    uncertaintyNs?: number;
    transitionNs?: number;
    loadFf?: number;
    maxFanout?: number;
  },
): string {
  const outside = round((periodNs * (more.ioPercent ?? 20)) / 100);
  return [
    `create_clock -name ${port} -period ${periodNs} [get_ports {${port}}]`,
    ...(more.uncertaintyNs === undefined
      ? []
      : [`set_clock_uncertainty ${more.uncertaintyNs} [get_clocks {${port}}]`]),
    ...(more.transitionNs === undefined
      ? []
      : [`set_clock_transition ${more.transitionNs} [get_clocks {${port}}]`]),
    `set_input_delay ${outside} -clock ${port} [all_inputs -no_clocks]`,
    `set_output_delay ${outside} -clock ${port} [all_outputs]`,
    ...(more.loadFf === undefined ? [] : [`set_load ${more.loadFf} [all_outputs]`]),
    ...(more.maxFanout === undefined ? [] : [`set_max_fanout ${more.maxFanout} [current_design]`]),
    '',
  ].join('\n');
}
