export { pinInstances, pinName } from './connectivity.ts';
export { editNetlist, type NetlistEditor } from './edit-netlist.ts';
export { createGateSimulator, type GateSimulator } from './gate-simulator.ts';
export { markClocks } from './mark-clocks.ts';
export { readNetlist } from './read-netlist.ts';
export { replayInference, type Replay, type ReplayOptions } from './replay-inference.ts';
export { netlistStatistics, type NetlistStatistics } from './statistics.ts';
export {
  OUTPUT_LOAD_FF,
  cellsNotForSynthesis,
  synthesisScript,
  type SynthesisOptions,
  type SynthesisScript,
} from './synthesis-script.ts';
export { SYNTHESIS_RECIPES, type SynthesisRecipe } from './synthesis-recipes.ts';
export { NONE } from './types.ts';
export type * from './types.ts';
export { verifyNetlist } from './verify-netlist.ts';
export { writeVerilog, type WriteVerilogOptions } from './write-verilog.ts';
