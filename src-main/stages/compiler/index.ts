export { compile } from './compile.ts';
export type { CompileOptions, LayerKind, LayerRecord, MemoryRegion, Program } from './types.ts';
