import type { Kit, Master } from '../kit/types.ts';
import { pinInstances } from './connectivity.ts';
import { NONE, type Netlist } from './types.ts';

/**
 * The netlist with netIsClock set on every net from which a clock pin is reached: backwards from all clock
 * pins through buffers, inverters and clock gates. A clock made by a flop or by other logic is marked up to
 * that cell's output and no further.
 */
export function markClocks(netlist: Netlist, kit: Kit): Netlist {
  const { pinNet, instMaster, instPinStart, netPinStart, netPins } = netlist;
  const owner = pinInstances(netlist);
  const netIsClock = new Uint8Array(netlist.netNames.length);
  const open: number[] = [];
  const mark = (net: number): void => {
    if (net === NONE || netIsClock[net]) return;
    netIsClock[net] = 1;
    open.push(net);
  };
  for (let i = 0; i < instMaster.length; i++)
    kit.masters[instMaster[i]!]!.pins.forEach((pin, k) => {
      if (pin.isClock) mark(pinNet[instPinStart[i]! + k]!);
    });
  const through = kit.masters.map(clockInput);
  for (let net = open.pop(); net !== undefined; net = open.pop()) {
    const driver = netPins[netPinStart[net]!]!;
    if (driver >= pinNet.length) continue;
    const inst = owner[driver]!;
    const pin = through[instMaster[inst]!]!;
    if (pin !== NONE) mark(pinNet[instPinStart[inst]! + pin]!);
  }
  return { ...netlist, netIsClock };
}

/** The input a clock passes in this master: the only one of a buffer or inverter, a clock gate's clock. */
function clockInput(master: Master): number {
  const inputs = master.pins.flatMap((pin, k) => (pin.direction === 'input' ? [k] : []));
  if (master.sequential?.kind === 'clockGate') return inputs.find((k) => master.pins[k]!.isClock) ?? NONE;
  return master.sequential === null && inputs.length === 1 ? inputs[0]! : NONE;
}
