/**
 * The netlist as SPICE, what a layout is compared with: an empty circuit for each library cell, with those of its pins
 * that some instance connects (a layout has no more), supplies by their own names, and the top circuit with the ports
 * that meet a cell (an extracted netlist has no others). SPICE knows no capitals.
 */
import { IngotError } from '../base/diagnostic.ts';
import type { Kit, Master } from '../stages/kit/index.ts';
import { NONE, type Netlist } from '../stages/netlist/index.ts';

/** Name of the top circuit, whatever the chip is called. */
export const SPICE_TOP = 'INGOT_TOP';

/** TOOL-045 when two ports, or a port and a supply, have the same name but for capitals. */
export function referenceSpice(netlist: Netlist, kit: Kit): string {
  const { ports, instMaster, instPinStart, pinNet } = netlist;
  const used = usedPins(netlist, kit);
  const supplies = suppliesOf([...used.keys()].map((m) => kit.masters[m]!));
  const met = new Set(pinNet);
  const names = [...ports.filter((port) => met.has(port.net)).map((port) => port.name), ...supplies];
  requireDistinct(names);
  const portOfNet = new Map(ports.map((port) => [port.net, port.name]));
  const netName = (net: number): string => portOfNet.get(net) ?? `net$${net}`;
  const lines = ['* netlist of the Verilog'];
  for (const [m, pins] of used) {
    const { name } = kit.masters[m]!;
    lines.push(`.SUBCKT ${name} ${pins.map((k) => kit.masters[m]!.pins[k]!.name).join(' ')}`, '.ENDS');
  }
  lines.push(`.SUBCKT ${SPICE_TOP} ${names.join(' ')}`);
  for (let i = 0; i < instMaster.length; i++) {
    const master = kit.masters[instMaster[i]!]!;
    const nets = used.get(instMaster[i]!)!.map((k) => {
      const pin = master.pins[k]!;
      if (isSupply(pin)) return pin.name;
      const net = pinNet[instPinStart[i]! + k]!;
      return net === NONE ? `open$${i}_${k}` : netName(net);
    });
    lines.push(`X${i} ${nets.join(' ')} ${master.name}`);
  }
  return `${lines.join('\n')}\n.ENDS\n`;
}

const isSupply = (pin: Master['pins'][number]): boolean => pin.use === 'power' || pin.use === 'ground';

/** Names of the cells' power and ground pins, sorted. */
export const suppliesOf = (masters: readonly Master[]): string[] =>
  [...new Set(masters.flatMap((m) => m.pins.filter(isSupply).map((pin) => pin.name)))].sort();

/** Master -> its pins that are connected somewhere, in the library's order. */
function usedPins({ instMaster, instPinStart, pinNet }: Netlist, kit: Kit): Map<number, number[]> {
  const connected = new Map<number, Set<number>>();
  instMaster.forEach((m, i) => {
    const pins = connected.get(m) ?? new Set();
    connected.set(m, pins);
    kit.masters[m]!.pins.forEach((pin, k) => {
      if (isSupply(pin) || pinNet[instPinStart[i]! + k]! !== NONE) pins.add(k);
    });
  });
  return new Map(
    [...connected].sort(([a], [b]) => a - b).map(([m, pins]) => [m, [...pins].sort((a, b) => a - b)]),
  );
}

function requireDistinct(names: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const name of names) {
    const other = seen.get(name.toUpperCase());
    if (other !== undefined)
      throw new IngotError('TOOL-045', `SPICE cannot tell ${other} from ${name}`, {
        place: name,
        remedy: 'give one of the ports another name',
      });
    seen.set(name.toUpperCase(), name);
  }
}
