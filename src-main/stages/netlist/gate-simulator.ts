import { assert, IngotError } from '../../base/diagnostic.ts';
import type { Kit } from '../kit/types.ts';
import {
  AND,
  AND_NOT,
  buildLogicGraph,
  NAND,
  NOR,
  NOT,
  ONE_NODE,
  OR,
  XNOR,
  XOR,
  type LogicGraph,
} from './logic-graph.ts';
import { NONE, type Netlist } from './types.ts';

/**
 * Cycle by cycle simulation of a mapped netlist, 32 samples side by side: bit s of every number is sample s.
 * Two values, zero delay, one clock domain. Order within a cycle: setPort, evaluate, getPort, clock.
 */
export interface GateSimulator {
  /** Index of the port bit, e.g. `in_data[3]`; throws NETLIST-035 if there is none of that direction. */
  port(name: string, direction: 'input' | 'output'): number;
  setPort(port: number, bits: number): void;
  getPort(port: number): number;
  /** Bits of a net after evaluate; 0 on clock nets. */
  getNet(net: number): number;
  /** Puts every flop to these bits (0 or -1, or any mixture). */
  setState(bits: number): void;
  /** Works out all combinational values. */
  evaluate(): void;
  /** Rising edge: flops take their next state. Counts toggles of the settled values if asked to. */
  clock(): void;
  /** Samples whose toggles are counted, as a bit mask; 0 = none (the start). */
  countToggles(samples: number): void;
  /**
   * [nets] transitions between the settled values of successive cycles, summed over the counted samples.
   * Without glitches. Clock nets count two per cycle.
   */
  toggles(): Float64Array;
  /** [nets] share of counted time at 1, from every eighth cycle; 0.5 on clock nets. */
  probabilities(): Float64Array;
}

const PROBABILITY_STRIDE = 8;

export function createGateSimulator(netlist: Netlist, kit: Kit): GateSimulator {
  return new Simulator(netlist, buildLogicGraph(netlist, kit));
}

class Simulator implements GateSimulator {
  readonly #netlist: Netlist;
  readonly #graph: LogicGraph;
  readonly #values: Int32Array;
  readonly #previous: Int32Array;
  readonly #scratch: Int32Array;
  readonly #portNode: Int32Array;
  readonly #portIndex: Map<string, number>;
  /** Nodes that nets stand for, each once. */
  readonly #watched: Int32Array;
  readonly #nodeToggles: Float64Array;
  readonly #nodeOnes: Float64Array;
  #samples = 0;
  #hasPrevious = false;
  /** Over cycles, samples counted. */
  #cycles = 0;
  #countedCycles = 0;
  #onesTotal = 0;

  constructor(netlist: Netlist, graph: LogicGraph) {
    this.#netlist = netlist;
    this.#graph = graph;
    this.#values = new Int32Array(graph.nodeCount);
    this.#values[ONE_NODE] = -1;
    this.#previous = new Int32Array(graph.nodeCount);
    this.#scratch = new Int32Array(graph.nextState.length);
    this.#portNode = Int32Array.from(netlist.ports, (port) => graph.netNode[port.net]!);
    this.#portIndex = new Map(netlist.ports.map((port, p) => [port.name, p]));
    this.#watched = Int32Array.from(new Set(graph.netNode.filter((node) => node > ONE_NODE))).sort();
    this.#nodeToggles = new Float64Array(graph.nodeCount);
    this.#nodeOnes = new Float64Array(graph.nodeCount);
  }

  port(name: string, direction: 'input' | 'output'): number {
    const index = this.#portIndex.get(name);
    if (index === undefined || this.#netlist.ports[index]!.direction !== direction)
      throw new IngotError('NETLIST-035', `the netlist has no ${direction} port ${name}`, {
        place: this.#netlist.top,
        remedy: 'give the netlist of a chip that Ingot generated',
      });
    return index;
  }

  setPort(port: number, bits: number): void {
    assert(this.#netlist.ports[port]?.direction === 'input', `port ${port} is no input`);
    // The clock's node is the constant zero, as are inputs that nothing reads.
    if (port !== this.#graph.clockPort) this.#values[this.#portNode[port]!] = bits;
  }

  getPort(port: number): number {
    return this.#values[this.#portNode[port]!]!;
  }

  getNet(net: number): number {
    const node = this.#graph.netNode[net]!;
    return node === NONE ? 0 : this.#values[node]!;
  }

  setState(bits: number): void {
    const { firstState, nextState } = this.#graph;
    this.#values.fill(bits, firstState, firstState + nextState.length);
  }

  evaluate(): void {
    const { runs, operandA: a, operandB: b, firstOp } = this.#graph;
    const v = this.#values;
    for (let r = 0; r < runs.length; r += 3) {
      const end = runs[r + 2]! - firstOp;
      let i = runs[r + 1]! - firstOp;
      let to = runs[r + 1]!;
      switch (runs[r]!) {
        case AND:
          for (; i < end; i++) v[to++] = v[a[i]!]! & v[b[i]!]!;
          break;
        case OR:
          for (; i < end; i++) v[to++] = v[a[i]!]! | v[b[i]!]!;
          break;
        case XOR:
          for (; i < end; i++) v[to++] = v[a[i]!]! ^ v[b[i]!]!;
          break;
        case NAND:
          for (; i < end; i++) v[to++] = ~(v[a[i]!]! & v[b[i]!]!);
          break;
        case NOR:
          for (; i < end; i++) v[to++] = ~(v[a[i]!]! | v[b[i]!]!);
          break;
        case XNOR:
          for (; i < end; i++) v[to++] = ~(v[a[i]!]! ^ v[b[i]!]!);
          break;
        case AND_NOT:
          for (; i < end; i++) v[to++] = v[a[i]!]! & ~v[b[i]!]!;
          break;
        case NOT:
          for (; i < end; i++) v[to++] = ~v[a[i]!]!;
          break;
      }
    }
  }

  clock(): void {
    if (this.#samples !== 0) this.#count();
    const { firstState, nextState } = this.#graph;
    const v = this.#values;
    const scratch = this.#scratch;
    for (let f = 0; f < nextState.length; f++) scratch[f] = v[nextState[f]!]!;
    v.set(scratch, firstState);
  }

  countToggles(samples: number): void {
    this.#samples = samples;
    this.#hasPrevious = false;
  }

  #count(): void {
    const v = this.#values;
    const previous = this.#previous;
    const watched = this.#watched;
    const samples = this.#samples;
    const active = popcount(samples);
    if (this.#hasPrevious) {
      const toggles = this.#nodeToggles;
      for (let w = 0; w < watched.length; w++) {
        const node = watched[w]!;
        const changed = (v[node]! ^ previous[node]!) & samples;
        if (changed !== 0) toggles[node]! += popcount(changed);
      }
    }
    if (this.#cycles++ % PROBABILITY_STRIDE === 0) {
      const ones = this.#nodeOnes;
      this.#onesTotal += active;
      for (let w = 0; w < watched.length; w++) ones[watched[w]!]! += popcount(v[watched[w]!]! & samples);
    }
    this.#countedCycles += active;
    previous.set(v);
    this.#hasPrevious = true;
  }

  toggles(): Float64Array {
    const { netNode, netIsClock } = this.#graph;
    return Float64Array.from(netNode, (node, net) =>
      netIsClock[net] ? 2 * this.#countedCycles : node === NONE ? 0 : this.#nodeToggles[node]!,
    );
  }

  probabilities(): Float64Array {
    const { netNode, netIsClock } = this.#graph;
    const total = Math.max(1, this.#onesTotal);
    return Float64Array.from(netNode, (node, net) => {
      if (netIsClock[net]) return 0.5;
      if (node === ONE_NODE) return 1;
      return node === NONE ? 0 : this.#nodeOnes[node]! / total;
    });
  }
}

function popcount(bits: number): number {
  let x = bits - ((bits >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
