/** Setup and hold at every endpoint: data pins of registers and clock gates, and output ports. */
import { NONE } from '../netlist/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { PortConstraints } from './constraints.ts';
import type { TimingGraph } from './graph.ts';
import type { TimingLibrary } from './library.ts';
import { lookUp } from './lut.ts';
import type { Timing } from './propagate.ts';
import { NO_ARRIVAL, NO_SLACK } from './types.ts';
import type { Constraints } from './types.ts';

export interface EndpointCheck {
  readonly pin: number;
  /** Required time of a rise and a fall for setup; NO_SLACK = not checked. */
  readonly setupRequiredPs: [number, number];
  setupSlackPs: number;
  setupEdge: number;
  setupTimePs: number;
  setupCapturePs: number;
  holdSlackPs: number;
  holdEdge: number;
  holdTimePs: number;
  holdCapturePs: number;
}

export interface CheckResult {
  readonly endpoints: EndpointCheck[];
  readonly unconstrained: number;
  /** Register clock pins that the clock reaches inverted: their half cycles are not analysed. */
  readonly invertedClockPins: number[];
  readonly unclockedPins: number[];
}

function newCheck(pin: number): EndpointCheck {
  return {
    pin,
    setupRequiredPs: [NO_SLACK, NO_SLACK],
    setupSlackPs: NO_SLACK,
    setupEdge: 0,
    setupTimePs: 0,
    setupCapturePs: 0,
    holdSlackPs: NO_SLACK,
    holdEdge: 0,
    holdTimePs: 0,
    holdCapturePs: 0,
  };
}

export function checkEndpoints(
  netlist: Netlist,
  lib: TimingLibrary,
  graph: TimingGraph,
  timing: Timing,
  ports: PortConstraints,
  constraints: Constraints,
): CheckResult {
  const { latestPs, earliestPs, maxSlewPs, minSlewPs } = timing;
  const endpoints: EndpointCheck[] = [];
  const inverted = new Set<number>();
  const unclocked = new Set<number>();
  let unconstrained = 0;
  for (let i = 0; i < netlist.instMaster.length; i++) {
    const checks = lib.checks[netlist.instMaster[i]];
    if (checks.length === 0) continue;
    const start = netlist.instPinStart[i];
    const own = new Map<number, EndpointCheck>();
    for (const check of checks) {
      const pin = start + check.dataPin;
      const clock = start + check.clockPin;
      if (netlist.pinNet[pin] === NONE || graph.constant[pin] !== 2) continue;
      if (!graph.isClock[clock]) {
        unclocked.add(clock);
        continue;
      }
      const exception = ports.exceptions.get(pin);
      if (exception?.isFalse) continue;
      const cycles = exception?.setupCycles ?? 1;
      const holdPs = (exception?.holdCycles ?? 0) * constraints.periodPs;
      if (timing.isFromFall[2 * clock]) {
        inverted.add(clock);
        continue;
      }
      let endpoint = own.get(pin);
      if (!endpoint) {
        endpoint = newCheck(pin);
        own.set(pin, endpoint);
        endpoints.push(endpoint);
      }
      for (let edge = 0; edge < 2; edge++) {
        const lut = edge === 0 ? check.riseLut : check.fallLut;
        const k = 2 * pin + edge;
        if (lut < 0 || latestPs[k] === NO_ARRIVAL) continue;
        if (check.kind === 'setup') {
          const capture = earliestPs[2 * clock] + cycles * constraints.periodPs;
          const time = lookUp(lib.luts, lut, maxSlewPs[k], minSlewPs[2 * clock]);
          const slack = capture - constraints.setupUncertaintyPs - time - latestPs[k];
          endpoint.setupRequiredPs[edge] = latestPs[k] + slack;
          if (slack >= endpoint.setupSlackPs) continue;
          endpoint.setupSlackPs = slack;
          endpoint.setupEdge = edge;
          endpoint.setupTimePs = time;
          endpoint.setupCapturePs = capture;
        } else {
          const capture = latestPs[2 * clock] + holdPs;
          const time = lookUp(lib.luts, lut, minSlewPs[k], maxSlewPs[2 * clock]);
          const slack = earliestPs[k] - capture - time - constraints.holdUncertaintyPs;
          if (slack >= endpoint.holdSlackPs) continue;
          endpoint.holdSlackPs = slack;
          endpoint.holdEdge = edge;
          endpoint.holdTimePs = time;
          endpoint.holdCapturePs = capture;
        }
      }
    }
  }
  const pins = netlist.pinNet.length;
  netlist.ports.forEach((port, p) => {
    if (port.direction !== 'output') return;
    if (Number.isNaN(ports.maxDelayPs[p]) || ports.isFalse[p]) {
      unconstrained++;
      return;
    }
    const endpoint = newCheck(pins + p);
    const exception = ports.exceptions.get(pins + p);
    const capture = ports.latencyPs[p] + (exception?.setupCycles ?? 1) * constraints.periodPs;
    const holdPs = ports.latencyPs[p] + (exception?.holdCycles ?? 0) * constraints.periodPs;
    for (let edge = 0; edge < 2; edge++) {
      const k = 2 * (pins + p) + edge;
      if (latestPs[k] === NO_ARRIVAL) continue;
      const setup = capture - constraints.setupUncertaintyPs - ports.maxDelayPs[p] - latestPs[k];
      endpoint.setupRequiredPs[edge] = latestPs[k] + setup;
      if (setup < endpoint.setupSlackPs) {
        endpoint.setupSlackPs = setup;
        endpoint.setupEdge = edge;
        endpoint.setupTimePs = ports.maxDelayPs[p];
        endpoint.setupCapturePs = capture;
      }
      const hold = earliestPs[k] + ports.minDelayPs[p] - constraints.holdUncertaintyPs - holdPs;
      if (hold < endpoint.holdSlackPs) {
        endpoint.holdSlackPs = hold;
        endpoint.holdEdge = edge;
        endpoint.holdTimePs = -ports.minDelayPs[p];
        endpoint.holdCapturePs = holdPs;
      }
    }
    endpoints.push(endpoint);
  });
  const timed = endpoints.filter((e) => e.setupSlackPs !== NO_SLACK || e.holdSlackPs !== NO_SLACK);
  unconstrained += endpoints.length - timed.length;
  return {
    endpoints: timed.sort((a, b) => a.pin - b.pin),
    unconstrained,
    invertedClockPins: [...inverted],
    unclockedPins: [...unclocked],
  };
}
