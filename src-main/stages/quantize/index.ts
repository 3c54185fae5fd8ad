export { quantize } from './quantize.ts';
export type { QuantizeOptions } from './quantize.ts';
export { ENGINE_KINDS, engineCore, inputsOf, isEngineOp, outputsOf, readersOf } from './graph.ts';
export type { EngineCore } from './graph.ts';
export { dequantizeOutput, quantizeInput, runCore } from './host.ts';
export { runHostOp } from './run-host.ts';
export { requantize, runEngineOp, runInteger, runIntegerTrace } from './run-integer.ts';
export { verifyQuantGraph } from './verify.ts';
export type * from './types.ts';
