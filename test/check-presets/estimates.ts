/** Blocks of the accelerator, the modules that make them up, and what its design expected of the presets. */
import type { PresetName } from '../../src-main/stages/chip/index.ts';

/** Suffixes of module names after the chip's; what is in none stands with the module that holds it. */
export const BLOCKS: readonly (readonly [block: string, suffixes: readonly string[]])[] = [
  ['array', ['_array', '_pe']],
  ['lanes', ['_requantizer']],
  ['drain', ['_drain', '_writeback']],
  ['walker + control', ['_walker', '_control']],
  ['sequencer', ['_sequencer', '_queue', '_configuration', '_program']],
  ['streams', ['_transfer', '_weight_load']],
  ['memory logic', ['_activation', '_weights', '_parameters', '_mem']],
  ['host', ['_counters', '_axi', '_spi', '_loader']],
];

export interface Estimate {
  /** Logic cells without authentication. */
  readonly cells: string;
  readonly areaMm2: string;
  /** By block of BLOCKS; several blocks of ours may share one figure of the estimate. */
  readonly blocks: Readonly<Record<string, string>>;
}

/**
 * Accelerator design, section 3.4 "Presets". Array: synthesised there, with a module for each part as here; a lane is
 * 2.9 k cells; sequencer 4 to 6 k and host 1.5 to 2 k are estimates, given together as "~5.5 k" and "~7 k". The
 * host is not drawn apart from the sequencer there, and drain, walker, streams and memory logic belong to the sequencer.
 */
const lanes = (n: number): string => `${(2.9 * n).toFixed(1)} k`;
export const ESTIMATES: Partial<Readonly<Record<PresetName, Estimate>>> = {
  pico: { cells: '11 k', areaMm2: '0.016-0.020', blocks: { lanes: lanes(1) } },
  nano: {
    cells: '19 k',
    areaMm2: '0.027-0.032',
    blocks: { array: '10186', lanes: lanes(1), sequencer: '5.5 k (all else)' },
  },
  'nano+': { cells: '28 k', areaMm2: '0.04', blocks: { array: '10186', lanes: lanes(4) } },
  small: {
    cells: '72 k',
    areaMm2: '0.10',
    blocks: { array: '41358', lanes: '23 k', sequencer: '7 k (all else)' },
  },
  medium: { cells: '70-130 k', areaMm2: '0.1-0.18', blocks: { lanes: lanes(16) } },
};
