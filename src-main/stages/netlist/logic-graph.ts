/**
 * A netlist's logic as a levelised graph of two-input operations, 32 independent samples per node (one bit
 * each). Every node has an index into one Int32Array; nodes of one level and one operation are neighbours, so
 * evaluation is a few hundred plain loops without a branch inside. (Oblivious compiled simulation: Barzilai et
 * al., "HSS - a high-speed simulator", 1987. Zero delay, two values.) Buffers share their input's node.
 */
import { IngotError } from '../../base/diagnostic.ts';
import { functionVariables, parseFunction, type Expression } from '../kit/index.ts';
import type { Kit, Master, Sequential } from '../kit/types.ts';
import { findClock } from './clock-domain.ts';
import { NONE, type Netlist } from './types.ts';

export const AND = 0;
export const OR = 1;
export const XOR = 2;
export const NAND = 3;
export const NOR = 4;
export const XNOR = 5;
/** a AND NOT b */
export const AND_NOT = 6;
export const NOT = 7;
const OPS = 8;

/** The nodes that stand before all others. */
const ZERO_NODE = 0;
export const ONE_NODE = 1;

export interface LogicGraph {
  readonly nodeCount: number;
  /** Nodes of flop states are firstState .. firstState + nextState.length - 1. */
  readonly firstState: number;
  /** [flops] node whose value the flop takes at the clock's edge. */
  readonly nextState: Int32Array;
  /** [flops] instance. */
  readonly flopInst: Int32Array;
  /** First node that is computed; operand arrays are indexed by node - firstOp. */
  readonly firstOp: number;
  readonly operandA: Int32Array;
  readonly operandB: Int32Array;
  /** Triples (operation, first node, end node) in order of evaluation. */
  readonly runs: Int32Array;
  /** [nets] node, NONE on nets without driver. */
  readonly netNode: Int32Array;
  /** [nets] 1 = clock net, whose node is constant. */
  readonly netIsClock: Uint8Array;
  /** Index of the clock's port, NONE without flops. */
  readonly clockPort: number;
}

/**
 * Throws NETLIST-030 combinational loop, -031 latch, clock gate or tristate cell, -032 cell without function,
 * -033/-034 clocking that is not one rising edge of one port (see clock-domain.ts).
 */
export function buildLogicGraph(netlist: Netlist, kit: Kit): LogicGraph {
  return new GraphBuilder(netlist, kit).build();
}

/** What the simulator needs of a master, worked out once. */
interface CellModel {
  readonly outputs: readonly { readonly pin: number; readonly expression: Expression }[];
  /** Pins on which an output depends at once (not through the clock). */
  readonly inputs: readonly number[];
  readonly sequential: {
    readonly next: Expression;
    readonly clear: Expression | null;
    readonly preset: Expression | null;
  } | null;
  readonly refusal: string | null;
}

class GraphBuilder {
  readonly #netlist: Netlist;
  readonly #kit: Kit;
  readonly #models: CellModel[];
  readonly #op: number[] = [];
  readonly #a: number[] = [];
  readonly #b: number[] = [];
  readonly #level: number[] = [];
  /** Inverse of a node, so that INV cells and inverted inputs share one. */
  readonly #inverse = new Map<number, number>();
  readonly #netNode: Int32Array;
  readonly #pinIndex: Map<string, number>[];

  constructor(netlist: Netlist, kit: Kit) {
    this.#netlist = netlist;
    this.#kit = kit;
    this.#models = kit.masters.map(modelOf);
    this.#pinIndex = kit.masters.map((m) => new Map(m.pins.map((pin, k) => [pin.name, k])));
    this.#netNode = new Int32Array(netlist.netNames.length).fill(NONE);
  }

  build(): LogicGraph {
    const { ports, instMaster, instNames } = this.#netlist;
    const flops: number[] = [];
    for (let i = 0; i < instMaster.length; i++) {
      const model = this.#models[instMaster[i]!]!;
      if (model.refusal)
        throw new IngotError(
          'NETLIST-031',
          `${this.#kit.masters[instMaster[i]!]!.name} is ${model.refusal}: gate simulation does not support it`,
          {
            place: instNames[i]!,
            remedy: 'synthesise without latches, clock gates and tristate cells',
          },
        );
      if (model.sequential) flops.push(i);
    }
    const clock = findClock(this.#netlist, this.#kit, flops);
    this.#source(); // zero
    this.#source(); // one
    ports.forEach((port, p) => {
      if (port.direction === 'input') this.#netNode[port.net] = p === clock.port ? ZERO_NODE : this.#source();
    });
    const firstState = this.#level.length;
    const stateOf = new Map(flops.map((inst) => [inst, this.#source()]));
    const firstOp = this.#level.length;
    for (const inst of this.#order()) this.#buildOutputs(inst, stateOf.get(inst));
    const nextState = flops.map((inst) => this.#buildNext(inst));
    return {
      ...this.#sort(firstOp, nextState),
      firstState,
      flopInst: Int32Array.from(flops),
      netIsClock: clock.netIsClock,
      clockPort: clock.port,
    };
  }

  #source(): number {
    this.#op.push(NONE);
    this.#a.push(ZERO_NODE);
    this.#b.push(ZERO_NODE);
    return this.#level.push(0) - 1;
  }

  /** Instances such that each comes after the drivers of the pins its outputs need (Kahn). */
  #order(): number[] {
    const { netlist: n } = { netlist: this.#netlist };
    const insts = n.instMaster.length;
    const waiting = new Int32Array(insts);
    const order: number[] = [];
    const readers: number[][] = n.netNames.map(() => []);
    for (let i = 0; i < insts; i++) {
      for (const k of this.#models[n.instMaster[i]!]!.inputs) {
        const net = n.pinNet[n.instPinStart[i]! + k]!;
        if (net === NONE || this.#netNode[net] !== NONE) continue;
        readers[net]!.push(i);
        waiting[i]!++;
      }
      if (waiting[i] === 0) order.push(i);
    }
    for (let at = 0; at < order.length; at++) {
      const i = order[at]!;
      for (const { pin } of this.#models[n.instMaster[i]!]!.outputs) {
        const net = n.pinNet[n.instPinStart[i]! + pin]!;
        if (net !== NONE)
          for (const reader of readers[net]!) if (--waiting[reader]! === 0) order.push(reader);
      }
    }
    if (order.length < insts) {
      const stuck = waiting.findIndex((count) => count > 0);
      throw new IngotError('NETLIST-030', 'cells form a combinational loop, or an input has no driver', {
        place: n.instNames[stuck]!,
        remedy: 'run the structural check of the netlist; remove the loop from the source',
      });
    }
    return order;
  }

  #pinNode(inst: number, name: string): number {
    const { instMaster, instPinStart, pinNet, instNames } = this.#netlist;
    const k = this.#pinIndex[instMaster[inst]!]!.get(name);
    const net = k === undefined ? NONE : pinNet[instPinStart[inst]! + k]!;
    const node = net === NONE ? NONE : this.#netNode[net]!;
    if (node === NONE)
      throw new IngotError('NETLIST-032', `input ${name} has no value`, {
        place: `${instNames[inst]}/${name}`,
        remedy: 'connect the pin',
      });
    return node;
  }

  #buildOutputs(inst: number, state: number | undefined): void {
    const { instMaster, instPinStart, pinNet } = this.#netlist;
    const master = this.#kit.masters[instMaster[inst]!]!;
    const model = this.#models[instMaster[inst]!]!;
    let [value, inverse] = [NONE, NONE];
    const lookup = (name: string): number => {
      if (name === master.sequential?.state) return value;
      if (name === master.sequential?.stateInverse)
        return inverse === NONE ? (inverse = this.#not(value)) : inverse;
      return this.#pinNode(inst, name);
    };
    if (state !== undefined) value = this.#override(inst, model, state);
    for (const { pin, expression } of model.outputs) {
      const net = pinNet[instPinStart[inst]! + pin]!;
      if (net !== NONE) this.#netNode[net] = this.#build(expression, false, lookup);
    }
  }

  #buildNext(inst: number): number {
    const model = this.#models[this.#netlist.instMaster[inst]!]!;
    const next = this.#build(model.sequential!.next, false, (name) => this.#pinNode(inst, name));
    return this.#override(inst, model, next);
  }

  /** Asynchronous preset and clear on top of a value; clear wins, as the kit's flops have it. */
  #override(inst: number, model: CellModel, value: number): number {
    const { clear, preset } = model.sequential!;
    const lookup = (name: string): number => this.#pinNode(inst, name);
    let result = value;
    if (preset) result = this.#binary(OR, result, this.#build(preset, false, lookup));
    if (clear) result = this.#binary(AND_NOT, result, this.#build(clear, false, lookup));
    return result;
  }

  #build(e: Expression, inverted: boolean, lookup: (name: string) => number): number {
    if (e.op === 'const') return (e.value === 1) !== inverted ? ONE_NODE : ZERO_NODE;
    if (e.op === 'var') return inverted ? this.#not(lookup(e.name)) : lookup(e.name);
    if (e.op === 'not') return this.#build(e.arg, !inverted, lookup);
    let node = this.#build(e.args[0]!, false, lookup);
    for (let i = 1; i < e.args.length; i++) {
      const arg = e.args[i]!;
      const isLast = i === e.args.length - 1;
      const invert = inverted && isLast;
      if (e.op === 'and' && arg.op === 'not' && !invert) {
        node = this.#binary(AND_NOT, node, this.#build(arg.arg, false, lookup));
        continue;
      }
      const op =
        e.op === 'and' ? (invert ? NAND : AND) : e.op === 'or' ? (invert ? NOR : OR) : invert ? XNOR : XOR;
      node = this.#binary(op, node, this.#build(arg, false, lookup));
    }
    return node;
  }

  #not(node: number): number {
    const known = this.#inverse.get(node);
    if (known !== undefined) return known;
    const result = this.#binary(NOT, node, node);
    this.#inverse.set(node, result);
    this.#inverse.set(result, node);
    return result;
  }

  #binary(op: number, a: number, b: number): number {
    this.#op.push(op);
    this.#a.push(a);
    this.#b.push(b);
    return this.#level.push(Math.max(this.#level[a]!, this.#level[b]!) + 1) - 1;
  }

  /** Renumbers computed nodes by level and operation and cuts them into runs. */
  #sort(
    firstOp: number,
    nextState: readonly number[],
  ): Omit<LogicGraph, 'firstState' | 'flopInst' | 'netIsClock' | 'clockPort'> {
    const count = this.#level.length;
    const key = (node: number): number => this.#level[node]! * OPS + this.#op[node]!;
    const order = Array.from({ length: count - firstOp }, (_, i) => firstOp + i).sort(
      (x, y) => key(x) - key(y) || x - y,
    );
    const place = Int32Array.from({ length: count }, (_, i) => i);
    order.forEach((node, i) => (place[node] = firstOp + i));
    const runs: number[] = [];
    let last = -1;
    order.forEach((node, i) => {
      if (key(node) !== last) runs.push(this.#op[node]!, firstOp + i, firstOp + i);
      last = key(node);
      runs[runs.length - 1]!++;
    });
    return {
      nodeCount: count,
      firstOp,
      operandA: Int32Array.from(order, (node) => place[this.#a[node]!]!),
      operandB: Int32Array.from(order, (node) => place[this.#b[node]!]!),
      runs: Int32Array.from(runs),
      nextState: Int32Array.from(nextState, (node) => place[node]!),
      netNode: this.#netNode.map((node) => (node === NONE ? NONE : place[node]!)),
    };
  }
}

function modelOf(master: Master): CellModel {
  const none: CellModel = { outputs: [], inputs: [], sequential: null, refusal: null };
  const s = master.sequential;
  if (s !== null && s.kind !== 'flop')
    return { ...none, refusal: s.kind === 'latch' ? 'a latch' : 'a clock gate' };
  if (master.pins.some((pin) => pin.threeState !== null)) return { ...none, refusal: 'a tristate cell' };
  const outputs = master.pins.flatMap((pin, k) =>
    pin.direction === 'output' && pin.function !== null
      ? [{ pin: k, expression: parseFunction(pin.function) }]
      : [],
  );
  if (outputs.length < master.pins.filter((pin) => pin.direction === 'output').length)
    return { ...none, refusal: 'a cell without a function' };
  const parsed = s && sequentialModel(s);
  const asynchronous = [parsed?.clear, parsed?.preset].flatMap((e) => (e ? functionVariables(e) : []));
  const names = new Set(
    outputs.flatMap(({ expression }) =>
      functionVariables(expression).flatMap((name) =>
        s && (name === s.state || name === s.stateInverse) ? asynchronous : [name],
      ),
    ),
  );
  const inputs = [...names].map((name) => master.pins.findIndex((pin) => pin.name === name));
  return { outputs, inputs, sequential: parsed, refusal: null };
}

function sequentialModel(s: Sequential): NonNullable<CellModel['sequential']> {
  const optional = (text: string | null): Expression | null => (text === null ? null : parseFunction(text));
  return { next: parseFunction(s.nextState), clear: optional(s.clear), preset: optional(s.preset) };
}
