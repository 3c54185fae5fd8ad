/**
 * A cell driving an RC tree. The tree seen from the driver becomes a pi model (O'Brien, Savarino, "Modeling
 * the driving-point characteristic of resistive interconnect", ICCAD 1989); the cell becomes a saturated
 * ramp behind a resistance whose table delay and slew match at the effective capacitance, which is the one
 * that takes the pi's charge (Dartu, Menezes, Pileggi, "Performance computation for precharacterized CMOS
 * gates with RC loads", TCAD 1996). Sinks see the driver's waveform through one pole at their Elmore delay.
 *
 * Differs from the paper: one unknown (the effective capacitance) by secant, the ramp's length for a given
 * table slew coming from a table of the one-pole ramp response, instead of Newton on three unknowns.
 * The driver's resistance is dDelay/dLoad at the full load (as OpenSTA 2.0; its later versions multiply by
 * ln 2), and the charge is compared over min(full swing of the table slew, 1.4 ramp lengths) as there.
 */
import { lookUp } from './lut.ts';
import type { LutPool } from './lut.ts';

/** u = time / tau of a ramp of length x through one pole, from the ramp's start, until `level`. */
function crossing(x: number, level: number): number {
  const value = (u: number): number =>
    u <= 0 ? 0 : u <= x ? (u - 1 + Math.exp(-u)) / x : 1 - (Math.exp(x - u) * (1 - Math.exp(-x))) / x;
  let [low, high] = [0, x + 20];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (value(middle) < level) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Ramp length and 50 % crossing by the 30-50 % (or kit's) interval, all over tau. */
export interface RampTable {
  readonly lower: number;
  readonly upper: number;
  /** Ascending intervals t(50 %) - t(lower). */
  readonly interval: Float64Array;
  readonly length: Float64Array;
  readonly middle: Float64Array;
}

const RAMP_POINTS = 400;
/** Of the supply; on a 100 ps ramp 1 fs. */
const CROSSING_ERROR = 1e-5;
const RD_ATTEMPTS = 6;
const RD_STEP = 0.75;

export function buildRampTable(lower: number, upper: number): RampTable {
  const interval = new Float64Array(RAMP_POINTS);
  const length = new Float64Array(RAMP_POINTS);
  const middle = new Float64Array(RAMP_POINTS);
  for (let i = 0; i < RAMP_POINTS; i++) {
    const x = 0.01 * Math.pow(1e5, i / (RAMP_POINTS - 1));
    length[i] = x;
    middle[i] = crossing(x, 0.5);
    interval[i] = middle[i] - crossing(x, lower);
  }
  return { lower, upper, interval, length, middle };
}

/** Scratch for one driver, reused. After `solve`, `isWaveform` says whether the poles below are valid. */
export class Driver {
  delayPs = 0;
  slewPs = 0;
  ceffFf = 0;
  isWaveform = false;
  startPs = 0;
  rampPs = 0;
  pole1 = 0;
  pole2 = 0;
  alpha = 0;
  beta1 = 0;
  beta2 = 0;
  middlePs = 0;
  sinkDelayPs = 0;
  sinkSlewPs = 0;
  private k1 = 0;
  private k2 = 0;
  private rd = 0;
  private total = 0;
  private readonly luts: LutPool;
  private readonly ramp: RampTable;

  constructor(luts: LutPool, ramp: RampTable) {
    this.luts = luts;
    this.ramp = ramp;
  }

  /** near, far: fF; resistance: kOhm. far = 0 is a plain load. `isDelayOnly` leaves the waveform unmeasured. */
  solve(
    delayLut: number,
    slewLut: number,
    inSlewPs: number,
    near: number,
    resistance: number,
    far: number,
    isDelayOnly = false,
  ): void {
    const { luts } = this;
    const total = near + far;
    const delay = lookUp(luts, delayLut, inSlewPs, total);
    this.delayPs = delay;
    this.slewPs = Math.max(lookUp(luts, slewLut, inSlewPs, total), 0);
    this.ceffFf = total;
    this.isWaveform = false;
    if (far <= 0 || resistance <= 0) return;
    const rd = Math.abs(lookUp(luts, delayLut, inSlewPs, total + 1) - delay);
    if (rd < 1e-5 || resistance < rd * 1e-3 || far < near * 1e-3) return;
    // A far larger than near leaves a second pole too fast to compute with. Where the table's slew is too
    // fast for any ramp behind rd, a smaller one is tried.
    const nearFf = Math.max(near, far * 1e-3);
    let isFound = false;
    for (let attempt = 0, r = rd; attempt < RD_ATTEMPTS && !isFound; attempt++, r *= RD_STEP) {
      this.setPi(r, nearFf, resistance, far);
      isFound = this.findCeff(delayLut, slewLut, inSlewPs);
    }
    if (!isFound) {
      this.ceffFf = total;
      return;
    }
    this.delayPs = lookUp(luts, delayLut, inSlewPs, this.ceffFf);
    if (!isDelayOnly) this.measure();
  }

  private setPi(rd: number, near: number, resistance: number, far: number): void {
    const a = resistance * rd * far * near;
    const b = rd * (far + near) + resistance * far;
    const root = Math.sqrt(b * b - 4 * a);
    const p1 = (b + root) / (2 * a);
    const p2 = 2 / (b + root);
    const series = (resistance * far * near) / (far + near);
    const zero = resistance * far;
    this.rd = rd;
    this.total = near + far;
    this.pole1 = p1;
    this.pole2 = p2;
    // Current into the pi for a ramp of slope 1: total (1 + k1 exp(-p1 t) + k2 exp(-p2 t)).
    this.k1 = (1 - p1 * series) / (p1 * a * (p1 - p2));
    this.k2 = (1 - p2 * series) / (p2 * a * (p2 - p1));
    // Voltage at the driver for the same ramp: t + alpha + beta1 exp(-p1 t) + beta2 exp(-p2 t).
    this.alpha = zero - b;
    this.beta1 = (1 - p1 * zero) / (p1 * p1 * a * (p2 - p1));
    this.beta2 = (1 - p2 * zero) / (p2 * p2 * a * (p1 - p2));
  }

  /** Charge that the pi takes less that of a plain capacitance, over the comparison time; NaN if no ramp fits. */
  private imbalance(ceff: number, delayLut: number, slewLut: number, inSlewPs: number): number {
    const { ramp } = this;
    const slew = lookUp(this.luts, slewLut, inSlewPs, ceff);
    if (slew <= 0) return Number.NaN;
    const tau = this.rd * ceff;
    const wanted = (slew * (0.5 - ramp.lower)) / (ramp.upper - ramp.lower) / tau;
    const { interval } = ramp;
    const last = interval.length - 1;
    if (wanted <= interval[0]) return Number.NaN;
    let x: number;
    let middle: number;
    if (wanted >= interval[last]) {
      x = wanted / (0.5 - ramp.lower);
      middle = x / 2 + 1;
    } else {
      let [low, high] = [0, last];
      while (high - low > 1) {
        const m = (low + high) >> 1;
        if (interval[m] <= wanted) low = m;
        else high = m;
      }
      const f = (wanted - interval[low]) / (interval[high] - interval[low]);
      x = ramp.length[low] + f * (ramp.length[high] - ramp.length[low]);
      middle = ramp.middle[low] + f * (ramp.middle[high] - ramp.middle[low]);
    }
    const length = x * tau;
    this.rampPs = length;
    this.startPs = lookUp(this.luts, delayLut, inSlewPs, ceff) - middle * tau;
    const span = Math.min(slew / (ramp.upper - ramp.lower), 1.4 * length);
    const pi =
      this.total *
      (span +
        (this.k1 / this.pole1) * (1 - Math.exp(-this.pole1 * span)) +
        (this.k2 / this.pole2) * (1 - Math.exp(-this.pole2 * span)));
    const plain = ceff * (span - tau * (1 - Math.exp(-span / tau)));
    return (pi - plain) / length;
  }

  private findCeff(delayLut: number, slewLut: number, inSlewPs: number): boolean {
    // The plain load takes more charge than the pi at the total capacitance, less at zero.
    let high = this.total;
    let fHigh = this.imbalance(high, delayLut, slewLut, inSlewPs);
    if (Number.isNaN(fHigh)) return false;
    if (fHigh >= 0) {
      this.ceffFf = high;
      return true;
    }
    let low = high * 0.02;
    let fLow = this.imbalance(low, delayLut, slewLut, inSlewPs);
    if (Number.isNaN(fLow) || fLow <= 0) return false;
    let side = 0;
    let ceff = high;
    // Illinois form of false position: never leaves the bracket.
    for (let i = 0; i < 30; i++) {
      const next = (low * fHigh - high * fLow) / (fHigh - fLow);
      const f = this.imbalance(next, delayLut, slewLut, inSlewPs);
      if (Number.isNaN(f)) return false;
      const moved = Math.abs(next - ceff);
      ceff = next;
      if (moved < 1e-3 * this.total || f === 0) break;
      if (f > 0) {
        low = next;
        fLow = f;
        if (side === 1) fHigh /= 2;
        side = 1;
      } else {
        high = next;
        fHigh = f;
        if (side === -1) fLow /= 2;
        side = -1;
      }
    }
    this.ceffFf = ceff;
    return true;
  }

  private measure(): void {
    this.isWaveform = true;
    const end = this.startPs + this.rampPs + 6 / this.pole2;
    const middle = this.findCrossing(0.5, this.startPs, end, 0);
    const lower = this.findCrossing(this.ramp.lower, this.startPs, middle, 0);
    const upper = this.findCrossing(this.ramp.upper, middle, end, 0);
    this.middlePs = middle;
    this.slewPs = upper - lower;
  }

  /** Wire delay and slew at a sink of this Elmore delay, into sinkDelayPs and sinkSlewPs. */
  toSink(elmorePs: number): void {
    this.sinkDelayPs = elmorePs;
    this.sinkSlewPs = this.slewPs;
    if (!this.isWaveform || elmorePs < this.slewPs * 2e-3) return;
    let pole3 = 1 / elmorePs;
    // Equal poles have no partial fractions; a thousandth apart is the same waveform.
    if (Math.abs(pole3 - this.pole1) < 1e-3 * this.pole1) pole3 = this.pole1 * 1.001;
    if (Math.abs(pole3 - this.pole2) < 1e-3 * this.pole2) pole3 = this.pole2 * 1.001;
    const end = this.startPs + this.rampPs + 6 / this.pole2 + 6 * elmorePs;
    const middle = this.findCrossing(0.5, this.middlePs, end, pole3);
    const lower = this.findCrossing(this.ramp.lower, this.startPs, middle, pole3);
    const upper = this.findCrossing(this.ramp.upper, middle, end, pole3);
    this.sinkDelayPs = middle - this.middlePs;
    this.sinkSlewPs = Math.max(upper - lower, this.slewPs);
  }

  /** Newton inside a bracket. pole3 = 0: at the driver. */
  private findCrossing(level: number, from: number, to: number, pole3: number): number {
    const { pole1: p1, pole2: p2, startPs, rampPs } = this;
    let { alpha, beta1, beta2 } = this;
    let beta3 = 0;
    if (pole3 > 0) {
      alpha -= 1 / pole3;
      beta1 *= pole3 / (pole3 - p1);
      beta2 *= pole3 / (pole3 - p2);
      beta3 = -(alpha + beta1 + beta2);
    }
    let low = from;
    let high = to;
    let t = startPs + level * rampPs - alpha;
    if (!(t > low && t < high)) t = (low + high) / 2;
    for (let i = 0; i < 40; i++) {
      const u = t - startPs;
      let e1 = Math.exp(-p1 * u);
      let e2 = Math.exp(-p2 * u);
      let e3 = pole3 > 0 ? Math.exp(-pole3 * u) : 0;
      let value = u + alpha + beta1 * e1 + beta2 * e2 + beta3 * e3;
      let slope = 1 - p1 * beta1 * e1 - p2 * beta2 * e2 - pole3 * beta3 * e3;
      if (u > rampPs) {
        const w = u - rampPs;
        e1 = Math.exp(-p1 * w);
        e2 = Math.exp(-p2 * w);
        e3 = pole3 > 0 ? Math.exp(-pole3 * w) : 0;
        value -= w + alpha + beta1 * e1 + beta2 * e2 + beta3 * e3;
        slope -= 1 - p1 * beta1 * e1 - p2 * beta2 * e2 - pole3 * beta3 * e3;
      }
      const error = value / rampPs - level;
      if (Math.abs(error) < CROSSING_ERROR) break;
      if (error < 0) low = t;
      else high = t;
      const step = (error * rampPs) / slope;
      t -= step;
      if (!(t > low && t < high)) t = (low + high) / 2;
    }
    return t;
  }
}
