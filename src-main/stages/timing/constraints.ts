/** Constraints of ports resolved to arrays over Netlist.ports. */
import { IngotError } from '../../base/diagnostic.ts';
import type { Kit } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Constraints } from './types.ts';

export interface PortConstraints {
  /** Index of the clock port. */
  readonly clockPort: number;
  /** [ports] NaN = no delay given: not analysed */
  readonly minDelayPs: Float64Array;
  readonly maxDelayPs: Float64Array;
  readonly slewPs: Float64Array;
  readonly loadFf: Float64Array;
  /** [ports] master and pin of the driving cell, -1 = none */
  readonly driverMaster: Int32Array;
  readonly driverPin: Int32Array;
  /** [ports] 1 = no path from or to */
  readonly isFalse: Uint8Array;
}

/** One clock on `clockPort`, nothing else said: inputs arrive and outputs are due at the clock edges. */
export function defaultConstraints(clockPort: string, periodPs: number): Constraints {
  return {
    clockName: clockPort,
    clockPort,
    periodPs,
    isClockPropagated: false,
    clockSlewPs: 0,
    setupUncertaintyPs: 0,
    holdUncertaintyPs: 0,
    inputDelays: [{ ports: null, minPs: 0, maxPs: 0 }],
    outputDelays: [{ ports: null, minPs: 0, maxPs: 0 }],
    inputSlewsPs: [],
    outputLoadsFf: [],
    drivingCells: [],
    falsePathsFrom: [],
    falsePathsTo: [],
  };
}

function checkNumbers(c: Constraints): void {
  const bad = (what: string): IngotError => new IngotError('TIMING-010', `constraint out of range: ${what}`);
  if (!(c.periodPs > 0) || !Number.isFinite(c.periodPs)) throw bad(`clock period ${c.periodPs} ps`);
  const nonNegative: [string, number][] = [
    ['clock slew', c.clockSlewPs],
    ...c.inputSlewsPs.map((v): [string, number] => ['input slew', v.value]),
    ...c.outputLoadsFf.map((v): [string, number] => ['output load', v.value]),
  ];
  for (const [what, value] of nonNegative)
    if (!(value >= 0) || !Number.isFinite(value)) throw bad(`${what} ${value}`);
  for (const d of [...c.inputDelays, ...c.outputDelays])
    if (!Number.isFinite(d.minPs) || !Number.isFinite(d.maxPs)) throw bad('a port delay');
  if (!Number.isFinite(c.setupUncertaintyPs) || !Number.isFinite(c.holdUncertaintyPs))
    throw bad('clock uncertainty');
}

export function resolvePorts(netlist: Netlist, kit: Kit, c: Constraints): PortConstraints {
  checkNumbers(c);
  const count = netlist.ports.length;
  const index = new Map(netlist.ports.map((port, p) => [port.name, p]));
  const clockPort = index.get(c.clockPort) ?? -1;
  if (clockPort < 0 || netlist.ports[clockPort].direction !== 'input')
    throw new IngotError('TIMING-011', `the clock's port ${c.clockPort} is no input of ${netlist.top}`, {
      place: c.clockPort,
      remedy: 'name an input port in create_clock',
    });
  const result = {
    clockPort,
    minDelayPs: new Float64Array(count).fill(Number.NaN),
    maxDelayPs: new Float64Array(count).fill(Number.NaN),
    slewPs: new Float64Array(count),
    loadFf: new Float64Array(count),
    driverMaster: new Int32Array(count).fill(-1),
    driverPin: new Int32Array(count).fill(-1),
    isFalse: new Uint8Array(count),
  };
  const each = (
    names: readonly string[] | null,
    direction: 'input' | 'output',
    includeClock: boolean,
    set: (p: number) => void,
  ): void => {
    const all = names ?? netlist.ports.map((port) => port.name);
    for (const name of all) {
      const p = index.get(name);
      if (p === undefined) throw new IngotError('TIMING-012', `there is no port ${name}`, { place: name });
      if (netlist.ports[p].direction === direction) {
        if (p !== clockPort || includeClock) set(p);
      } else if (names)
        throw new IngotError('TIMING-012', `port ${name} is no ${direction}`, { place: name });
    }
  };
  for (const [delays, direction] of [
    [c.inputDelays, 'input'],
    [c.outputDelays, 'output'],
  ] as const)
    for (const d of delays)
      each(d.ports, direction, false, (p) => {
        result.minDelayPs[p] = d.minPs;
        result.maxDelayPs[p] = d.maxPs;
      });
  for (const v of c.inputSlewsPs) each(v.ports, 'input', true, (p) => (result.slewPs[p] = v.value));
  for (const v of c.outputLoadsFf) each(v.ports, 'output', false, (p) => (result.loadFf[p] = v.value));
  for (const d of c.drivingCells) {
    const master = kit.masters.findIndex((m) => m.name === d.master);
    const pin = master < 0 ? -1 : kit.masters[master].pins.findIndex((q) => q.name === d.pin);
    if (pin < 0)
      throw new IngotError('TIMING-013', `the kit has no ${d.master}/${d.pin}`, { place: d.master });
    each(d.ports, 'input', true, (p) => {
      result.driverMaster[p] = master;
      result.driverPin[p] = pin;
    });
  }
  each(c.falsePathsFrom, 'input', true, (p) => (result.isFalse[p] = 1));
  each(c.falsePathsTo, 'output', false, (p) => (result.isFalse[p] = 1));
  return result;
}
