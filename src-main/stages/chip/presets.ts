/** Named chips from a few thousand cells up, and a chip of any shape for tests and the command line. */
import type { Chip } from './types.ts';

/** What a chip of any shape has: every mode of the engine, and as much memory as the fields address. */
const ROOMY: Chip = {
  name: 'ingot',
  rows: 4,
  columns: 16,
  lanes: 16,
  requantizeCycles: 4,
  accumulatorBits: 32,
  activationBytes: 65536,
  weightWords: 65536,
  parameterBlocks: 4096,
  programWords: 1024,
  memory: 'bram',
  activationBanks: 8,
  depthwise: true,
  add: true,
  lut: false,
  streamBytes: 4,
  queueDepth: 2,
  host: 'stream',
  bake: false,
};

/** `rows` x `columns` with `lanes` requantiser lanes (default: one a column) and room for any model that fits the fields. */
export const chipOfShape = (rows: number, columns: number, lanes: number = columns): Chip => ({
  ...ROOMY,
  rows,
  columns,
  lanes,
  weightWords: Math.min(2 ** 20, 2 ** 20 / columns),
  streamBytes: Math.min(ROOMY.streamBytes, columns),
});

interface Sizes {
  readonly activationKb: number;
  readonly weightKb: number;
  readonly parameterBlocks: number;
  readonly programWords: number;
  readonly streamBytes: number;
  readonly queueDepth: number;
  readonly activationBanks: number;
}

function preset(rows: number, columns: number, lanes: number, s: Sizes, more: Partial<Chip> = {}): Chip {
  const { activationKb, weightKb, ...rest } = s;
  return {
    ...ROOMY,
    rows,
    columns,
    lanes,
    ...rest,
    accumulatorBits: 24,
    activationBytes: activationKb * 1024,
    weightWords: (weightKb * 1024) / columns,
    memory: 'macro',
    ...more,
  };
}

const TINY = { parameterBlocks: 256, programWords: 128, streamBytes: 1, queueDepth: 0, activationBanks: 4 };
const WIDE = { parameterBlocks: 512, programWords: 256, streamBytes: 4, queueDepth: 2, activationBanks: 8 };

/** Programmable chips with memory macros, all modes; a program is baked by setting `bake` and queueDepth 0. */
export const PRESETS = {
  pico: preset(1, 4, 1, { ...TINY, activationKb: 2, weightKb: 4 }),
  nano: preset(4, 4, 1, { ...TINY, activationKb: 8, weightKb: 8 }),
  'nano+': preset(4, 4, 4, { ...TINY, activationKb: 8, weightKb: 16 }),
  small: preset(4, 16, 8, { ...WIDE, activationKb: 64, weightKb: 96 }),
  medium: preset(8, 16, 16, { ...WIDE, activationKb: 64, weightKb: 128 }),
  large: preset(8, 32, 32, { ...WIDE, activationKb: 64, weightKb: 256, streamBytes: 8 }),
  xl: preset(
    16,
    64,
    64,
    { ...WIDE, activationKb: 64, weightKb: 512, streamBytes: 16 },
    { accumulatorBits: 32 },
  ),
} as const satisfies Readonly<Record<string, Chip>>;

export type PresetName = keyof typeof PRESETS;
