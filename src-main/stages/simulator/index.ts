export { simulate } from './simulate.ts';
export { timeLayer } from './timing.ts';
export type { LayerCycles, SimulateOptions, Simulation, StreamGaps } from './types.ts';
