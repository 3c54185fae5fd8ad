/** Independent check of the journal: it says all that changed in the netlist, and nothing that did not. */
import type { Diagnostic } from '../../base/diagnostic.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Change } from './types.ts';

/**
 * Replays the journal on the old netlist's masters and connections and compares with the new one: REPAIR-001 a
 * cell is another than the journal says, -002 a pin is on another net's tree of buffers, -003 clock nets changed.
 */
export function verifyTimingRepair(
  before: Netlist,
  after: Netlist,
  journal: readonly Change[],
): Diagnostic[] {
  const problems: Diagnostic[] = [];
  const add = (code: string, message: string, place: string): void => {
    if (problems.length < 100) problems.push({ code, severity: 'error', message, place });
  };
  const masters = Array.from(before.instMaster);
  /** Net of the new netlist -> net of the old one that it was split from. */
  const origin = new Map<number, number>();
  for (const change of journal) {
    if (change.kind === 'resize') {
      if (masters[change.inst] !== change.from)
        add('REPAIR-001', 'resized from another cell than stands there', after.instNames[change.inst] ?? '?');
      masters[change.inst] = change.to;
      continue;
    }
    if (change.inst !== masters.length)
      add('REPAIR-001', 'a buffer was added out of order', after.instNames[change.inst] ?? '?');
    masters.push(change.master);
    origin.set(before.netNames.length + origin.size, change.net);
  }
  if (
    masters.length !== after.instMaster.length ||
    origin.size !== after.netNames.length - before.netNames.length
  )
    add('REPAIR-001', `${after.instMaster.length} cells where the journal has ${masters.length}`, after.top);
  masters.forEach((master, i) => {
    if (after.instMaster[i] !== master) add('REPAIR-001', 'is another cell', after.instNames[i] ?? '?');
  });
  const root = (net: number): number => {
    let at = net;
    for (let steps = 0; steps <= origin.size && origin.has(at); steps++) at = origin.get(at)!;
    return at;
  };
  const shift = after.pinNet.length - before.pinNet.length;
  before.netNames.forEach((name, net) => {
    const isClock = before.netIsClock[net] === 1;
    for (let q = before.netPinStart[net]; q < before.netPinStart[net + 1]; q++) {
      const pin = before.netPins[q];
      const now =
        pin < before.pinNet.length
          ? after.pinNet[pin]
          : (after.ports[pin + shift - after.pinNet.length]?.net ?? -1);
      if (root(now) !== net) add('REPAIR-002', 'a pin left its net', name);
      else if (isClock && now !== net) add('REPAIR-003', 'a clock net was repaired', name);
    }
  });
  return problems;
}
