export { averageWires, estimateParasitics } from './estimate.ts';
export { estimateByFanout } from './fanout.ts';
export { extractParasitics, routedLengthsUm } from './extract.ts';
export { readSpef, writeSpef } from './spef.ts';
export { verifyParasitics, verifySpef } from './verify-parasitics.ts';
export type * from './types.ts';
export { escapeName, spefPortNames } from './spef-names.ts';
