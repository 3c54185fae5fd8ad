import { describe, expect, test } from 'vitest';
import { Driver } from '../../src-main/stages/timing/ceff.ts';
import { LutPoolBuilder, lookUp } from '../../src-main/stages/timing/lut.ts';
import { linearLut } from '../support/toy-timing-kit.ts';

const builder = new LutPoolBuilder();
const DELAY = builder.add(linearLut(10, 0.1, 2));
const SLEW = builder.add(linearLut(5, 0, 1));
const pool = builder.build();

describe('tables', () => {
  test('between points and beyond both ends', () => {
    for (const [slew, load] of [
      [0, 0],
      [25, 3],
      [50, 10],
      [130, 60],
      [-10, -2],
    ] as const)
      expect(lookUp(pool, DELAY, slew, load)).toBeCloseTo(10 + 0.1 * slew + 2 * load, 9);
  });
});

/** The driver's ramp behind its resistance into the pi and one more pole, by small steps of time. */
function integrate(d: Driver, rd: number, near: number, res: number, far: number, elmore: number) {
  const dt = 0.001;
  let [v1, v2, v3] = [0, 0, 0];
  const crossings: number[][] = [[], []];
  for (let t = d.startPs; t < d.startPs + d.rampPs + 400; t += dt) {
    const source = Math.min(Math.max((t - d.startPs) / d.rampPs, 0), 1);
    const i1 = (source - v1) / rd;
    const i2 = (v1 - v2) / res;
    const [n1, n2, n3] = [v1 + ((i1 - i2) / near) * dt, v2 + (i2 / far) * dt, v3 + ((v1 - v3) / elmore) * dt];
    for (const level of [0.3, 0.5, 0.7]) {
      if (v1 < level && n1 >= level) crossings[0]!.push(t);
      if (v3 < level && n3 >= level) crossings[1]!.push(t);
    }
    [v1, v2, v3] = [n1, n2, n3];
  }
  return crossings as [[number, number, number], [number, number, number]];
}

describe('effective capacitance', () => {
  const driver = new Driver(pool, 0.3, 0.7);

  test('without resistance it is the whole load', () => {
    driver.solve(DELAY, SLEW, 20, 7, 0, 0);
    expect(driver).toMatchObject({ ceffFf: 7, isWaveform: false });
    expect(driver.delayPs).toBeCloseTo(26, 9);
  });

  test.each([
    [4, 0.5, 6, 1],
    [2, 2, 10, 8],
    [3, 1, 9, 20],
  ])('near %f fF, %f kOhm, far %f fF: waveform as integrated step by step', (near, res, far, elmore) => {
    driver.solve(DELAY, SLEW, 20, near, res, far);
    driver.toSink(elmore);
    expect(driver.isWaveform).toBe(true);
    expect(driver.ceffFf).toBeGreaterThan(near);
    expect(driver.ceffFf).toBeLessThan(near + far);
    expect(driver.delayPs).toBeCloseTo(12 + 2 * driver.ceffFf, 9);
    // The toy table's delay rises by 2 ps per fF, so its driver has 2 kOhm, less where no ramp fits that.
    const rd = 2;
    const [at, sink] = integrate(driver, rd, near, res, far, elmore);
    expect(driver.middlePs).toBeCloseTo(at[1], 1);
    expect(driver.slewPs).toBeCloseTo(at[2] - at[0], 1);
    expect(driver.sinkDelayPs).toBeCloseTo(sink[1] - at[1], 1);
    expect(driver.sinkSlewPs).toBeCloseTo(sink[2] - sink[0], 1);
  });

  test('more wire resistance hides more capacitance', () => {
    const ceffs = [0.1, 0.5, 1, 2].map((res) => {
      driver.solve(DELAY, SLEW, 20, 2, res, 8);
      return driver.ceffFf;
    });
    expect(ceffs).toEqual([...ceffs].sort((a, b) => b - a));
    expect(ceffs[3]).toBeLessThan(6);
  });

  test('where the iteration leaves the pi, the whole load and the bare Elmore delay count, as in OpenSTA', () => {
    driver.solve(DELAY, SLEW, 20, 2, 8, 8);
    driver.toSink(30);
    expect(driver).toMatchObject({ ceffFf: 10, isWaveform: false, sinkDelayPs: 30 });
    expect(driver.delayPs).toBeCloseTo(32, 9);
  });

  test('all capacitance behind the resistance: the waveform gives the delay', () => {
    driver.solve(DELAY, SLEW, 20, 0, 0.5, 8);
    expect(driver).toMatchObject({ ceffFf: 8, isWaveform: true });
    expect(driver.delayPs).toBe(driver.middlePs);
    expect(driver.delayPs).toBeLessThan(28);
    expect(driver.delayPs).toBeGreaterThan(20);
  });
});
