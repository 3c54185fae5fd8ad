export { runPasses } from './passes.ts';
export { accumulatorBits, costOf } from './cost.ts';
export type { AccumulatorBits } from './cost.ts';
export { verifyElimination } from './verify-elimination.ts';
export { PASS_NAMES } from './types.ts';
export type * from './types.ts';
