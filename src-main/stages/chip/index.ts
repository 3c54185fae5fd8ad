export type { Chip } from './types.ts';
export { DEMO_CHIP, HOSTS, MEMORIES } from './types.ts';
export { PRESETS, chipOfShape } from './presets.ts';
export type { PresetName } from './presets.ts';
export { validateChip } from './validate.ts';
export { COMMON, EXEC_OPS, OPS, OP_BY_CODE, OP_BY_NAME, TOKENS, TOKENS_MAX, WORD_PARTS } from './isa.ts';
export type { Engine, Field, Op } from './isa.ts';
export { assemble, decode, disassemble, encode } from './encode.ts';
export type { Instruction } from './encode.ts';
export {
  biasBits,
  biasWord,
  parameterBeats,
  parameterStream,
  scaleBits,
  scaleWord,
  weightStream,
} from './memory-words.ts';
export type { ParameterImages } from './memory-words.ts';
export { isaReference } from './reference.ts';
