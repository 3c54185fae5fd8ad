/** Independent check of clock trees: walks from every sink back to the net it was on. Shares no code with the builder. */
import type { Diagnostic } from '../../base/diagnostic.ts';
import type { Kit } from '../kit/types.ts';
import { NONE } from '../netlist/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Placement } from '../placement/types.ts';

export interface ClockTreeReport {
  readonly problems: readonly Diagnostic[];
  readonly sinks: number;
  readonly buffers: number;
  /** Fewest and most buffers between a clock net and its sinks; equal in a sound tree. */
  readonly levels: { readonly min: number; readonly max: number };
  readonly worstFanout: number;
  /** Largest part of a buffer's max_capacitance in use, wires as half perimeters. */
  readonly worstCapFraction: number;
}

/**
 * Every pin that was on a clock net of `before` is reached in `after` from the same net, through added buffers only,
 * equally many for all sinks of one net; fan-out and load of every buffer within bounds; all nets marked as clocks.
 */
export function verifyClockTree(
  before: Netlist,
  after: Netlist,
  kit: Kit,
  placement: Placement,
  bounds: { readonly maxFanout: number },
): ClockTreeReport {
  const problems: Diagnostic[] = [];
  const add = (code: string, message: string, place: string): void => {
    if (problems.length < 100) problems.push({ code, severity: 'error', message, place });
  };
  const insts = before.instMaster.length;
  const owner = new Int32Array(after.pinNet.length);
  for (let i = 0; i < after.instMaster.length; i++)
    for (let p = after.instPinStart[i]; p < after.instPinStart[i + 1]; p++) owner[p] = i;
  let sinks = 0;
  let min = Infinity;
  let max = 0;
  const climb = (pin: number, to: number): number => {
    let net = after.pinNet[pin];
    for (let steps = 0; steps <= after.instMaster.length; steps++) {
      if (net === to) return steps;
      if (net === NONE) return -1;
      if (!after.netIsClock[net])
        add('CLOCK-101', 'net of the tree is not marked as clock', after.netNames[net]);
      const driver = after.netPins[after.netPinStart[net]];
      if (driver >= after.pinNet.length || owner[driver] < insts) return -1;
      const start = after.instPinStart[owner[driver]];
      const { pins } = kit.masters[after.instMaster[owner[driver]]];
      const inputs = pins.flatMap((p, k) => (p.direction === 'input' ? [k] : []));
      const out = pins[driver - start];
      if (inputs.length !== 1 || out.function?.replace(/[()\s]/g, '') !== pins[inputs[0]].name) return -1;
      net = after.pinNet[start + inputs[0]];
    }
    return -1;
  };
  before.netIsClock.forEach((isClock, net) => {
    if (!isClock) return;
    const depths = new Set<number>();
    for (let q = before.netPinStart[net] + 1; q < before.netPinStart[net + 1]; q++) {
      const pin = before.netPins[q];
      if (pin >= before.pinNet.length) continue;
      sinks++;
      const depth = climb(pin, net);
      if (depth < 0) add('CLOCK-102', `clock pin ${pin} is no longer reached`, before.netNames[net]);
      else depths.add(depth);
    }
    if (depths.size > 1)
      add('CLOCK-103', `paths pass ${[...depths].join(' or ')} buffers`, before.netNames[net]);
    for (const d of depths) {
      min = Math.min(min, d);
      max = Math.max(max, d);
    }
  });
  const loads = checkLoads(after, kit, placement, owner, insts, bounds.maxFanout, add);
  return {
    problems,
    sinks,
    buffers: after.instMaster.length - insts,
    levels: { min: sinks ? min : 0, max },
    ...loads,
  };
}

function checkLoads(
  after: Netlist,
  kit: Kit,
  placement: Placement,
  owner: Int32Array,
  insts: number,
  maxFanout: number,
  add: (code: string, message: string, place: string) => void,
): { worstFanout: number; worstCapFraction: number } {
  const top = kit.tech.layers.findIndex((l) => l.name === kit.roles.maxSignalLayer);
  const layer = kit.tech.layers[top - 2];
  const fFPerDbu = layer?.kind === 'routing' ? layer.capacitanceFfPerUm / kit.tech.dbuPerUm : 0;
  let worstFanout = 0;
  let worstCapFraction = 0;
  for (let i = insts; i < after.instMaster.length; i++) {
    const { pins } = kit.masters[after.instMaster[i]];
    const out = pins.findIndex((p) => p.direction === 'output');
    const net = after.pinNet[after.instPinStart[i] + out];
    const name = after.instNames[i];
    if (net === NONE) {
      add('CLOCK-104', 'buffer drives nothing', name);
      continue;
    }
    let cap = 0;
    let [x1, y1, x2, y2] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let q = after.netPinStart[net]; q < after.netPinStart[net + 1]; q++) {
      const pin = after.netPins[q];
      if (pin >= after.pinNet.length) continue;
      const k = owner[pin];
      if (q > after.netPinStart[net])
        cap += kit.masters[after.instMaster[k]].pins[pin - after.instPinStart[k]].capacitanceFf;
      x1 = Math.min(x1, placement.xDbu[k]);
      x2 = Math.max(x2, placement.xDbu[k]);
      y1 = Math.min(y1, placement.yDbu[k]);
      y2 = Math.max(y2, placement.yDbu[k]);
    }
    cap += (x2 - x1 + y2 - y1) * fFPerDbu;
    const fanout = after.netPinStart[net + 1] - after.netPinStart[net] - 1;
    worstFanout = Math.max(worstFanout, fanout);
    worstCapFraction = Math.max(worstCapFraction, cap / pins[out].maxCapacitanceFf);
    if (fanout > maxFanout) add('CLOCK-105', `buffer drives ${fanout} pins`, name);
    if (cap > pins[out].maxCapacitanceFf)
      add('CLOCK-106', `load ${cap.toFixed(1)} fF is over max_capacitance`, name);
  }
  return { worstFanout, worstCapFraction };
}
