/**
 * Wire parasitics of each net as an RC tree. Node 0 of a net is its driver; every sink pin has a node;
 * parents come before their children. A net without a driver has no nodes.
 * Units fF and kOhm. CSR by net.
 */
export interface Parasitics {
  /** 'placement' = modelled on Steiner trees, 'routed' = extracted from wires and vias. */
  readonly source: 'placement' | 'routed';
  /** [nets + 1] */
  readonly nodeStart: Int32Array;
  /** [nodes] parent node as an offset within its net, -1 for the driver's node */
  readonly nodeParent: Int32Array;
  /** [nodes] resistance to the parent, kOhm */
  readonly nodeResKohm: Float64Array;
  /** [nodes] wire capacitance at the node, coupling included (pin capacitance not), fF */
  readonly nodeCapFf: Float64Array;
  /** [nodes] pin id (see Netlist) that the node is, -1 for a junction */
  readonly nodePin: Int32Array;
  /** Of nodeCapFf, what is between nodes of two nets; the delay model holds the other side still (factor 1). */
  readonly coupling: Coupling;
}

/** [pairs] each, a < b by index over all nodes; a pair stands once and counts at both nodes. */
export interface Coupling {
  readonly a: Int32Array;
  readonly b: Int32Array;
  readonly fF: Float64Array;
}
