/**
 * Which nets can never change, by trying: an output is constant when it has the same value for every value of
 * its cell's inputs that are not constant themselves. For the judge; the analysis propagates three values.
 */
import { evaluateFunction, parseFunction, type Expression } from '../kit/index.ts';
import type { Kit } from '../kit/types.ts';
import { NONE, type Netlist } from '../netlist/types.ts';

/** [nets] 0 or 1 where constant, -1 where it can change. */
export function constantNets(netlist: Netlist, kit: Kit): Int8Array {
  const constant = new Int8Array(netlist.netNames.length).fill(-1);
  const expressions = new Map<string, Expression>();
  const parsed = (text: string): Expression => {
    const known = expressions.get(text) ?? parseFunction(text);
    expressions.set(text, known);
    return known;
  };
  const isCell = (inst: number): boolean => kit.masters[netlist.instMaster[inst]].sequential === null;
  let changed = true;
  while (changed) {
    changed = false;
    for (let inst = 0; inst < netlist.instMaster.length; inst++) {
      if (!isCell(inst)) continue;
      const { pins, kind } = kit.masters[netlist.instMaster[inst]];
      const start = netlist.instPinStart[inst];
      const netOf = (k: number): number => netlist.pinNet[start + k];
      const inputs = pins.flatMap((p, k) => (p.direction === 'input' ? [k] : []));
      const known = (k: number): number => (netOf(k) === NONE ? -1 : constant[netOf(k)]);
      if (kind !== 'tie' && inputs.every((k) => known(k) < 0)) continue;
      const free = inputs.filter((k) => known(k) < 0);
      pins.forEach((pin, k) => {
        const net = netOf(k);
        if (pin.direction !== 'output' || pin.function === null || net === NONE || constant[net] >= 0) return;
        const expression = parsed(pin.function);
        let seen = 0;
        for (let choice = 0; choice < 1 << free.length; choice++) {
          const value = (name: string): number => {
            const input = pins.findIndex((p) => p.name === name);
            const fixed = known(input);
            return fixed >= 0 ? -fixed : -((choice >> free.indexOf(input)) & 1);
          };
          seen |= evaluateFunction(expression, value) & 1 ? 2 : 1;
        }
        if (seen === 3) return;
        constant[net] = seen === 2 ? 1 : 0;
        changed = true;
      });
    }
  }
  return constant;
}

/** Whether output `to` of an instance differs between input `from` = 0 and 1 for some values of what is not constant. */
export function canMove(
  netlist: Netlist,
  kit: Kit,
  constant: Int8Array,
  inst: number,
  from: number,
  to: number,
): boolean {
  const { pins, sequential } = kit.masters[netlist.instMaster[inst]];
  const text = pins[to].function;
  if (sequential || text === null) return true;
  const known = (k: number): number => {
    const net = netlist.pinNet[netlist.instPinStart[inst] + k];
    return net === NONE ? -1 : constant[net];
  };
  if (pins.every((p, k) => p.direction !== 'input' || known(k) < 0)) return true;
  const value = pins.map((_, k) => known(k));
  const expression = parseFunction(text);
  const free = pins.flatMap((p, k) => (p.direction === 'input' && k !== from && value[k] < 0 ? [k] : []));
  for (let choice = 0; choice < 1 << free.length; choice++) {
    // Bit 0 of the result is the output at input 0, bit 1 at input 1.
    const both = evaluateFunction(expression, (name) => {
      const k = pins.findIndex((p) => p.name === name);
      if (k === from) return 2;
      return value[k] >= 0 ? -value[k] : -((choice >> free.indexOf(k)) & 1);
    });
    if ((both & 1) !== ((both >> 1) & 1)) return true;
  }
  return false;
}
