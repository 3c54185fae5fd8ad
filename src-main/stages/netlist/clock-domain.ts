/** The one clock of a design, as the gate simulator needs it: every flop on the rising edge of one port. */
import { IngotError } from '../../base/diagnostic.ts';
import { parseFunction } from '../kit/index.ts';
import type { Kit } from '../kit/types.ts';
import { pinInstances } from './connectivity.ts';
import { markClocks } from './mark-clocks.ts';
import { NONE, type Netlist } from './types.ts';

export interface ClockDomain {
  /** Index into Netlist.ports, NONE without flops. */
  readonly port: number;
  /** [nets] */
  readonly netIsClock: Uint8Array;
}

/**
 * Throws NETLIST-033 where a flop's clock does not come from the one clock port through buffers with its
 * rising edge, NETLIST-034 where the clock is used as data.
 */
export function findClock(netlist: Netlist, kit: Kit, flops: readonly number[]): ClockDomain {
  const { instMaster, instPinStart, instNames, pinNet, netPinStart, netPins } = netlist;
  const owner = pinInstances(netlist);
  const { netIsClock } = markClocks(netlist, kit);
  /** [nets] port * 2 + (1 if inverted), or NONE if not known yet. */
  const known = new Int32Array(netlist.netNames.length).fill(NONE);
  const refuse = (inst: number, why: string): never => {
    throw new IngotError('NETLIST-033', `clock of the flop ${why}`, {
      place: instNames[inst]!,
      remedy: 'gate simulation supports one clock port, used at its rising edge, without gating',
    });
  };
  const trace = (net: number, inst: number): number => {
    const path: [number, boolean][] = [];
    let at = net;
    while (known[at] === NONE) {
      const driver = netPins[netPinStart[at]!]!;
      if (driver >= pinNet.length) {
        known[at] = (driver - pinNet.length) * 2;
        break;
      }
      const cell = owner[driver]!;
      const master = kit.masters[instMaster[cell]!]!;
      const inputs = master.pins.flatMap((pin, k) => (pin.direction === 'input' ? [k] : []));
      if (master.sequential !== null || inputs.length !== 1)
        return refuse(inst, `is made by ${instNames[cell]}`);
      const f = parseFunction(master.pins.find((pin) => pin.direction === 'output')!.function ?? '0');
      path.push([at, f.op === 'not']);
      at = pinNet[instPinStart[cell]! + inputs[0]!]!;
      if (at === NONE || path.length > netlist.netNames.length) return refuse(inst, 'has no source');
    }
    let value = known[at]!;
    for (let i = path.length - 1; i >= 0; i--) known[path[i]![0]] = value ^= path[i]![1] ? 1 : 0;
    return value;
  };
  let port = NONE;
  for (const inst of flops) {
    const master = kit.masters[instMaster[inst]!]!;
    const clock = parseFunction(master.sequential!.clockedOn);
    if (clock.op !== 'var') return refuse(inst, 'is used at its falling edge');
    const pin = master.pins.findIndex((p) => p.name === clock.name);
    const net = pinNet[instPinStart[inst]! + pin]!;
    if (net === NONE) return refuse(inst, 'is not connected');
    const source = trace(net, inst);
    if (source & 1) return refuse(inst, 'is inverted');
    if (port !== NONE && port !== source >> 1) return refuse(inst, 'is not that of the others');
    port = source >> 1;
  }
  refuseDataUse(netlist, kit, netIsClock, owner);
  return { port, netIsClock };
}

function refuseDataUse(netlist: Netlist, kit: Kit, netIsClock: Uint8Array, owner: Int32Array): void {
  const { instMaster, instPinStart, pinNet, netPinStart, netPins } = netlist;
  for (let net = 0; net < netIsClock.length; net++) {
    if (!netIsClock[net]) continue;
    for (let at = netPinStart[net]! + 1; at < netPinStart[net + 1]!; at++) {
      const pin = netPins[at]!;
      const inst = pin < pinNet.length ? owner[pin]! : NONE;
      const master = inst === NONE ? null : kit.masters[instMaster[inst]!]!;
      const isClockPin = master?.pins[pin - instPinStart[inst]!]!.isClock ?? false;
      const inputs = master?.pins.filter((p) => p.direction === 'input').length;
      // Diodes have no output; buffers that lead nowhere do no harm either.
      if (isClockPin || (master !== null && master.sequential === null && inputs === 1)) continue;
      throw new IngotError('NETLIST-034', `clock net ${netlist.netNames[net]} is also used as data`, {
        place: inst === NONE ? netlist.netNames[net]! : netlist.instNames[inst]!,
        remedy: 'gate simulation supports clocks that reach clock pins only',
      });
    }
  }
}
