/** Chips for random programs: small memories, so that a simulation of their RTL is built in seconds. */
import { chipOfShape, type Chip } from '../../src-main/stages/chip/index.ts';

const smallChip = (rows: number, columns: number, lanes: number, more: Partial<Chip>): Chip => ({
  ...chipOfShape(rows, columns, lanes),
  activationBytes: 256 * columns,
  activationBanks: 4,
  weightWords: 1024,
  parameterBlocks: 64,
  programWords: 128,
  ...more,
});

/** Any shape, every mode, memory, stream width and queue depth at least once. */
export const RANDOM_CHIPS: readonly Chip[] = [
  smallChip(4, 4, 1, { requantizeCycles: 8, streamBytes: 1, queueDepth: 0, activationBanks: 1, memory: 'flops' }),
  smallChip(4, 16, 16, { streamBytes: 4, queueDepth: 2 }),
  smallChip(2, 8, 4, { streamBytes: 2, queueDepth: 1, memory: 'macro', accumulatorBits: 24 }),
  smallChip(1, 4, 1, { requantizeCycles: 16, streamBytes: 1, queueDepth: 0, depthwise: false, add: false,
    memory: 'latch', activationBytes: 256, weightWords: 128, parameterBlocks: 16, programWords: 64 }),
  smallChip(3, 8, 8, { streamBytes: 8, queueDepth: 4, add: false }),
  smallChip(5, 2, 2, { streamBytes: 1, queueDepth: 3, memory: 'macro', requantizeCycles: 8 }),
  smallChip(8, 8, 2, { streamBytes: 4, queueDepth: 2, depthwise: false, accumulatorBits: 20 }),
  smallChip(2, 32, 8, { streamBytes: 16, queueDepth: 2, memory: 'macro' }),
  smallChip(4, 16, 8, { streamBytes: 1, queueDepth: 0, memory: 'macro', activationBanks: 8 }),
  smallChip(7, 4, 4, { streamBytes: 4, queueDepth: 1, accumulatorBits: 16 }),
]; // prettier-ignore

export const chipName = (c: Chip): string =>
  [
    `${c.rows}x${c.columns}/${c.lanes}`,
    `${c.memory}x${c.activationBanks}`,
    `beat ${c.streamBytes}`,
    `queue ${c.queueDepth}`,
    ...(c.depthwise ? [] : ['no depthwise']),
    ...(c.add ? [] : ['no add']),
  ].join(' ');
