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
const BISECTIONS = 40;
/** A node without capacitance would have no state; a thousandth of the other's is not seen in the result. */
const LEAST_PART = 1e-3;

/** The 50 % delay in ps to a sink of this Elmore delay; NaN when no ramp gives the driver's node that slew. */
export function steppedWireDelayPs(net: DrivenNet, elmorePs: number): number {
  const { slewPs, slewLower, slewUpper } = net;
  const slewOf = (rampPs: number): number => {
    const [low, , high] = crossings(net, rampPs, elmorePs, [slewLower, 0.5, slewUpper]).driver;
    return high! - low!;
  };
  let short = 0;
  let long = (2 * slewPs) / (slewUpper - slewLower);
  if (slewOf(short) > slewPs || slewOf(long) < slewPs) return Number.NaN;
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (short + long) / 2;
    if (slewOf(middle) < slewPs) short = middle;
    else long = middle;
  }
  const { driver, sink } = crossings(net, long, elmorePs, [slewLower, 0.5, slewUpper]);
  return sink - driver[1]!;
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
