export { analyzePower } from './analyze.ts';
export { verifyPower } from './verify-power.ts';
export type * from './types.ts';
