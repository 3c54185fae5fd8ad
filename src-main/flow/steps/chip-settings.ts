import { WORD_PARTS, decode, type Chip } from '../../stages/chip/index.ts';
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

/** Stands for "as much as the program needs" until the program is known; see fitChip. */
const MEMORY_MAX = 65_536;
/** At least, and at most. */
const [PARAMETER_BLOCKS, PARAMETER_BLOCKS_MAX] = [64, 4096];
const [PROGRAM_WORDS, PROGRAM_WORDS_MAX] = [64, 1024];

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
    parameterBlocks: PARAMETER_BLOCKS,
    programWords: PROGRAM_WORDS,
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

/** The chip with every mode and all the room for programs there can be, to see what a model needs. */
export const openChip = (chip: Chip): Chip => ({
  ...chip,
  depthwise: true,
  add: true,
  parameterBlocks: PARAMETER_BLOCKS_MAX,
  programWords: PROGRAM_WORDS_MAX,
});

/** An open chip cut to what the compiled program uses: modes, memories that were left open, program and parameters. */
export function fitChip(open: Chip, program: Program): Chip {
  const K = open.columns;
  const used = Math.max(2 * K, ...program.memoryMap.map((region) => region.address + region.bytes));
  const has = (field: string): boolean => decode(program.words).some((i) => i.fields[field] === 1);
  return {
    ...open,
    depthwise: has('mode'),
    add: has('fold'),
    activationBytes: open.activationBytes === MEMORY_MAX ? Math.ceil(used / K) * K : open.activationBytes,
    weightWords: open.weightWords === MEMORY_MAX ? Math.max(1, program.weights.length / K) : open.weightWords,
    parameterBlocks: Math.max(PARAMETER_BLOCKS, program.biases.length / K),
    programWords: Math.max(PROGRAM_WORDS, program.words.length / WORD_PARTS),
  };
}
