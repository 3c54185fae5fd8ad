/**
 * A flat mapped netlist as structure of arrays. Immutable: steps that change it (buffering, clock tree,
 * taps, fillers) go through `editNetlist` and get a new one. Power pins are implicit: every power or
 * ground pin of every instance belongs to the kit's one supply pair.
 *
 * Pin ids: pin k of instance i has id instPinStart[i] + k, k indexing Master.pins (power pins included,
 * always with pinNet = NONE). Ports follow behind all instance pins: port p has id pinCount + p.
 */
export const NONE = -1;

export interface Port {
  readonly name: string;
  readonly direction: 'input' | 'output';
  /** Net index. Each port bit is one port; two ports never share a net (a buffer stands between). */
  readonly net: number;
}

export interface Netlist {
  readonly top: string;
  readonly instNames: readonly string[];
  /** [insts] index into Kit.masters */
  readonly instMaster: Int32Array;
  /** [insts + 1] first pin id of each instance */
  readonly instPinStart: Int32Array;
  /** [pins] net of each instance pin, NONE if unconnected */
  readonly pinNet: Int32Array;
  readonly netNames: readonly string[];
  readonly ports: readonly Port[];
  /** CSR: pin ids (instance pins and ports) of each net, the driver first. [nets + 1], [connections] */
  readonly netPinStart: Int32Array;
  readonly netPins: Int32Array;
  /** [nets] 1 = clock network, set by markClocks */
  readonly netIsClock: Uint8Array;
}
