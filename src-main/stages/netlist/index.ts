export { pinInstances } from './connectivity.ts';
export { editNetlist, type NetlistEditor } from './edit-netlist.ts';
export { markClocks } from './mark-clocks.ts';
export { readNetlist } from './read-netlist.ts';
export { netlistStatistics, type NetlistStatistics } from './statistics.ts';
export { NONE } from './types.ts';
export type * from './types.ts';
export { verifyNetlist } from './verify-netlist.ts';
export { writeVerilog, type WriteVerilogOptions } from './write-verilog.ts';
