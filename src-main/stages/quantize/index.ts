export { quantize } from './quantize.ts';
export type { QuantizeOptions } from './quantize.ts';
export { dequantizeOutput, quantizeInput } from './host.ts';
export { requantize, runInteger, runIntegerTrace } from './run-integer.ts';
export { verifyQuantGraph } from './verify.ts';
export type * from './types.ts';
