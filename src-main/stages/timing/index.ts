export { analyzeTiming, DEFAULT_TIMING_OPTIONS } from './analyze.ts';
export { defaultConstraints } from './constraints.ts';
export { readSdc, writeSdc, type PortNames } from './sdc.ts';
export { writeSdf } from './sdf.ts';
export { verifyTiming } from './verify-timing.ts';
export { DEFAULT_WEIGHTS, timingWeights, type WeightOptions } from './weights.ts';
export { NO_ARRIVAL, NO_SLACK } from './types.ts';
export type * from './types.ts';
