import { DEMO_CHIP, type Chip } from '../../src-main/stages/chip/index.ts';

/** A chip with room for the random graphs. */
export const chipOf = (rows: number, columns: number, more: Partial<Chip> = {}): Chip => ({
  ...DEMO_CHIP,
  rows,
  columns,
  activationBytes: 4096,
  weightWords: 8192,
  parameterBlocks: 64,
  programWords: 100,
  bake: false,
  ...more,
});
