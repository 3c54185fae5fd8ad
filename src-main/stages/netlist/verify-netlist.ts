/**
 * Judge of a netlist after any step that changed it. Reads only the arrays and the kit's pins; shares no code
 * with the reader and the editor.
 */
import type { Diagnostic } from '../../base/diagnostic.ts';
import type { Kit } from '../kit/types.ts';
import { NONE, type Netlist } from './types.ts';

const MOST_REPORTED = 50;

/**
 * NETLIST-101 arrays do not fit each other, -102 pins of nets and nets of pins disagree, -103 a net has no
 * driver or several, -104 a cell's signal input floats, -105 a name stands twice, -106 two ports on one net,
 * -107 a supply pin is on a net. Empty if all is well.
 */
export function verifyNetlist(netlist: Netlist, kit: Kit): Diagnostic[] {
  const found: Diagnostic[] = [];
  let count = 0;
  const report = (code: string, message: string, place: string): void => {
    if (count++ < MOST_REPORTED) found.push({ code, severity: 'error', message, place });
  };
  if (!checkShapes(netlist, kit, report)) return found;
  checkPins(netlist, kit, report);
  checkNets(netlist, kit, report);
  checkNames(netlist, report);
  if (count > MOST_REPORTED)
    found.push({ code: 'NETLIST-100', severity: 'error', message: `and ${count - MOST_REPORTED} more` });
  return found;
}

type Report = (code: string, message: string, place: string) => void;

function checkShapes(n: Netlist, kit: Kit, report: Report): boolean {
  const insts = n.instNames.length;
  const nets = n.netNames.length;
  const wrong = (what: string): false => {
    report('NETLIST-101', what, n.top);
    return false;
  };
  if (n.instMaster.length !== insts || n.instPinStart.length !== insts + 1)
    return wrong('instance arrays differ in length');
  if (n.netPinStart.length !== nets + 1 || n.netIsClock.length !== nets)
    return wrong('net arrays differ in length');
  let pins = 0;
  for (let i = 0; i < insts; i++) {
    const master = kit.masters[n.instMaster[i]!];
    if (!master) return wrong(`instance ${n.instNames[i]} has no master`);
    if (n.instPinStart[i] !== pins) return wrong(`pins of instance ${n.instNames[i]} start at the wrong id`);
    pins += master.pins.length;
  }
  if (n.instPinStart[insts] !== pins || n.pinNet.length !== pins) return wrong('the number of pins is wrong');
  for (const net of n.pinNet)
    if (net < NONE || net >= nets) return wrong('a pin is on a net that does not exist');
  for (const port of n.ports)
    if (!(port.net >= 0 && port.net < nets)) return wrong(`port ${port.name} has no net`);
  if (n.netPinStart[0] !== 0 || n.netPinStart[nets] !== n.netPins.length)
    return wrong('the list of net pins has the wrong length');
  for (let net = 0; net < nets; net++)
    if (n.netPinStart[net + 1]! < n.netPinStart[net]!) return wrong('starts of net pins do not rise');
  return true;
}

function checkPins(n: Netlist, kit: Kit, report: Report): void {
  const pinCount = n.pinNet.length;
  // Every connected pin must stand once in its net's list: mark while walking, then look for the unmarked.
  const listed = new Int32Array(pinCount + n.ports.length).fill(NONE);
  for (let net = 0; net < n.netNames.length; net++)
    for (let at = n.netPinStart[net]!; at < n.netPinStart[net + 1]!; at++) {
      const pin = n.netPins[at]!;
      const own = pin < pinCount ? n.pinNet[pin] : n.ports[pin - pinCount]?.net;
      if (own !== net || listed[pin] !== NONE)
        report('NETLIST-102', `pin ${pin} is wrongly listed`, n.netNames[net]!);
      else listed[pin] = net;
    }
  n.ports.forEach((port, p) => {
    if (listed[pinCount + p] !== port.net) report('NETLIST-102', 'port is missing on its net', port.name);
  });
  for (let i = 0; i < n.instNames.length; i++)
    kit.masters[n.instMaster[i]!]!.pins.forEach((pin, k) => {
      const id = n.instPinStart[i]! + k;
      const place = `${n.instNames[i]}/${pin.name}`;
      if (listed[id] !== n.pinNet[id]) report('NETLIST-102', 'pin is missing on its net', place);
      const isSupply = pin.use === 'power' || pin.use === 'ground';
      if (isSupply && n.pinNet[id] !== NONE) report('NETLIST-107', 'supply pin is on a signal net', place);
      if (!isSupply && pin.direction === 'input' && n.pinNet[id] === NONE)
        report('NETLIST-104', 'input is not connected', place);
    });
}

function checkNets(n: Netlist, kit: Kit, report: Report): void {
  const drivers = new Int32Array(n.netNames.length);
  const ports = new Int32Array(n.netNames.length);
  const firstDriver = new Int32Array(n.netNames.length).fill(NONE);
  const drive = (net: number, pin: number): void => {
    drivers[net]!++;
    firstDriver[net] = pin;
  };
  for (let i = 0; i < n.instNames.length; i++)
    kit.masters[n.instMaster[i]!]!.pins.forEach((pin, k) => {
      const id = n.instPinStart[i]! + k;
      if (pin.direction === 'output' && n.pinNet[id] !== NONE) drive(n.pinNet[id]!, id);
    });
  n.ports.forEach((port, p) => {
    ports[port.net]!++;
    if (port.direction === 'input') drive(port.net, n.pinNet.length + p);
  });
  for (let net = 0; net < n.netNames.length; net++) {
    const name = n.netNames[net]!;
    if (ports[net]! > 1) report('NETLIST-106', 'more than one port is on the net', name);
    if (n.netPinStart[net] === n.netPinStart[net + 1]) continue; // emptied by an edit
    if (drivers[net] !== 1) report('NETLIST-103', `net has ${drivers[net]} drivers`, name);
    else if (n.netPins[n.netPinStart[net]!] !== firstDriver[net])
      report('NETLIST-102', 'the driver is not first on its net', name);
  }
}

function checkNames(n: Netlist, report: Report): void {
  for (const names of [n.instNames, n.netNames, n.ports.map((p) => p.name)]) {
    const seen = new Set<string>();
    for (const name of names) {
      if (seen.has(name)) report('NETLIST-105', 'name stands twice', name);
      seen.add(name);
    }
  }
}
