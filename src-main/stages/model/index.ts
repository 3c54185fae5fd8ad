export { importModel } from './import-model.ts';
export { readNpy, samplesOf, writeNpy } from './npy.ts';
export type { Npy, NpyData } from './npy.ts';
export { runFloat, runFloatTrace } from './run-float.ts';
export type { FloatTrace } from './run-float.ts';
export { verifyModel } from './verify.ts';
export type * from './types.ts';
