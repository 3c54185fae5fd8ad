export { compile } from './compile.ts';
export type { CompileOptions, LayerKind, LayerRecord, MemoryRegion, Program } from './types.ts';
export { verifyProgram } from './verify-program.ts';
export type { ProgramVerdict } from './verify-program.ts';
