/**
 * Collects one net's nodes and resistors after another and lays each out as a tree from its driver.
 * Loops keep all their capacitance; of their resistances those on the least-resistance paths stay
 * (Dijkstra), which is what a tree can say of a loop.
 */
import { NONE } from '../netlist/types.ts';
import type { Parasitics } from './types.ts';

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

  /** Ends the net with `root` as its driver's node; returns capacitance of nodes not reached (left out). */
  finishNet(root: number): number {
    const { order, parentOf, kOhmOf } = this.reach(root);
    const place = new Map(order.map((node, i) => [node, i]));
    let lostFf = 0;
    this.netCap.forEach((fF, node) => {
      if (!place.has(node)) lostFf += fF;
    });
    for (const node of order) {
      this.parent.push(parentOf[node] === NONE ? -1 : place.get(parentOf[node])!);
      this.res.push(kOhmOf[node]);
      this.cap.push(this.netCap[node]);
      this.pin.push(this.netPin[node]);
    }
    this.nodeStart.push(this.parent.length);
    this.clear();
    return lostFf;
  }

  /** Ends a net that has no driver. */
  finishEmpty(): void {
    this.clear();
    this.nodeStart.push(this.parent.length);
  }

  build(source: Parasitics['source']): Parasitics {
    return {
      source,
      nodeStart: Int32Array.from(this.nodeStart),
      nodeParent: Int32Array.from(this.parent),
      nodeResKohm: Float64Array.from(this.res),
      nodeCapFf: Float64Array.from(this.cap),
      nodePin: Int32Array.from(this.pin),
    };
  }
}
