import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import { estimateParasitics } from '../../src-main/stages/extraction/index.ts';
import { markClocks, readNetlist } from '../../src-main/stages/netlist/index.ts';
import { analyzePower, verifyPower, type PowerInput } from '../../src-main/stages/power/index.ts';
import { analyzeTiming, defaultConstraints } from '../../src-main/stages/timing/index.ts';
import { runOpenSta } from '../../src-main/tools/opensta.ts';
import { kitFiles, kitNote, nangate45 } from '../support/kit.ts';
import { randomVerilog } from '../support/netlists.ts';
import { scatter } from '../support/scatter.ts';
import { testTool } from '../support/tools.ts';
import { toyTimingKit } from '../support/toy-timing-kit.ts';

const openSta = testTool('sta');

const folder = mkdtempSync(join(tmpdir(), 'ingot-power-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('an inverter by hand', () => {
  const kit = toyTimingKit();
  const netlist = readNetlist(
    'module top (a, z); input a; output z; INV i (.A(a), .Z(z)); endmodule',
    kit,
  ).value;
  const net = (name: string): number => netlist.netNames.indexOf(name);
  const togglesPerCycle = new Float64Array(2).fill(0.5);
  const probabilityOne = new Float64Array(2);
  probabilityOne[net('a')] = 0.25;
  probabilityOne[net('z')] = 0.75;
  const pinSlewPs = new Float64Array(2 * (netlist.pinNet.length + 2)).fill(20);
  const input = { togglesPerCycle, probabilityOne, clockPeriodPs: 1000, pinSlewPs, outputLoadFf: 8 };
  const p = analyzePower(netlist, kit, null, input);
  // Half a transition per ns: 1/2 x 8 fF x 1 V^2; energies 2 + 0.1 x 8 for a rise, 1 for a fall, mean 1.9 fJ.
  expect(p.switchingMw).toBeCloseTo((0.5 * 8 * 0.5) / 1000, 12);
  expect(p.internalMw).toBeCloseTo((1.9 * 0.5) / 1000, 12);
  // A is 1 for a quarter of the time: 30 nW, else 10 nW.
  expect(p.leakageMw).toBeCloseTo((0.25 * 30 + 0.75 * 10) * 1e-6, 12);
  expect(p.inputPortsMw).toBeCloseTo((0.5 * 1 * 0.5) / 1000, 12);
  expect(p.totalMw).toBeCloseTo(p.switchingMw + p.internalMw + p.leakageMw, 12);
  expect(p.energyPerCycleFj).toBeCloseTo(p.totalMw * 1000, 9);
  expect(verifyPower(netlist, kit, null, input, p)).toEqual([]);
});

describe.skipIf(!kitFiles)(`NanGate45${kitNote}`, () => {
  function sample(seed: number, measured: boolean) {
    const kit = nangate45();
    const netlist = markClocks(readNetlist(randomVerilog(seed, 200, 24), kit).value, kit);
    const { placement, floorplan } = scatter(netlist, kit, seed);
    const wires = estimateParasitics(netlist, placement, kit, floorplan);
    const timing = analyzeTiming(netlist, kit, wires, defaultConstraints('clk', 1000));
    const rng = makeRng(seed);
    const input: PowerInput = {
      togglesPerCycle: Float64Array.from(netlist.netNames, () => rng()),
      probabilityOne: measured ? Float64Array.from(netlist.netNames, () => rng()) : null,
      clockPeriodPs: 1000,
      pinSlewPs: timing.pinSlewPs,
      outputLoadFf: 4,
    };
    return { kit, netlist, wires, input, report: analyzePower(netlist, kit, wires, input) };
  }

  test.each([
    [1, false],
    [2, true],
  ])('the judge agrees on netlist %i, probabilities measured: %s', (seed, measured) => {
    const { kit, netlist, wires, input, report } = sample(seed, measured);
    expect(verifyPower(netlist, kit, wires, input, report)).toEqual([]);
    expect(report.groups.map((g) => [g.name, g.cells > 0])).toEqual([
      ['clock', true],
      ['sequential', true],
      ['combinational', true],
    ]);
  });

  test('the judge sees a wrong cell and a wrong sum', () => {
    const { kit, netlist, wires, input, report } = sample(3, false);
    const judge = (r: typeof report): string[] =>
      verifyPower(netlist, kit, wires, input, r).map((d) => d.code);
    const cell = { ...report, instInternalMw: report.instInternalMw.map((v, i) => (i === 5 ? v * 1.01 : v)) };
    expect(judge(cell)).toEqual(['POWER-001']);
    expect(judge({ ...report, totalMw: report.totalMw * 1.001 })).toEqual(['POWER-002']);
  });

  test('twice the activity, twice the switching power; none, leakage only but for the clock', () => {
    const { kit, netlist, wires, input, report } = sample(4, false);
    const times = (f: number) =>
      analyzePower(netlist, kit, wires, {
        ...input,
        togglesPerCycle: input.togglesPerCycle.map((t) => t * f),
      });
    const clock = report.groups[0]!.switchingMw;
    expect(times(2).switchingMw - clock).toBeCloseTo(2 * (report.switchingMw - clock), 9);
    expect(times(0).switchingMw).toBeCloseTo(clock, 12);
    expect(times(0).leakageMw).toBe(report.leakageMw);
  });

  test.skipIf(!openSta.path)(`single cells beside OpenSTA${openSta.note}`, async () => {
    const kit = nangate45();
    const netlistVerilog =
      'module top (a, b, y, z); input a, b; output y, z;' +
      ' INV_X1 u1 (.A(a), .ZN(y)); NAND2_X1 u2 (.A1(a), .A2(b), .ZN(z)); endmodule\n';
    const netlist = readNetlist(netlistVerilog, kit).value;
    // A clock port there must be; none of the cells hangs on it.
    const constraints = {
      ...defaultConstraints('a', 1000),
      isClockPropagated: true,
      inputSlewsPs: [{ ports: null, value: 17.1859 }],
      outputLoadsFf: [{ ports: null, value: 3.8 }],
    };
    const { pinSlewPs } = analyzeTiming(netlist, kit, null, constraints);
    // OpenSTA derives a NAND's output rate from its inputs': half of each.
    const rate: Record<string, number> = { a: 1, b: 0.25, y: 1, z: 0.625 };
    const report = analyzePower(netlist, kit, null, {
      togglesPerCycle: Float64Array.from(netlist.netNames, (name) => rate[name]!),
      probabilityOne: null,
      clockPeriodPs: 1000,
      pinSlewPs,
      outputLoadFf: 3.8,
    });
    const sdc =
      'create_clock -name v -period 1\nset_input_transition 0.0171859 [all_inputs]\nset_load 3.8 [all_outputs]\n' +
      'set_input_delay 0 -clock v [all_inputs]\n';
    const activity = ['a', 'b'].map(
      (p) => `set_power_activity -input_ports [get_ports ${p}] -activity ${rate[p]} -duty 0.5`,
    );
    const { log } = await runOpenSta(
      {
        netlistVerilog,
        libertyPath: kitFiles!.liberty,
        spef: null,
        sdc,
        top: 'top',
        commands: [...activity, 'report_power -digits 8 -instances [get_cells *]'],
      },
      folder,
    );
    for (const [i, name] of netlist.instNames.entries()) {
      const row = new RegExp(`^\\s*(\\S+)\\s+(\\S+)\\s+(\\S+)\\s+\\S+\\s+${name}$`, 'm').exec(log)!;
      const [internal, switching, leakage] = row.slice(1, 4).map((v) => Number(v) * 1000) as [
        number,
        number,
        number,
      ];
      expect(report.instSwitchingMw[i]! / switching).toBeCloseTo(1, 4);
      expect(report.instLeakageMw[i]! / leakage).toBeCloseTo(1, 5);
      // OpenSTA 2.0 charges the energy of a rise and of a fall to every transition; its later versions the mean.
      const share = report.instInternalMw[i]! / internal;
      expect(Math.min(Math.abs(share - 0.5), Math.abs(share - 1))).toBeLessThan(1e-4);
    }
  });
});
