/** Independent check that adding buffers, clones of tie cells and larger drives kept the logic. */
import type { Diagnostic } from '../../../base/diagnostic.ts';
import type { Kit, Master } from '../../kit/types.ts';
import type { Netlist } from '../../netlist/types.ts';

function isBuffer(m: Master): { input: number } | null {
  const signals = m.pins.filter((p) => p.use === 'signal' || p.use === 'clock');
  const input = m.pins.findIndex((p) => p.direction === 'input');
  const output = m.pins.find((p) => p.direction === 'output');
  if (m.sequential || signals.length !== 2 || input < 0 || !output) return null;
  return output.function?.replace(/[()\s]/g, '') === m.pins[input].name ? { input } : null;
}

const behaviour = (m: Master): string =>
  JSON.stringify([m.pins.map((p) => [p.name, p.direction, p.function?.replace(/\s/g, '')]), m.sequential]);

/** Pin id that drives a net in the end, seen through instances numbered `from` and up that are buffers. */
function rootOf(netlist: Netlist, kit: Kit, owner: Int32Array, net: number, from: number): number {
  let at = net;
  for (let steps = 0; steps < 10000; steps++) {
    const pin = netlist.netPins[netlist.netPinStart[at]] ?? -1;
    if (pin < 0 || pin >= netlist.pinNet.length || owner[pin] < from) return pin;
    const buffer = isBuffer(kit.masters[netlist.instMaster[owner[pin]]]);
    if (!buffer) return pin;
    at = netlist.pinNet[netlist.instPinStart[owner[pin]] + buffer.input];
    if (at < 0) return -1;
  }
  return -1;
}

function owners(netlist: Netlist): Int32Array {
  const owner = new Int32Array(netlist.pinNet.length);
  for (let i = 0; i + 1 < netlist.instPinStart.length; i++)
    for (let p = netlist.instPinStart[i]; p < netlist.instPinStart[i + 1]; p++) owner[p] = i;
  return owner;
}

/**
 * Every pin and port of `before` must be driven in `after` by the same pin, directly or through added buffers, or
 * by an added copy of the same tie cell; masters may only have changed to ones of the same behaviour.
 */
export function verifyBuffering(before: Netlist, after: Netlist, kit: Kit): Diagnostic[] {
  const problems: Diagnostic[] = [];
  const add = (code: string, message: string, place: string): void => {
    if (problems.length < 100) problems.push({ code, severity: 'error', message, place });
  };
  const count = before.instMaster.length;
  for (let i = 0; i < count; i++) {
    const [a, b] = [kit.masters[before.instMaster[i]], kit.masters[after.instMaster[i]]];
    if (a !== b && behaviour(a) !== behaviour(b))
      add('PLACE-120', `${a.name} became ${b.name}`, before.instNames[i]);
  }
  const owner = owners(after);
  const shift = after.pinNet.length - before.pinNet.length;
  const toAfter = (pin: number): number => (pin >= before.pinNet.length ? pin + shift : pin);
  for (let net = 0; net < before.netNames.length; net++) {
    const driver = toAfter(before.netPins[before.netPinStart[net]] ?? -1);
    for (let q = before.netPinStart[net] + 1; q < before.netPinStart[net + 1]; q++) {
      const pin = toAfter(before.netPins[q]);
      const at = pin < after.pinNet.length ? after.pinNet[pin] : after.ports[pin - after.pinNet.length].net;
      const root = at < 0 ? -1 : rootOf(after, kit, owner, at, count);
      if (root === driver) continue;
      const copy =
        root >= 0 && root < after.pinNet.length && owner[root] >= count ? after.instMaster[owner[root]] : -1;
      const original = driver < after.pinNet.length ? after.instMaster[owner[driver]] : -2;
      if (copy === original && kit.masters[copy].kind === 'tie') continue;
      add('PLACE-121', 'a sink has another driver than before', before.netNames[net]);
    }
  }
  return problems;
}
