/**
 * Collects one net's nodes and resistors after another and lays each out as a tree from its driver.
 * Loops keep all their capacitance; of their resistances those on the least-resistance paths stay
 * (Dijkstra), which is what a tree can say of a loop.
 */
import { NONE } from '../netlist/types.ts';
import type { Parasitics } from './types.ts';

/** Two node indices fit one exact number. */
const NODES_MAX = 2 ** 26;

export class ParasiticsBuilder {
  private readonly nodeStart: number[] = [0];
  private readonly parent: number[] = [];
  private readonly res: number[] = [];
  private readonly cap: number[] = [];
  private readonly pin: number[] = [];
  /** The net being collected. */
  private netCap: number[] = [];
  private netPin: number[] = [];
  private edges: { a: number; b: number; kOhm: number }[] = [];
  private readonly couplings = new Map<number, number>();

  addNode(pin: number, capFf = 0): number {
    this.netPin.push(pin);
    return this.netCap.push(capFf) - 1;
  }

  setPin(node: number, pin: number): void {
    this.netPin[node] = pin;
  }

  pinAt(node: number): number {
    return this.netPin[node];
  }

  addCap(node: number, fF: number): void {
    this.netCap[node] += fF;
  }

  addEdge(a: number, b: number, kOhm: number): void {
    this.edges.push({ a, b, kOhm });
  }

  /** Forgets the net being collected. */
  clear(): void {
    this.netCap = [];
    this.netPin = [];
    this.edges = [];
  }

  /** Nodes reached from `root`, in the order in which they will be laid out, with parents and resistances. */
  private reach(root: number): { order: number[]; parentOf: Int32Array; kOhmOf: Float64Array } {
    const count = this.netCap.length;
    const adjacent: number[][] = Array.from({ length: count }, () => []);
    this.edges.forEach((e, i) => {
      adjacent[e.a].push(i);
      adjacent[e.b].push(i);
    });
    const parentOf = new Int32Array(count).fill(NONE);
    const kOhmOf = new Float64Array(count);
    const order: number[] = [];
    const distance = new Float64Array(count).fill(Infinity);
    const isDone = new Uint8Array(count);
    distance[root] = 0;
    const isTree = this.edges.length < count;
    const queue = [root];
    for (let head = 0; head < queue.length;) {
      // A tree needs no order; with loops the nearest open node goes next (linear search: loops are rare and small).
      let at = head;
      if (!isTree)
        for (let i = head + 1; i < queue.length; i++) if (distance[queue[i]] < distance[queue[at]]) at = i;
      const node = queue[at];
      queue[at] = queue[head];
      queue[head++] = node;
      if (isDone[node]) continue;
      isDone[node] = 1;
      order.push(node);
      for (const i of adjacent[node]) {
        const e = this.edges[i];
        const other = e.a === node ? e.b : e.a;
        const d = distance[node] + e.kOhm;
        if (isDone[other] || d >= distance[other]) continue;
        distance[other] = d;
        parentOf[other] = node;
        kOhmOf[other] = e.kOhm;
        queue.push(other);
      }
    }
    return { order, parentOf, kOhmOf };
  }

  /** Whether every node that is a pin can be reached from root. */
  missingPins(root: number): number[] {
    const reached = new Set(this.reach(root).order);
    const missing: number[] = [];
    this.netPin.forEach((pin, node) => {
      if (pin !== NONE && !reached.has(node)) missing.push(pin);
    });
    return missing;
  }

  /**
   * Ends the net with `root` as its driver's node. Returns the capacitance of nodes not reached, which are left out, and
   * each node's index over all nets, NONE where left out.
   */
  finishNet(root: number): { readonly lostFf: number; readonly nodeIndex: Int32Array } {
    const { order, parentOf, kOhmOf } = this.reach(root);
    const base = this.parent.length;
    const nodeIndex = new Int32Array(this.netCap.length).fill(NONE);
    order.forEach((node, i) => (nodeIndex[node] = base + i));
    let lostFf = 0;
    this.netCap.forEach((fF, node) => {
      if (nodeIndex[node] === NONE) lostFf += fF;
    });
    for (const node of order) {
      this.parent.push(parentOf[node] === NONE ? -1 : nodeIndex[parentOf[node]] - base);
      this.res.push(kOhmOf[node]);
      this.cap.push(this.netCap[node]);
      this.pin.push(this.netPin[node]);
    }
    this.nodeStart.push(this.parent.length);
    this.clear();
    return { lostFf, nodeIndex };
  }

  /** Ends a net that has no driver. */
  finishEmpty(): void {
    this.clear();
    this.nodeStart.push(this.parent.length);
  }

  /** Capacitance between two nodes, by their index over all nets; it counts at both. */
  addCoupling(a: number, b: number, fF: number): void {
    const [low, high] = a < b ? [a, b] : [b, a];
    const key = low * NODES_MAX + high;
    this.couplings.set(key, (this.couplings.get(key) ?? 0) + fF);
    this.cap[low] += fF;
    this.cap[high] += fF;
  }

  /** Capacitance of a finished node to ground. */
  addGround(node: number, fF: number): void {
    this.cap[node] += fF;
  }

  /** Net of a finished node, by its index over all nets. */
  netOf(node: number): number {
    let [low, high] = [0, this.nodeStart.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.nodeStart[middle] <= node) low = middle;
      else high = middle;
    }
    return low;
  }

  build(source: Parasitics['source']): Parasitics {
    const pairs = [...this.couplings.keys()].sort((x, y) => x - y);
    return {
      source,
      nodeStart: Int32Array.from(this.nodeStart),
      nodeParent: Int32Array.from(this.parent),
      nodeResKohm: Float64Array.from(this.res),
      nodeCapFf: Float64Array.from(this.cap),
      nodePin: Int32Array.from(this.pin),
      coupling: {
        a: Int32Array.from(pairs, (key) => Math.floor(key / NODES_MAX)),
        b: Int32Array.from(pairs, (key) => key % NODES_MAX),
        fF: Float64Array.from(pairs, (key) => this.couplings.get(key)!),
      },
    };
  }
}
