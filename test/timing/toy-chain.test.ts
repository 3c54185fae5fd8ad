import { describe, expect, test } from 'vitest';
import { readNetlist } from '../../src-main/stages/netlist/index.ts';
import {
  analyzeTiming,
  defaultConstraints,
  NO_SLACK,
  verifyTiming,
} from '../../src-main/stages/timing/index.ts';
import { codeOf } from '../support/code-of.ts';
import { toyTimingKit } from '../support/toy-timing-kit.ts';

const kit = toyTimingKit();
const read = (body: string, ports = 'clk, a, z'): ReturnType<typeof readNetlist>['value'] =>
  readNetlist(
    `module top (${ports}); input clk, a; output z; wire n1, n2, n3, q, t, ck; ${body} endmodule`,
    kit,
  ).value;

/** a -> INV -> DFF -> INV -> z. */
const CHAIN = read('INV i1 (.A(a), .Z(n1)); DFF r (.CK(clk), .D(n1), .Q(q)); INV i2 (.A(q), .Z(z));');

describe('by hand', () => {
  const constraints = {
    ...defaultConstraints('clk', 200),
    inputDelays: [{ ports: null, minPs: 10, maxPs: 30 }],
    outputDelays: [{ ports: null, minPs: 0, maxPs: 15 }],
    outputLoadsFf: [{ ports: null, value: 4 }],
    setupUncertaintyPs: 5,
    holdUncertaintyPs: 3,
  };
  const report = analyzeTiming(CHAIN, kit, null, constraints);

  test('setup and hold at the register and the port', () => {
    // INV into 1 fF: 10 (rise) or 8 (fall) + 2. Setup 20, hold 4. DFF into 1 fF: 50 or 45 + 2, slew 8.
    // Output INV into 4 fF: its rise comes from q's fall: 45 + 2 + 10 + 0.8 + 8; its fall 50 + 2 + 8 + 0.8 + 8.
    expect([...report.setupSlackPs]).toEqual([
      expect.closeTo(200 - 5 - 20 - (30 + 12), 9),
      expect.closeTo(200 - 5 - 15 - 68.8, 9),
    ]);
    expect([...report.holdSlackPs]).toEqual([
      expect.closeTo(10 + 10 - 4 - 3, 9),
      expect.closeTo(45 + 2 + 10 + 0.8 + 8 - 3, 9),
    ]);
    expect(report.clockMhz).toBeCloseTo(1e6 / (200 - report.setup.worstSlackPs), 9);
  });

  test('the worst path is listed stage by stage', () => {
    const path = report.setupPaths[0]!;
    expect(path.stages.map((s) => [s.kind, s.name, s.edge, s.arrivalPs])).toEqual([
      ['start', 'r/CK', 'rise', 0],
      ['cell', 'r/Q', 'rise', 52],
      ['net', 'i2/A', 'rise', 52],
      ['cell', 'i2/Z', 'fall', expect.closeTo(68.8, 9)],
      ['net', 'z', 'fall', expect.closeTo(68.8, 9)],
    ]);
    expect(path).toMatchObject({ checkPs: 15, capturePs: 200, uncertaintyPs: 5, endpoint: 'z' });
  });

  test('slack through each instance', () => {
    expect([...report.instSlackPs]).toEqual([
      expect.closeTo(133, 3),
      expect.closeTo(report.setup.worstSlackPs, 3),
      expect.closeTo(report.setup.worstSlackPs, 3),
    ]);
  });

  test('a false path has no check', () => {
    const r = analyzeTiming(CHAIN, kit, null, { ...constraints, falsePathsFrom: ['a'], falsePathsTo: ['z'] });
    expect([...r.endpointPin]).toEqual([]);
    expect(r.unconstrainedEndpoints).toBe(2);
  });

  test('the judge agrees, and sees what is changed', () => {
    expect(verifyTiming(CHAIN, kit, null, constraints, report)).toEqual([]);
    const late = structuredClone(report);
    late.pinArrivalPs[2 * CHAIN.netPins[CHAIN.netPinStart[CHAIN.netNames.indexOf('q')]!]!]! += 1;
    expect(verifyTiming(CHAIN, kit, null, constraints, late).map((d) => d.code)).toContain('TIMING-042');
    const kind = { ...report, setupSlackPs: report.setupSlackPs.map((s) => s + 1) };
    expect(verifyTiming(CHAIN, kit, null, constraints, kind).map((d) => d.code)).toContain('TIMING-043');
    const fast = { ...report, clockMhz: report.clockMhz * 1.01 };
    expect(verifyTiming(CHAIN, kit, null, constraints, fast).map((d) => d.code)).toContain('TIMING-044');
    const path = { ...report.setupPaths[0]!, slackPs: 0 };
    const wrong = { ...report, setupPaths: [path] };
    expect(verifyTiming(CHAIN, kit, null, constraints, wrong).map((d) => d.code)).toContain('TIMING-045');
  });
});

test('a propagated clock is delayed by its tree on both sides of a path', () => {
  const n = read(
    'INV c1 (.A(clk), .Z(n1)); INV c2 (.A(n1), .Z(ck)); DFF r1 (.CK(clk), .D(a), .Q(q)); DFF r2 (.CK(ck), .D(q), .Q(z));',
  );
  const base = { ...defaultConstraints('clk', 100), isClockPropagated: true };
  const r = analyzeTiming(n, kit, null, base);
  // c1 falls 8 + 2 with slew 8; c2 rises 10 + 2 + 0.8. Insertion 22.8 at r2, 0 at r1.
  expect(r.clock).toMatchObject({ sinks: 2, minInsertionPs: 0 });
  expect(r.clock.skewPs).toBeCloseTo(22.8, 9);
  const r2 = r.setupPaths.find((p) => p.endpoint === 'r2/D')!;
  expect(r2.slackPs).toBeCloseTo(100 + 22.8 - 20 - 52, 9);
  const ideal = analyzeTiming(n, kit, null, { ...base, isClockPropagated: false });
  expect(ideal.setupPaths.find((p) => p.endpoint === 'r2/D')!.slackPs).toBeCloseTo(100 - 20 - 52, 9);
});

test('a constant stops a path', () => {
  const n = read('TIE t1 (.Z(t)); NAND g (.A(a), .B(t), .Z(n1)); DFF r (.CK(clk), .D(n1), .Q(z));');
  const r = analyzeTiming(n, kit, null, defaultConstraints('clk', 100));
  expect([...r.setupSlackPs]).toHaveLength(1);
  expect(r.setupPaths.map((p) => p.endpoint)).toEqual(['z']);
});

test('half a cycle to and from a register on the inverted clock', () => {
  const n = read(
    'INV c (.A(clk), .Z(ck)); DFF r1 (.CK(clk), .D(a), .Q(q)); DFF r2 (.CK(ck), .D(q), .Q(n1)); DFF r3 (.CK(clk), .D(n1), .Q(z));',
  );
  for (const isClockPropagated of [false, true]) {
    const c = { ...defaultConstraints('clk', 200), isClockPropagated };
    const r = analyzeTiming(n, kit, null, c);
    // The inverter's rise: 10 + 2 behind the clock's fall, slew 8, which the flop behind it feels by a tenth.
    const tree = isClockPropagated ? 12 : 0;
    const slew = isClockPropagated ? 0.8 : 0;
    const paths = new Map(r.setupPaths.map((p) => [p.endpoint, p]));
    expect(paths.get('r2/D')!.slackPs).toBeCloseTo(100 + tree - 20 - 52, 9);
    expect(paths.get('r3/D')!.slackPs).toBeCloseTo(200 - 20 - (100 + tree + 52 + slew), 9);
    expect(paths.get('r3/D')).toMatchObject({
      launch: { clock: 'clk', edge: 'fall' },
      capture: { clock: 'clk', edge: 'rise' },
    });
    const holds = new Map(r.holdPaths.map((p) => [p.endpoint, p.slackPs]));
    // The fall before the launch: a half cycle ago.
    expect(holds.get('r2/D')).toBeCloseTo(47 - (tree - 100) - 4, 9);
    expect(holds.get('r3/D')).toBeCloseTo(100 + tree + 47 + slew - 0 - 4, 9);
    expect(verifyTiming(n, kit, null, c, r)).toEqual([]);
  }
});

describe('trouble', () => {
  test('a combinational loop is named and the rest still timed', () => {
    const n = read(
      'NAND g1 (.A(a), .B(n2), .Z(n1)); INV g2 (.A(n1), .Z(n2)); DFF r (.CK(clk), .D(n1), .Q(q)); INV i (.A(q), .Z(z));',
    );
    const r = analyzeTiming(n, kit, null, defaultConstraints('clk', 100));
    expect(r.diagnostics.map((d) => [d.code, d.severity])).toContainEqual(['TIMING-031', 'error']);
    expect(r.setupSlackPs.some((s) => s !== NO_SLACK)).toBe(true);
  });

  test('registers without a clock', () => {
    const n = read(
      'INV c (.A(clk), .Z(ck)); DFF r1 (.CK(a), .D(q), .Q(n1)); DFF r2 (.CK(ck), .D(n1), .Q(q)); INV i (.A(q), .Z(z));',
    );
    const codes = analyzeTiming(n, kit, null, defaultConstraints('clk', 100)).diagnostics.map((d) => d.code);
    expect(codes).toContain('TIMING-033');
  });

  test.each([
    [{ clockPort: 'ck' }, 'TIMING-011'],
    [{ clockPort: 'z' }, 'TIMING-011'],
    [{ periodPs: 0 }, 'TIMING-010'],
    [{ inputDelays: [{ ports: ['b'], minPs: 0, maxPs: 0 }] }, 'TIMING-012'],
    [{ outputLoadsFf: [{ ports: ['a'], value: 1 }] }, 'TIMING-012'],
    [{ outputLoadsFf: [{ ports: null, value: -1 }] }, 'TIMING-010'],
    [{ drivingCells: [{ ports: null, master: 'BUF', pin: 'Z' }] }, 'TIMING-013'],
  ])('%j is refused', (change, code) => {
    const c = { ...defaultConstraints('clk', 100), ...change };
    expect(codeOf(() => analyzeTiming(CHAIN, kit, null, c)).code).toBe(code);
  });
});
