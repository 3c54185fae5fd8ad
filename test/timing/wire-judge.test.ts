/** The judge's stepped circuit beside the analysis, and a long tail: a wire later than its Elmore delay. */
import { describe, expect, test } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import type { Parasitics } from '../../src-main/stages/extraction/index.ts';
import { readNetlist } from '../../src-main/stages/netlist/index.ts';
import { analyzeTiming, defaultConstraints, verifyTiming } from '../../src-main/stages/timing/index.ts';
import { Driver } from '../../src-main/stages/timing/ceff.ts';
import { buildTimingLibrary } from '../../src-main/stages/timing/library.ts';
import { lookUp } from '../../src-main/stages/timing/lut.ts';
import { steppedWireDelaysPs } from '../../src-main/stages/timing/verify-wire.ts';
import { kitFiles, kitNote, nangate45 } from '../support/kit.ts';

describe.skipIf(!kitFiles)(`wires with a tail${kitNote}`, () => {
  test('the stepped circuit has the delay of the analysis', () => {
    const kit = nangate45();
    const lib = buildTimingLibrary(kit);
    const master = kit.masters.findIndex((m) => m.name === 'BUF_X2');
    const arc = lib.arcStart[master]!;
    // The falling edge.
    const [delayLut, slewLut] = [lib.arcDelayLut[2 * arc + 1]!, lib.arcSlewLut[2 * arc + 1]!];
    const random = makeRng(5);
    const driver = new Driver(lib.luts, kit.slewLower, kit.slewUpper);
    let [compared, late] = [0, 0];
    for (let i = 0; i < 4000; i++) {
      const inSlewPs = 10 + 60 * random();
      const [nearFf, wireKohm, farFf] = [1 + 20 * random(), 0.2 + random(), 5 + 60 * random()];
      const elmorePs = 2 + 25 * random();
      driver.solve(delayLut, slewLut, inSlewPs, nearFf, wireKohm, farFf);
      driver.toSink(elmorePs);
      // Long tails are rare: all of those, and few of the others.
      const isLate = driver.sinkDelayPs > elmorePs * 1.15;
      if (!driver.isWaveform || (!isLate && i > 40)) continue;
      compared++;
      if (isLate) late++;
      const total = nearFf + farFf;
      const at = (part: number): number => lookUp(lib.luts, delayLut, inSlewPs, part * total);
      const driveKohm = (at(0.825) - at(0.75)) / (0.075 * total);
      const { slewLower, slewUpper } = kit;
      const net = { driveKohm, nearFf, wireKohm, farFf, slewPs: driver.slewPs, slewLower, slewUpper };
      const stepped = steppedWireDelaysPs(net, elmorePs);
      expect(stepped.some((delay) => Math.abs(driver.sinkDelayPs / delay - 1) < 0.01)).toBe(true);
    }
    expect(compared).toBeGreaterThan(30);
    expect(late).toBeGreaterThan(3);
  });

  test('the judge lets the tail pass, and nothing later', () => {
    const kit = nangate45();
    const netlist = readNetlist(
      'module top (clk, a, z);\n  input clk, a;\n  output z;\n  wire n;\n  BUF_X2 u1 (.A(a), .Z(n));\n  INV_X1 u2 (.A(n), .ZN(z));\nendmodule\n',
      kit,
    ).value;
    const net = netlist.netNames.indexOf('n');
    const [from, to] = netlist.netPins.subarray(netlist.netPinStart[net], netlist.netPinStart[net + 1]);
    // Driver, near; far; sink on a branch of its own.
    const nodes = { parent: [-1, 0, 0], kohm: [0, 0.36, 5.5], fF: [0.1, 66, 0.1], pin: [from!, -1, to!] };
    const parasitics: Parasitics = {
      source: 'routed',
      nodeStart: Int32Array.from({ length: netlist.netNames.length + 1 }, (_, n) => (n > net ? 3 : 0)),
      nodeParent: Int32Array.from(nodes.parent),
      nodeResKohm: Float64Array.from(nodes.kohm),
      nodeCapFf: Float64Array.from(nodes.fF),
      nodePin: Int32Array.from(nodes.pin),
      coupling: { a: new Int32Array(), b: new Int32Array(), fF: new Float64Array() },
    };
    const constraints = { ...defaultConstraints('clk', 1000), inputSlewsPs: [{ ports: null, value: 22 }] };
    const report = analyzeTiming(netlist, kit, parasitics, constraints);
    const at = (pin: number, edge: number): number => report.pinArrivalPs[2 * pin + edge]!;
    const elmorePs = 5.5 * (0.1 + kit.masters.find((m) => m.name === 'INV_X1')!.pins[0]!.fallCapacitanceFf);
    const wires = [0, 1].map((edge) => at(to!, edge) - at(from!, edge));
    expect(Math.max(...wires)).toBeGreaterThan(1.15 * elmorePs);
    const codes = (): string[] =>
      verifyTiming(netlist, kit, parasitics, constraints, report).map((d) => d.code);
    expect(codes()).toEqual([]);
    const late = wires.indexOf(Math.max(...wires));
    report.pinArrivalPs[2 * to! + late]! += 0.02 * wires[late]!;
    expect(codes()).toContain('TIMING-041');
  });
});
