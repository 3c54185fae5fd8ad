/**
 * A cell driving an RC tree. The tree seen from the driver becomes a pi model (O'Brien, Savarino, "Modeling
 * the driving-point characteristic of resistive interconnect", ICCAD 1989); the cell becomes a saturated
 * ramp behind a resistance whose table delay and slew match at the effective capacitance, which is the one
 * that takes the pi's charge (Dartu, Menezes, Pileggi, "Performance computation for precharacterized CMOS
 * gates with RC loads", TCAD 1996). Sinks see the driver's waveform through one pole at their Elmore delay.
 *
 * Newton on the paper's three unknowns: the ramp's start and length and the effective capacitance. Where it
 * stops decides the last picoseconds of a long path, so all that the paper leaves open is as OpenSTA 2.0 has it:
 * the driver's resistance is dDelay/dLoad at three quarters of the load; the tables count as
 * constant in the Jacobian and the charge's derivatives are those over the ramp; charge is compared over
 * min(full swing of the table slew, 1.4 ramps); 1 % ends an iteration; a step outside the pi's capacitance ends
 * it too, and the plain load is taken. A delay is the table's at the effective capacitance, a slew the waveform's.
 */
import { lookUp } from './lut.ts';
import type { LutPool } from './lut.ts';

/** An iteration ends when no unknown changes by more than this part of itself. */
const TOLERANCE = 0.01;
/** Of the time of a crossing. Wire delays are differences of two, down to hundredths of a ps of hundreds. */
const CROSSING_TOLERANCE = 1e-7;
const MAX_STEPS = 100;
const MAX_ROOT_STEPS = 60;
/** Below these parts of the other, a resistance or a capacitance of the pi is not worth a waveform. */
const NEGLIGIBLE = 1e-3;
const MIN_DRIVE_KOHM = 1e-5;
const LONGEST_CHARGE = 1.4;
/** Parts of the whole load between which the table's slope is the driver's resistance. */
const RD_FROM = 0.75;
const RD_TO = 0.825;

/** Scratch for one driver, reused. After `solve`, `isWaveform` says whether the waveform below is valid. */
export class Driver {
  delayPs = 0;
  slewPs = 0;
  ceffFf = 0;
  isWaveform = false;
  sinkDelayPs = 0;
  sinkSlewPs = 0;
  /** The ramp behind the resistance: its start after the input's edge, and its length. */
  startPs = 0;
  rampPs = 0;
  middlePs = 0;
  private rd = 0;
  private totalFf = 0;
  private totalKohm = 0;
  /** Response at the driver to a ramp of slope 1: t + alpha + beta1 exp(-pole1 t) + beta2 exp(-pole2 t). */
  private pole1 = 0;
  private pole2 = 0;
  private alpha = 0;
  private beta1 = 0;
  private beta2 = 0;
  /** Current into the pi for the same: total (1 + k1 exp(-pole1 t) + k2 exp(-pole2 t)). */
  private k1 = 0;
  private k2 = 0;
  /** Response of rd into a plain load and its derivatives by start, length and load, from `respond`. */
  private y = 0;
  private yStart = 0;
  private yLength = 0;
  private yLoad = 0;
  private readonly luts: LutPool;
  private readonly lower: number;
  private readonly upper: number;

  /** `lower`, `upper`: where slews are measured, parts of the supply. */
  constructor(luts: LutPool, lower: number, upper: number) {
    this.luts = luts;
    this.lower = lower;
    this.upper = upper;
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
    const low = RD_FROM * total;
    const high = RD_TO * total;
    const rd =
      Math.abs(lookUp(luts, delayLut, inSlewPs, high) - lookUp(luts, delayLut, inSlewPs, low)) / (high - low);
    if (rd < MIN_DRIVE_KOHM || resistance < rd * NEGLIGIBLE || far < near * NEGLIGIBLE) return;
    this.rd = rd;
    this.totalKohm = rd + resistance;
    const isOnePole = near < far * NEGLIGIBLE;
    if (isOnePole) this.setOnePole(rd, resistance, far);
    else this.setPi(rd, near, resistance, far);
    if (!this.findRamp(delayLut, slewLut, inSlewPs, isOnePole)) {
      this.ceffFf = total;
      return;
    }
    const table = lookUp(luts, delayLut, inSlewPs, this.ceffFf);
    this.delayPs = table;
    // Without a near capacitance the driver's pin jumps ahead of any plain load: its waveform gives the delay too.
    if (isDelayOnly && !isOnePole) return;
    this.slewPs = Math.max(lookUp(luts, slewLut, inSlewPs, this.ceffFf), 0);
    if (this.measure() && isOnePole) this.delayPs = this.middlePs;
  }

  private setPi(rd: number, near: number, resistance: number, far: number): void {
    const a = resistance * rd * far * near;
    const b = rd * (far + near) + resistance * far;
    const root = Math.sqrt(b * b - 4 * a);
    const p1 = (b + root) / (2 * a);
    const p2 = 2 / (b + root);
    const series = (resistance * far * near) / (far + near);
    const zero = resistance * far;
    this.totalFf = near + far;
    this.pole1 = p1;
    this.pole2 = p2;
    this.k1 = (1 - p1 * series) / (p1 * a * (p1 - p2));
    this.k2 = (1 - p2 * series) / (p2 * a * (p2 - p1));
    this.alpha = zero - b;
    this.beta1 = (1 - p1 * zero) / (p1 * p1 * a * (p2 - p1));
    this.beta2 = (1 - p2 * zero) / (p2 * p2 * a * (p1 - p2));
  }

  private setOnePole(rd: number, resistance: number, far: number): void {
    this.totalFf = far;
    this.pole1 = 1 / (far * (rd + resistance));
    this.pole2 = 0;
    this.alpha = -rd * far;
    this.beta1 = rd * far;
    this.beta2 = 0;
  }

  /** A ramp from `start` of `length` through rd into `load`, `t` after the input's edge. */
  private respond(t: number, start: number, length: number, load: number): void {
    const u = t - start;
    const tau = this.rd * load;
    if (u <= 0) {
      this.y = this.yStart = this.yLength = this.yLoad = 0;
      return;
    }
    const e = Math.exp(-u / tau);
    const area = u - tau * (1 - e);
    const areaLoad = this.rd * ((1 + u / tau) * e - 1);
    if (u <= length) {
      this.y = area / length;
      this.yStart = -(1 - e) / length;
      this.yLength = -area / (length * length);
      this.yLoad = areaLoad / length;
      return;
    }
    const w = u - length;
    const f = Math.exp(-w / tau);
    const after = w - tau * (1 - f);
    const afterLoad = this.rd * ((1 + w / tau) * f - 1);
    this.y = (area - after) / length;
    this.yStart = -(f - e) / length;
    // The exact derivative has the difference of the areas; the sum makes the steps that OpenSTA makes.
    this.yLength = -(area + after) / (length * length) + (1 - f) / length;
    this.yLoad = (areaLoad - afterLoad) / length;
  }

  /** Newton for the ramp, and for the effective capacitance unless the load is all behind the resistance. */
  private findRamp(delayLut: number, slewLut: number, inSlewPs: number, isOnePole: boolean): boolean {
    const { luts, rd, totalFf, lower, upper, pole1: p1, pole2: p2, k1, k2 } = this;
    let ceff = totalFf;
    let length = 0;
    let start = 0;
    for (let step = 0; step < MAX_STEPS; step++) {
      const middle = lookUp(luts, delayLut, inSlewPs, ceff);
      const slew = lookUp(luts, slewLut, inSlewPs, ceff);
      const swing = slew / (upper - lower);
      if (step === 0) {
        length = swing;
        start = middle + Math.log(0.5) * rd * ceff - 0.5 * length;
      }
      if (length <= 0) {
        if (!isOnePole) return false;
        length = (-swing * (0.5 - lower)) / 100;
      }
      this.respond(middle - swing * (0.5 - lower), start, length, ceff);
      const fLower = this.y - lower;
      const { yStart: a11, yLength: a12, yLoad: a13 } = this;
      this.respond(middle, start, length, ceff);
      const fMiddle = this.y - 0.5;
      const { yStart: a21, yLength: a22, yLoad: a23 } = this;
      let dStart: number;
      let dLength: number;
      let dCeff = 0;
      if (isOnePole) {
        const det = a11 * a22 - a12 * a21;
        dStart = (-fLower * a22 + fMiddle * a12) / det;
        dLength = (-fMiddle * a11 + fLower * a21) / det;
      } else {
        const tau = rd * ceff;
        const span = Math.min(swing, LONGEST_CHARGE * length);
        const piCharge =
          totalFf * (span + (k1 / p1) * (1 - Math.exp(-p1 * span)) + (k2 / p2) * (1 - Math.exp(-p2 * span)));
        const plainCharge = ceff * (span - tau * (1 - Math.exp(-span / tau)));
        const fCharge = (piCharge - plainCharge) / (span * length);
        const e1 = Math.exp(-p1 * length);
        const e2 = Math.exp(-p2 * length);
        const et = Math.exp(-length / tau);
        const a32 =
          (totalFf *
            (-length + k1 * (length * e1 - (2 / p1) * (1 - e1)) + k2 * (length * e2 - (2 / p2) * (1 - e2))) +
            ceff * (length + length * et - 2 * tau * (1 - et))) /
          length ** 3;
        const a33 = (2 * tau - length - (2 * tau + length) * et) / (length * length);
        // The charge does not depend on the start: eliminate that from the other two rows.
        if (a11 === 0 && a21 === 0) return false;
        const b2 = a22 * a11 - a12 * a21;
        const b3 = a23 * a11 - a13 * a21;
        const fb = fMiddle * a11 - fLower * a21;
        const det = b2 * a33 - b3 * a32;
        dLength = (-fb * a33 + fCharge * b3) / det;
        dCeff = (-fCharge * b2 + fb * a32) / det;
        dStart =
          Math.abs(a11) > Math.abs(a21)
            ? -(fLower + a12 * dLength + a13 * dCeff) / a11
            : -(fMiddle + a22 * dLength + a23 * dCeff) / a21;
      }
      if (!Number.isFinite(dStart + dLength + dCeff)) return false;
      const isDone =
        Math.abs(dStart) <= TOLERANCE * Math.abs(start) &&
        Math.abs(dLength) <= TOLERANCE * Math.abs(length) &&
        Math.abs(dCeff) <= TOLERANCE * Math.abs(ceff);
      start += dStart;
      length += dLength;
      ceff += dCeff;
      if (isDone) {
        this.startPs = start;
        this.rampPs = length;
        this.ceffFf = ceff;
        return true;
      }
      if (ceff > totalFf || ceff < 0) return false;
    }
    return false;
  }

  private measure(): boolean {
    this.isWaveform = true;
    const end = this.startPs + this.rampPs + 2 * this.totalFf * this.totalKohm;
    this.middlePs = this.findCrossing(0.5, end, 0);
    const lower = this.findCrossing(this.lower, end, 0);
    const upper = this.findCrossing(this.upper, end, 0);
    this.isWaveform = !Number.isNaN(this.middlePs + lower + upper);
    if (this.isWaveform) this.slewPs = upper - lower;
    return this.isWaveform;
  }

  /** Wire delay and slew at a sink of this Elmore delay, into sinkDelayPs and sinkSlewPs. */
  toSink(elmorePs: number): void {
    this.sinkDelayPs = elmorePs;
    this.sinkSlewPs = this.slewPs;
    if (!this.isWaveform || elmorePs < this.slewPs * NEGLIGIBLE) return;
    let pole3 = 1 / elmorePs;
    // Equal poles have no partial fractions; a thousandth apart is the same waveform.
    if (Math.abs(pole3 - this.pole1) < 1e-3 * this.pole1) pole3 = this.pole1 * 1.001;
    if (Math.abs(pole3 - this.pole2) < 1e-3 * this.pole2) pole3 = this.pole2 * 1.001;
    const end = this.startPs + this.rampPs + 2 * this.totalFf * this.totalKohm + elmorePs;
    const middle = this.findCrossing(0.5, end, pole3);
    const lower = this.findCrossing(this.lower, end, pole3);
    const upper = this.findCrossing(this.upper, end, pole3);
    if (Number.isNaN(middle + lower + upper)) return;
    if (middle >= this.middlePs) this.sinkDelayPs = middle - this.middlePs;
    this.sinkSlewPs = Math.max(upper - lower, this.slewPs);
  }

  /** Newton kept in a bracket by bisection, from its middle; pole3 = 0: at the driver. NaN if not crossed. */
  private findCrossing(level: number, to: number, pole3: number): number {
    const { pole1: p1, pole2: p2, startPs, rampPs } = this;
    let { alpha, beta1, beta2 } = this;
    let beta3 = 0;
    if (pole3 > 0) {
      alpha -= 1 / pole3;
      beta1 *= pole3 / (pole3 - p1);
      beta2 *= pole3 / (pole3 - p2);
      beta3 = -(alpha + beta1 + beta2);
    }
    let value = 0;
    let slope = 0;
    const evaluate = (t: number): void => {
      const u = t - startPs;
      if (u <= 0) {
        value = -level;
        slope = 0;
        return;
      }
      let e1 = beta1 * Math.exp(-p1 * u);
      let e2 = beta2 * Math.exp(-p2 * u);
      let e3 = pole3 > 0 ? beta3 * Math.exp(-pole3 * u) : 0;
      value = u + alpha + e1 + e2 + e3;
      slope = 1 - p1 * e1 - p2 * e2 - pole3 * e3;
      if (u > rampPs) {
        const w = u - rampPs;
        e1 = beta1 * Math.exp(-p1 * w);
        e2 = beta2 * Math.exp(-p2 * w);
        e3 = pole3 > 0 ? beta3 * Math.exp(-pole3 * w) : 0;
        value -= w + alpha + e1 + e2 + e3;
        slope -= 1 - p1 * e1 - p2 * e2 - pole3 * e3;
      }
      value = value / rampPs - level;
      slope /= rampPs;
    };
    let low = startPs;
    let high = to;
    evaluate(high);
    if (value < 0) return Number.NaN;
    let t = (low + high) / 2;
    let before = high - low;
    let last = before;
    evaluate(t);
    for (let i = 0; i < MAX_ROOT_STEPS; i++) {
      const isOutside = ((t - high) * slope - value) * ((t - low) * slope - value) > 0;
      if (isOutside || Math.abs(2 * value) > Math.abs(before * slope)) {
        before = last;
        last = (high - low) / 2;
        t = low + last;
      } else {
        before = last;
        last = value / slope;
        t -= last;
      }
      if (Math.abs(last) <= CROSSING_TOLERANCE * Math.abs(t)) return t;
      evaluate(t);
      if (value < 0) low = t;
      else high = t;
    }
    return Number.NaN;
  }
}
