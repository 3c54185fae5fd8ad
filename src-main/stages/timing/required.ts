/** Worst setup slack through every pin and instance: required times carried backwards over the same graph. */
import type { Kit } from '../kit/types.ts';
import { NONE } from '../netlist/types.ts';
import type { Netlist } from '../netlist/types.ts';
import { Driver } from './ceff.ts';
import type { EndpointCheck } from './checks.ts';
import { isArcEnabled, isArcFollowed } from './graph.ts';
import type { TimingGraph } from './graph.ts';
import { BY_FALL, BY_RISE } from './library.ts';
import type { TimingLibrary } from './library.ts';
import type { NetLoads } from './loads.ts';
import type { Timing } from './propagate.ts';
import { NO_ARRIVAL, NO_SLACK } from './types.ts';

/** Setup slack: [pins and ports] and [insts], NO_SLACK where none; pins of the clock network have none. */
export function setupSlacks(
  netlist: Netlist,
  kit: Kit,
  lib: TimingLibrary,
  graph: TimingGraph,
  loads: NetLoads,
  timing: Timing,
  endpoints: readonly EndpointCheck[],
): { readonly pinSlackPs: Float32Array; readonly instSlackPs: Float32Array } {
  const pins = netlist.pinNet.length;
  const total = pins + netlist.ports.length;
  const { latestPs, maxSlewPs, maxWirePs } = timing;
  const required = new Float64Array(2 * total).fill(NO_SLACK);
  for (const e of endpoints) {
    required[2 * e.pin] = e.setupRequiredPs[0];
    required[2 * e.pin + 1] = e.setupRequiredPs[1];
  }
  const driver = new Driver(lib.luts, kit.slewLower, kit.slewUpper);
  const { isClock, pinDriver, pinInst, order } = graph;
  for (let at = order.length - 1; at >= 0; at--) {
    const pin = order[at];
    const source = pinDriver[pin];
    for (let edge = 0; edge < 2; edge++) {
      const k = 2 * pin + edge;
      if (required[k] === NO_SLACK || latestPs[k] === NO_ARRIVAL) continue;
      if (source !== NONE) {
        const r = required[k] - maxWirePs[k];
        if (r < required[2 * source + edge]) required[2 * source + edge] = r;
        continue;
      }
      if (pin >= pins) continue;
      const inst = pinInst[pin];
      const start = netlist.instPinStart[inst];
      const slot = 2 * netlist.pinNet[pin] + edge;
      const row = lib.pinStart[netlist.instMaster[inst]] + pin - start;
      for (let a = lib.intoStart[row]; a < lib.intoStart[row + 1]; a++) {
        const from = start + lib.arcFrom[a];
        const delayLut = lib.arcDelayLut[2 * a + edge];
        // Behind a launch lies the clock, whose own slack is no property of this path.
        if (delayLut < 0 || lib.arcIsLaunch[a] || !isArcFollowed(isClock, from, pin, false)) continue;
        if (lib.arcWhen[a] && !isArcEnabled(lib, kit, netlist, graph.constant, inst, a)) continue;
        const cause = lib.arcCause[2 * a + edge];
        for (let inEdge = 0; inEdge < 2; inEdge++) {
          if (!(cause & (inEdge === 0 ? BY_RISE : BY_FALL))) continue;
          const j = 2 * from + inEdge;
          if (latestPs[j] === NO_ARRIVAL) continue;
          driver.solve(
            delayLut,
            lib.arcSlewLut[2 * a + edge],
            maxSlewPs[j],
            loads.nearFf[slot],
            loads.resKohm[slot],
            loads.farFf[slot],
            true,
          );
          const r = required[k] - driver.delayPs;
          if (r < required[j]) required[j] = r;
        }
      }
    }
  }
  const pinSlackPs = new Float32Array(total).fill(NO_SLACK);
  const instSlackPs = new Float32Array(netlist.instMaster.length).fill(NO_SLACK);
  for (let pin = 0; pin < total; pin++) {
    if (isClock[pin]) continue;
    for (let k = 2 * pin; k < 2 * pin + 2; k++) {
      if (required[k] === NO_SLACK || latestPs[k] === NO_ARRIVAL) continue;
      const s = required[k] - latestPs[k];
      if (s < pinSlackPs[pin]) pinSlackPs[pin] = s;
    }
    if (pin < pins && pinSlackPs[pin] < instSlackPs[pinInst[pin]])
      instSlackPs[pinInst[pin]] = pinSlackPs[pin];
  }
  return { pinSlackPs, instSlackPs };
}
