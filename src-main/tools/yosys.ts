/** Logic synthesis: the Yosys engines and what is asked of them. */
export { synthesize, type Synthesis, type SynthesizeInput } from './synthesize.ts';
export {
  nativeYosysVersion,
  runYosys,
  type YosysEngine,
  type YosysResult,
  type YosysRun,
  type YosysRunOptions,
} from './yosys-engine.ts';
