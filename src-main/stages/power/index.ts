export { analyzePower } from './analyze.ts';
export { analyzeIrDrop, solveDrops } from './ir-drop.ts';
export { verifyIrDrop } from './verify-ir-drop.ts';
export { verifyPower } from './verify-power.ts';
export type * from './types.ts';
