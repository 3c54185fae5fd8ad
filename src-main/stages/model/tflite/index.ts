export { importTflite, isTflite } from './import-tflite.ts';
export { TFLITE_OPERATORS } from './operators.ts';
export type * from './types.ts';
