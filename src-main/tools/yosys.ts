/** Logic synthesis: the Yosys engines and what is asked of them. */
export {
  elaborate,
  slangVersion,
  wantsSlang,
  type Elaborated,
  type Frontend,
  type SlangInput,
} from './slang.ts';
export { synthesisRun, synthesize, type Synthesis, type SynthesizeInput } from './synthesize.ts';
export {
  runYosys,
  yosysVersion,
  type YosysEngine,
  type YosysResult,
  type YosysRun,
  type YosysRunOptions,
  type YosysTool,
} from './yosys-engine.ts';
