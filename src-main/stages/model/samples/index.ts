export { readSampleSet } from './read-samples.ts';
export { PIXEL_RANGES } from './types.ts';
export type * from './types.ts';
