export { importModel, SUPPORTED_OPERATORS } from './import-model.ts';
export { runFloat, runFloatTrace } from './run-float.ts';
export type { FloatTrace } from './run-float.ts';
export type * from './types.ts';
