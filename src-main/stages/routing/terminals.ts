/**
 * Terminals: for every pin and port of every net, the lattice nodes by which wires may meet it; and the
 * reservations that follow (a pin with one way in keeps it).
 */
import type { Diagnostic } from '../../base/diagnostic.ts';
import { placeRect, type Rect } from '../../base/geometry.ts';
import type { Floorplan } from '../floorplan/types.ts';
import type { Kit } from '../kit/types.ts';
import { pinInstances, type Netlist } from '../netlist/index.ts';
import type { Placement } from '../placement/types.ts';
import { makePinAccess } from './access.ts';
import { claimRect } from './blockages.ts';
import { lastAtMost, lowerBound, nodeAt, nodeXy } from './lattice.ts';
import { claimNode, clearClaims, emptyRoute, isBlocked, type NetRoute, type RouterState } from './state.ts';

export interface Terminal {
  /** Pin id (Netlist numbering; ports follow behind all pins). */
  readonly pin: number;
  /** Nodes by which the terminal can be met; empty if it cannot. */
  nodes: readonly number[];
  /** [nodes] via down to the pin (index into Tech.vias), -1 if the node is metal of the terminal itself. */
  vias: readonly number[];
  /** [nodes] where a wire from the node must end along its track to meet the shape; equal to the node's place if it already does. */
  reachDbu: readonly number[];
  xDbu: number;
  yDbu: number;
}

export interface RoutableNet {
  readonly net: number;
  readonly terminals: Terminal[];
  /** Half perimeter of the terminals' bounding box. */
  spanDbu: number;
  route: NetRoute;
  /** All terminals in one component (conflicts apart). */
  isComplete: boolean;
  /** Rounds in a row in which the net was in conflict. */
  troubledRounds: number;
}

export interface Terminals {
  readonly nets: RoutableNet[];
  /** [pins] instance of each instance pin. */
  readonly pinInst: Int32Array;
  readonly diagnostics: Diagnostic[];
  /** Works out the terminals of one instance again after it moved. */
  readonly refreshInstance: (inst: number, placement: Placement) => void;
  /** Claims of sole access points, laid anew. */
  readonly reserve: () => void;
  readonly netIndex: Int32Array;
  /** Terminal of a pin of a cell that is not in the netlist yet, with pin id -1. */
  readonly cellTerminal: (
    master: number,
    pin: number,
    orient: number,
    xDbu: number,
    yDbu: number,
  ) => Terminal;
}

/** Nodes of a layer on a rectangle: those inside, else on each track through it the nearest one. */
function nodesOnRect(state: RouterState, layer: number, r: Rect): { nodes: number[]; reach: number[] } {
  const nodes: number[] = [];
  const reach: number[] = [];
  const g = state.lattice.layers.find((x) => x.layer === layer);
  if (!g) return { nodes, reach };
  const [c1, c2, a1, a2] = g.vertical ? [r.x1, r.x2, r.y1, r.y2] : [r.y1, r.y2, r.x1, r.x2];
  for (let t = lowerBound(g.tracks, c1); t < g.trackCount && g.tracks[t] <= c2; t++) {
    const first = lowerBound(g.positions, a1);
    const last = lastAtMost(g.positions, a2);
    for (let p = first; p <= last; p++) {
      nodes.push(g.base + t * g.posCount + p);
      reach.push(g.positions[p]);
    }
    if (first <= last) continue;
    const mid = Math.round((a1 + a2) / 2);
    const before = first - 1;
    const takeAfter =
      before < 0 || (first < g.posCount && g.positions[first] - mid < mid - g.positions[before]);
    nodes.push(g.base + t * g.posCount + (takeAfter ? first : before));
    reach.push(mid);
  }
  return { nodes, reach };
}

/** Makes the terminals of all nets with two or more pins. ROUTE-010: a pin that no wire can reach. */
export function makeTerminals(
  state: RouterState,
  netlist: Netlist,
  floorplan: Floorplan,
  placement: Placement,
  kit: Kit,
): Terminals {
  const { lattice } = state;
  const pinInst = pinInstances(netlist);
  const pinCount = pinInst.length;
  const access = makePinAccess(kit, lattice);
  const diagnostics: Diagnostic[] = [];
  const lowest = lattice.layers[0].layer;
  const portShapes = new Map<number, Floorplan['portPins'][number][]>();
  for (const s of floorplan.portPins) {
    const list = portShapes.get(s.port);
    if (list) list.push(s);
    else portShapes.set(s.port, [s]);
  }

  const setCentre = (t: Terminal, fallback: Rect): void => {
    let x = 0;
    let y = 0;
    for (const n of t.nodes) {
      const at = nodeXy(lattice, n);
      x += at.x;
      y += at.y;
    }
    t.xDbu = t.nodes.length ? Math.round(x / t.nodes.length) : Math.round((fallback.x1 + fallback.x2) / 2);
    t.yDbu = t.nodes.length ? Math.round(y / t.nodes.length) : Math.round((fallback.y1 + fallback.y2) / 2);
  };

  const fillFrom = (
    t: Terminal,
    masterIndex: number,
    k: number,
    orient: number,
    x: number,
    y: number,
  ): void => {
    const master = kit.masters[masterIndex];
    const nodes: number[] = [];
    const vias: number[] = [];
    const reach: number[] = [];
    for (const a of access(masterIndex, k, orient, x, y)) {
      const n = nodeAt(lattice, 0, x + a.xDbu, y + a.yDbu);
      if (n < 0 || isBlocked(state, n)) continue;
      nodes.push(n);
      vias.push(a.via);
      reach.push(lattice.layers[0].vertical ? y + a.yDbu : x + a.xDbu);
    }
    for (const s of master.pins[k].shapes) {
      if (s.layer < lowest) continue;
      const r = placeRect(s.rect, master.widthDbu, master.heightDbu, orient, x, y);
      const on = nodesOnRect(state, s.layer, r);
      on.nodes.forEach((n, i) => {
        if (isBlocked(state, n)) return;
        nodes.push(n);
        vias.push(-1);
        reach.push(on.reach[i]);
      });
    }
    t.nodes = nodes;
    t.vias = vias;
    t.reachDbu = reach;
    setCentre(t, { x1: x, y1: y, x2: x + master.widthDbu, y2: y + master.heightDbu });
  };
  const fillCellPin = (t: Terminal, p: Placement): void => {
    const inst = pinInst[t.pin];
    const k = t.pin - netlist.instPinStart[inst];
    fillFrom(t, netlist.instMaster[inst], k, p.orient[inst], p.xDbu[inst], p.yDbu[inst]);
    if (t.nodes.length === 0) {
      const master = kit.masters[netlist.instMaster[inst]];
      diagnostics.push({
        code: 'ROUTE-010',
        severity: 'error',
        message: `no wire can reach pin ${master.pins[k].name} of ${master.name}`,
        place: netlist.instNames[inst],
        remedy: 'the pin is covered by the power grid or has no point on the tracks; move the cell',
      });
    }
  };

  const portTerminals = (pin: number): Terminal[] =>
    (portShapes.get(pin - pinCount) ?? []).map((s) => {
      const on = nodesOnRect(state, s.layer, s.rect);
      const keep = on.nodes.map((_, i) => i).filter((i) => !isBlocked(state, on.nodes[i]));
      const t: Terminal = {
        pin,
        nodes: keep.map((i) => on.nodes[i]),
        vias: keep.map(() => -1),
        reachDbu: keep.map((i) => on.reach[i]),
        xDbu: 0,
        yDbu: 0,
      };
      setCentre(t, s.rect);
      if (keep.length === 0) {
        diagnostics.push({
          code: 'ROUTE-011',
          severity: 'error',
          message: `the shape of port ${netlist.ports[pin - pinCount].name} is on no free routing track`,
          place: netlist.ports[pin - pinCount].name,
        });
      }
      return t;
    });

  const nets: RoutableNet[] = [];
  const netIndex = new Int32Array(netlist.netNames.length).fill(-1);
  for (let e = 0; e < netlist.netNames.length; e++) {
    if (netlist.netPinStart[e + 1] - netlist.netPinStart[e] < 2) continue;
    const terminals: Terminal[] = [];
    for (let k = netlist.netPinStart[e]; k < netlist.netPinStart[e + 1]; k++) {
      const pin = netlist.netPins[k];
      if (pin >= pinCount) {
        terminals.push(...portTerminals(pin));
        continue;
      }
      const t: Terminal = { pin, nodes: [], vias: [], reachDbu: [], xDbu: 0, yDbu: 0 };
      fillCellPin(t, placement);
      terminals.push(t);
    }
    netIndex[e] = nets.length;
    nets.push({
      net: e,
      terminals,
      spanDbu: 0,
      route: emptyRoute(terminals.length),
      isComplete: false,
      troubledRounds: 0,
    });
  }
  const measure = (n: RoutableNet): void => {
    const xs = n.terminals.map((t) => t.xDbu);
    const ys = n.terminals.map((t) => t.yDbu);
    const range = (v: number[]): number =>
      v.reduce((a, b) => Math.max(a, b), -Infinity) - v.reduce((a, b) => Math.min(a, b), Infinity);
    n.spanDbu = n.terminals.length > 1 ? range(xs) + range(ys) : 0;
  };
  nets.forEach(measure);

  const reserve = (): void => {
    clearClaims(state);
    for (const n of nets) {
      for (const t of n.terminals) {
        if (t.pin < pinCount) continue;
        for (const s of portShapes.get(t.pin - pinCount) ?? []) claimRect(state, s.layer, s.rect, n.net);
      }
    }
    reserveSolePoints(state, nets, pinCount);
  };

  const refreshInstance = (inst: number, p: Placement): void => {
    for (let pin = netlist.instPinStart[inst]; pin < netlist.instPinStart[inst + 1]; pin++) {
      const e = netlist.pinNet[pin];
      if (e < 0 || netIndex[e] < 0) continue;
      const n = nets[netIndex[e]];
      for (const t of n.terminals) if (t.pin === pin) fillCellPin(t, p);
      measure(n);
    }
  };
  const cellTerminal: Terminals['cellTerminal'] = (master, pin, orient, x, y) => {
    const t: Terminal = { pin: -1, nodes: [], vias: [], reachDbu: [], xDbu: 0, yDbu: 0 };
    fillFrom(t, master, pin, orient, x, y);
    return t;
  };
  return { nets, pinInst, diagnostics, refreshInstance, reserve, netIndex, cellTerminal };
}

/**
 * A cell pin that can be met at one node only owns it, and the positions beside it that would block it.
 * Where two such claims overlap the place is nobody's, except the points themselves.
 */
function reserveSolePoints(state: RouterState, nets: readonly RoutableNet[], pinCount: number): void {
  const g = state.lattice.layers[0];
  const sole: { node: number; net: number }[] = [];
  for (const n of nets) {
    for (const t of n.terminals) {
      if (t.pin < pinCount && t.nodes.length === 1) sole.push({ node: t.nodes[0], net: n.net });
    }
  }
  for (const s of sole) {
    const p = (s.node - g.base) % g.posCount;
    for (let m = s.node - p + g.lo[p]; m <= s.node - p + g.hi[p]; m++) claimNode(state, m, s.net);
  }
  for (const s of sole) state.owner[s.node] = s.net + 1;
}
