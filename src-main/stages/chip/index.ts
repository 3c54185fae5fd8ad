export type { Chip } from './types.ts';
export { DEMO_CHIP } from './types.ts';
export { validateChip } from './validate.ts';
export { COMMON, EXEC_OPS, OPS, OP_BY_CODE, OP_BY_NAME, TOKENS, WORD_PARTS } from './isa.ts';
export type { Engine, Field, Op } from './isa.ts';
export { assemble, decode, disassemble, encode } from './encode.ts';
export type { Instruction } from './encode.ts';
export { isaReference } from './reference.ts';
