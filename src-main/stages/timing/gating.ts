/**
 * Enables of plain AND and OR gates in a clock's way: the enable must not change while the clock is active (AND: high,
 * OR: low). Which gates count is as in OpenSTA: the clock, or its inverse, is itself an operand of the outermost AND
 * or OR of the cell's function; multiplexers and XORs are none.
 */
import { parseFunction } from '../kit/function.ts';
import type { Expression } from '../kit/function.ts';
import type { Kit } from '../kit/types.ts';
import { NONE } from '../netlist/types.ts';
import type { Netlist } from '../netlist/types.ts';
import { UNKNOWN } from './logic.ts';
import type { TimingGraph } from './graph.ts';

export interface GatedEnable {
  readonly enable: number;
  readonly clock: number;
  readonly isActiveHigh: boolean;
}

interface GateInput {
  readonly netlist: Netlist;
  readonly kit: Kit;
  readonly graph: TimingGraph;
}

/** Operands of the outermost AND or OR, nested ones of the same kind flattened; null for other functions. */
function operands(e: Expression): { readonly isAnd: boolean; readonly list: readonly Expression[] } | null {
  let root = e;
  while (root.op === 'not') root = root.arg;
  if (root.op !== 'and' && root.op !== 'or') return null;
  const { op } = root;
  const flat = (x: Expression): Expression[] => (x.op === op ? x.args.flatMap(flat) : [x]);
  return { isAnd: op === 'and', list: flat(root) };
}

function mentions(e: Expression, name: string): boolean {
  if (e.op === 'var') return e.name === name;
  if (e.op === 'const') return false;
  if (e.op === 'not') return mentions(e.arg, name);
  return e.args.some((arg) => mentions(arg, name));
}

export function gatedEnables({ netlist, kit, graph }: GateInput): GatedEnable[] {
  if (!graph.isDataIntoClock) return [];
  const found: GatedEnable[] = [];
  for (let i = 0; i < netlist.instMaster.length; i++) {
    const master = kit.masters[netlist.instMaster[i]];
    const start = netlist.instPinStart[i];
    if (master.sequential) continue;
    master.pins.forEach((out, k) => {
      if (out.direction !== 'output' || out.function === null || !graph.isClock[start + k]) return;
      const gate = operands(parseFunction(out.function));
      if (!gate) return;
      const pinOf = (name: string): number => start + master.pins.findIndex((p) => p.name === name);
      for (const operand of gate.list) {
        const inner = operand.op === 'not' ? operand.arg : operand;
        if (inner.op !== 'var' || !graph.isClock[pinOf(inner.name)]) continue;
        const isActiveHigh = gate.isAnd !== (operand.op === 'not');
        master.pins.forEach((pin, n) => {
          const enable = start + n;
          if (pin.direction !== 'input' || graph.isClock[enable] || graph.constant[enable] !== UNKNOWN)
            return;
          if (netlist.pinNet[enable] === NONE || !gate.list.some((e) => mentions(e, pin.name))) return;
          if (found.some((g) => g.enable === enable)) return;
          found.push({ enable, clock: pinOf(inner.name), isActiveHigh });
        });
      }
    });
  }
  return found;
}
