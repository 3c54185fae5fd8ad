export { simulate, timeProgram } from './simulate.ts';
export { timeLayer } from './timing.ts';
export type {
  InferenceAccount,
  LayerAccount,
  LayerCycles,
  ProgramTiming,
  SimulateOptions,
  Simulation,
  StreamGaps,
  TimeOptions,
} from './types.ts';
