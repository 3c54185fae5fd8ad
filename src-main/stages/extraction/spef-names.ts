/**
 * Names as the Verilog of the same netlist has them (see writeVerilog): a port's net bears the port's name;
 * bits of a whole vector are `a[0]`, brackets plain; every other odd character is escaped.
 */
import type { Netlist } from '../netlist/types.ts';

const BIT = /^([A-Za-z_][A-Za-z0-9_$]*)\[(\d+)\]$/;

export const escapeName = (name: string): string => name.replace(/[^A-Za-z0-9_]/g, '\\$&');

/** Names of ports, escaped for SPEF. */
export function spefPortNames(netlist: Netlist): string[] {
  const bits = new Map<string, { bits: Set<number>; directions: Set<string> }>();
  for (const port of netlist.ports) {
    const match = BIT.exec(port.name);
    if (!match) continue;
    const vector = bits.get(match[1]) ?? { bits: new Set<number>(), directions: new Set<string>() };
    vector.bits.add(Number(match[2]));
    vector.directions.add(port.direction);
    bits.set(match[1], vector);
  }
  const isWhole = (name: string): boolean => {
    const vector = bits.get(name);
    return !!vector && vector.directions.size === 1 && Math.max(...vector.bits) === vector.bits.size - 1;
  };
  return netlist.ports.map((port) => {
    const match = BIT.exec(port.name);
    return match && isWhole(match[1]) ? `${escapeName(match[1])}[${match[2]}]` : escapeName(port.name);
  });
}

/** Names of nets, escaped for SPEF; unique. */
export function spefNetNames(netlist: Netlist, portNames: readonly string[]): string[] {
  const names = new Array<string>(netlist.netNames.length);
  const taken = new Set(netlist.ports.map((port) => port.name));
  netlist.ports.forEach((port, p) => (names[port.net] ??= portNames[p]));
  netlist.netNames.forEach((given, n) => {
    if (names[n] !== undefined || netlist.netPinStart[n] === netlist.netPinStart[n + 1]) return;
    let name = given;
    while (taken.has(name)) name += '_net';
    taken.add(name);
    names[n] = escapeName(name);
  });
  netlist.netNames.forEach((given, n) => (names[n] ??= escapeName(given)));
  return names;
}
