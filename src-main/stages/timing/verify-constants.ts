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
