/**
 * The wire delay that a driver's waveform gives at a sink, by stepping the circuit through time: a ramp behind the
 * driver's resistance, the net as a pi, the sink one pole behind the driver's node. For the judge, where the bound by
 * the Elmore delay is not enough: a waveform with a long tail arrives later than that (its mean lies behind its median).
 * The analysis solves the same circuit in closed form.
 */
export interface DrivenNet {
  /** Resistance of the driver. */
  readonly driveKohm: number;
  readonly nearFf: number;
  readonly wireKohm: number;
  readonly farFf: number;
  /** Time that the driver's node takes between the two levels, and the levels as parts of the supply. */
  readonly slewPs: number;
  readonly slewLower: number;
  readonly slewUpper: number;
}

const STEPS_OF_A_SLEW = 400;
/** Lengths of the ramp tried, up to twice what the slew would take on its own. */
const RAMPS = 64;
const BISECTIONS = 30;
/** A node without capacitance would have no state; a thousandth of the other's is not seen in the result. */
const LEAST_PART = 1e-3;

/**
 * The 50 % delays in ps to a sink of this Elmore delay, one for each ramp that gives the driver's node that slew: mostly
 * one, but a short ramp can leave to the tail of the far capacitance what a longer one has by itself.
 */
export function steppedWireDelaysPs(net: DrivenNet, elmorePs: number): number[] {
  const { slewPs, slewLower, slewUpper } = net;
  const levels = [slewLower, 0.5, slewUpper];
  const excessPs = (rampPs: number): number => {
    const { driver } = crossings(net, rampPs, elmorePs, levels);
    return driver[2]! - driver[0]! - slewPs;
  };
  const stepPs = (2 * slewPs) / (slewUpper - slewLower) / RAMPS;
  const delaysPs: number[] = [];
  let before = excessPs(0);
  for (let k = 1; k <= RAMPS; k++) {
    const here = excessPs(k * stepPs);
    if (before * here <= 0) {
      let [low, high] = [(k - 1) * stepPs, k * stepPs];
      for (let i = 0; i < BISECTIONS; i++) {
        const middle = (low + high) / 2;
        if (excessPs(middle) * before > 0) low = middle;
        else high = middle;
      }
      const { driver, sink } = crossings(net, high, elmorePs, levels);
      delaysPs.push(sink - driver[1]!);
    }
    before = here;
  }
  return delaysPs;
}

/** Times at which the driver's node crosses the levels and the sink crosses one half; implicit trapezoids. */
function crossings(
  net: DrivenNet,
  rampPs: number,
  elmorePs: number,
  levels: readonly number[],
): { driver: number[]; sink: number } {
  const { driveKohm, wireKohm, farFf, slewPs } = net;
  const nearFf = Math.max(net.nearFf, LEAST_PART * farFf);
  const h = slewPs / STEPS_OF_A_SLEW;
  // C dv/dt = A v + b: halves of the conductances over the capacitances, times the step.
  const drive = h / (2 * driveKohm * nearFf);
  const toFar = h / (2 * wireKohm * nearFf);
  const toNear = h / (2 * wireKohm * farFf);
  const pole = h / (2 * elmorePs);
  const det = (1 + drive + toFar) * (1 + toNear) - toFar * toNear;
  const driver: number[] = [];
  let sinkAt = Number.NaN;
  let [near, far, sink, t] = [0, 0, 0, 0];
  const source = (at: number): number => (at >= rampPs ? 1 : at / rampPs);
  for (;;) {
    const ramp = drive * (source(t) + source(t + h));
    const right1 = (1 - drive - toFar) * near + toFar * far + ramp;
    const right2 = toNear * near + (1 - toNear) * far;
    const nextNear = (right1 * (1 + toNear) + toFar * right2) / det;
    const nextFar = ((1 + drive + toFar) * right2 + toNear * right1) / det;
    const nextSink = ((1 - pole) * sink + pole * (near + nextNear)) / (1 + pole);
    while (driver.length < levels.length && nextNear >= levels[driver.length]!)
      driver.push(t + (h * (levels[driver.length]! - near)) / (nextNear - near));
    if (nextSink >= 0.5 && sink < 0.5) sinkAt = t + (h * (0.5 - sink)) / (nextSink - sink);
    if (nextSink >= 0.5 && driver.length === levels.length) return { driver, sink: sinkAt };
    [near, far, sink, t] = [nextNear, nextFar, nextSink, t + h];
  }
}
