export { pinInstances } from './connectivity.ts';
export { editNetlist, type NetlistEditor } from './edit-netlist.ts';
export { readNetlist } from './read-netlist.ts';
export { NONE } from './types.ts';
export type * from './types.ts';
