import type { Chip } from '../../stages/chip/index.ts';
import type { Program } from '../../stages/compiler/index.ts';
import type { Settings } from '../settings.ts';

export const CHIP_SETTINGS = [
  'chip.rows',
  'chip.columns',
  'chip.lanes',
  'chip.requantizeCycles',
  'chip.accumulatorBits',
  'chip.activationBytes',
  'chip.weightWords',
  'chip.bake',
] as const;

/** Stands for "as much as the program needs" until the program is known; see fitMemories. */
const MEMORY_MAX = 65_536;

/** The chip that the settings describe; validated by the compiler. */
export function chipOf(s: Pick<Settings, (typeof CHIP_SETTINGS)[number]>): Chip {
  return {
    name: 'ingot',
    rows: s['chip.rows'],
    columns: s['chip.columns'],
    lanes: s['chip.lanes'],
    requantizeCycles: s['chip.requantizeCycles'],
    accumulatorBits: s['chip.accumulatorBits'],
    activationBytes: s['chip.activationBytes'] || MEMORY_MAX,
    weightWords: s['chip.weightWords'] || MEMORY_MAX,
    parameterBlocks: 64,
    programWords: 64,
    memory: 'flops',
    activationBanks: 1,
    depthwise: false,
    add: false,
    lut: false,
    streamBytes: 1,
    queueDepth: 0,
    host: 'stream',
    bake: s['chip.bake'],
  };
}

export const shapeOf = (chip: Chip): string => `${chip.rows}x${chip.columns}`;

/** The chip with those memories that were left open cut to what the compiled program uses. */
export function fitMemories(chip: Chip, program: Program): Chip {
  const K = chip.columns;
  const used = Math.max(2 * K, ...program.memoryMap.map((region) => region.address + region.bytes));
  return {
    ...chip,
    activationBytes: chip.activationBytes === MEMORY_MAX ? Math.ceil(used / K) * K : chip.activationBytes,
    weightWords: chip.weightWords === MEMORY_MAX ? Math.max(1, program.weights.length / K) : chip.weightWords,
  };
}
