/** From the net of every pin to the pins of every net, and back: the two halves of a Netlist. */
import { assert } from '../../base/diagnostic.ts';
import type { Kit } from '../kit/types.ts';
import { NONE, type Netlist } from './types.ts';

type NetlistParts = Omit<Netlist, 'netPinStart' | 'netPins'>;

/** Builds the CSR: pins in rising id, then every driver moved to the front of its net. */
export function assembleNetlist(parts: NetlistParts, kit: Kit): Netlist {
  const { pinNet, ports, instMaster, instPinStart } = parts;
  const netCount = parts.netNames.length;
  assert(parts.netIsClock.length === netCount, 'netIsClock and netNames differ in length');
  const netPinStart = new Int32Array(netCount + 1);
  for (let p = 0; p < pinNet.length; p++) if (pinNet[p] !== NONE) netPinStart[pinNet[p]! + 1]!++;
  for (const port of ports) netPinStart[port.net + 1]!++;
  for (let n = 0; n < netCount; n++) netPinStart[n + 1]! += netPinStart[n]!;
  const netPins = new Int32Array(netPinStart[netCount]!);
  const fill = netPinStart.slice(0, netCount);
  const isDriver = new Uint8Array(pinNet.length + ports.length);
  for (let i = 0; i < instMaster.length; i++) {
    const { pins } = kit.masters[instMaster[i]!]!;
    for (let k = 0; k < pins.length; k++)
      if (pins[k]!.direction === 'output') isDriver[instPinStart[i]! + k] = 1;
  }
  const put = (net: number, pin: number): void => {
    const at = fill[net]!++;
    netPins[at] = pin;
    if (isDriver[pin] !== 1) return;
    netPins.copyWithin(netPinStart[net]! + 1, netPinStart[net]!, at);
    netPins[netPinStart[net]!] = pin;
  };
  for (let p = 0; p < pinNet.length; p++) if (pinNet[p] !== NONE) put(pinNet[p]!, p);
  ports.forEach((port, p) => {
    isDriver[pinNet.length + p] = port.direction === 'input' ? 1 : 0;
    put(port.net, pinNet.length + p);
  });
  return { ...parts, netPinStart, netPins };
}

/** Instance of each pin id: [pins]. Ports have none. */
export function pinInstances(netlist: Netlist): Int32Array {
  const owner = new Int32Array(netlist.pinNet.length);
  for (let i = 0; i < netlist.instMaster.length; i++)
    owner.fill(i, netlist.instPinStart[i]!, netlist.instPinStart[i + 1]!);
  return owner;
}

/** `instance/PIN`, or the port's name. `owner` is pinInstances(netlist). */
export function pinName(netlist: Netlist, kit: Kit, owner: Int32Array, pin: number): string {
  const pinCount = netlist.pinNet.length;
  if (pin >= pinCount) return netlist.ports[pin - pinCount]!.name;
  const inst = owner[pin]!;
  const master = kit.masters[netlist.instMaster[inst]!]!;
  return `${netlist.instNames[inst]}/${master.pins[pin - netlist.instPinStart[inst]!]!.name}`;
}
