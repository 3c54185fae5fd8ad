export { simulate, timeProgram, traceProgram } from './simulate.ts';
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
  Trace,
  TraceOptions,
} from './types.ts';
