export { readSampleSet } from './read-samples.ts';
export { unzip } from './archive.ts';
export { PIXEL_RANGES } from './types.ts';
export type * from './types.ts';
