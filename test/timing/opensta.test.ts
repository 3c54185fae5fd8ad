import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import { estimateParasitics, writeSpef } from '../../src-main/stages/extraction/index.ts';
import { markClocks, readNetlist, writeVerilog } from '../../src-main/stages/netlist/index.ts';
import {
  analyzeTiming,
  defaultConstraints,
  readSdc,
  verifyTiming,
  writeSdc,
} from '../../src-main/stages/timing/index.ts';
import { compareSlacks, runOpenSta } from '../../src-main/tools/opensta.ts';
import { meshVerilog } from '../bench/mesh.ts';
import { codeOf } from '../support/code-of.ts';
import { kitFiles, kitNote, nangate45 } from '../support/kit.ts';
import { randomVerilog } from '../support/netlists.ts';
import { scatter } from '../support/scatter.ts';
import { testTool } from '../support/tools.ts';

const openSta = testTool('sta');

const folder = mkdtempSync(join(tmpdir(), 'ingot-sta-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Endpoints of randomVerilog with other numbers of cycles. */
const EXCEPTIONS = {
  falsePathsTo: ['r3/D'],
  multicycles: [
    { to: ['r1/D', 'r2/D', 'out'], setup: 2, hold: null },
    { to: ['r2/D'], setup: null, hold: 1 },
    { to: ['r7/D'], setup: 3, hold: 2 },
  ],
};

const CONSTRAINTS = {
  ...defaultConstraints('clk', 600),
  isClockPropagated: true,
  setupUncertaintyPs: 30,
  holdUncertaintyPs: 10,
  inputDelays: [{ ports: null, minPs: 50, maxPs: 120 }],
  outputDelays: [{ ports: null, minPs: 0, maxPs: 100 }],
  inputSlewsPs: [{ ports: null, value: 20 }],
  outputLoadsFf: [{ ports: null, value: 3.898 }],
  falsePathsFrom: ['in[2]'],
};

/** Variables, a virtual clock with latency, all inputs but the clock: how public designs are constrained. */
const ORFS_STYLE = `
set clk_name core
set clk_port_name clk
set clk_period 0.6
set clk_io_pct 0.2
set clk_port [get_ports $clk_port_name]
create_clock -name $clk_name -period $clk_period -waveform [list 0 [expr $clk_period / 2]] $clk_port
create_clock -name vclk_$clk_name -period $clk_period
set_clock_latency 0.07 [get_clocks {core vclk_core}]
set_clock_latency -source 0.015 [get_clocks core]
set_clock_uncertainty 0.02 [get_clocks core]
set non_clock_inputs [lsearch -inline -all -not -exact [all_inputs] $clk_port]
set_input_delay [expr $clk_period * $clk_io_pct] -clock vclk_core $non_clock_inputs
set_output_delay [expr {$clk_period * $clk_io_pct}] -clock vclk_core [all_outputs]
set_input_transition 0.02 [get_ports in*]
`;

/** Some inputs of gates tied to 0 and 1. */
function withConstants(verilog: string, seed: number): string {
  const random = makeRng(seed);
  const tied = verilog.replaceAll(/\.(A1|A2|B1|B2|CI|B)\([^()]+\)/g, (text, pin: string) =>
    random() < 0.1 ? `.${pin}(${random() < 0.5 ? 'zero' : 'one'})` : text,
  );
  const ties = '  LOGIC0_X1 tie0 (.Z(zero));\n  LOGIC1_X1 tie1 (.Z(one));\nendmodule';
  return tied.replace(/(?=\n {2}input)/, '\n  wire zero, one;').replace('endmodule', ties);
}

describe.skipIf(!kitFiles)(`NanGate45${kitNote}`, () => {
  test.each([1, 2, 3])('the judge accepts random netlist %i, with and without wires', (seed) => {
    const kit = nangate45();
    const netlist = markClocks(readNetlist(randomVerilog(seed, 400, 40), kit).value, kit);
    const { placement, floorplan } = scatter(netlist, kit, seed);
    const wires = estimateParasitics(netlist, placement, kit, floorplan);
    for (const parasitics of [null, wires]) {
      const report = analyzeTiming(netlist, kit, parasitics, CONSTRAINTS);
      expect(verifyTiming(netlist, kit, parasitics, CONSTRAINTS, report)).toEqual([]);
      expect(report.diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
    }
  });

  describe.skipIf(!openSta.path)(`beside OpenSTA${openSta.note}`, () => {
    test.each([
      ['ideal clock, nothing at the ports', defaultConstraints('clk', 600)],
      ['clock through buffers, all constraints', CONSTRAINTS],
      ['false and multicycle paths', { ...CONSTRAINTS, ...EXCEPTIONS }],
      [
        'driving cells and a slow clock edge',
        {
          ...defaultConstraints('clk', 600),
          clockSlewPs: 40,
          drivingCells: [{ ports: null, master: 'BUF_X2', pin: 'Z' }],
        },
      ],
    ])('without wires every slack agrees within 0.01 ps: %s', async (_name, constraints) => {
      const kit = nangate45();
      const netlist = readNetlist(randomVerilog(7, 600, 64), kit).value;
      const report = analyzeTiming(netlist, kit, null, constraints);
      const theirs = await runOpenSta(
        {
          netlistVerilog: writeVerilog(netlist, kit, { physicalCells: true }),
          libertyPath: kitFiles!.liberty,
          spef: null,
          sdc: writeSdc(constraints),
          top: 'top',
        },
        folder,
      );
      const setup = compareSlacks(netlist, kit, report, theirs, 'setupSlackPs');
      const hold = compareSlacks(netlist, kit, report, theirs, 'holdSlackPs');
      const endpoints = constraints.multicycles.length > 0 ? 64 : 65;
      expect(setup).toMatchObject({ endpoints, missing: 0 });
      expect(hold).toMatchObject({ endpoints, missing: 0 });
      expect(verifyTiming(netlist, kit, null, constraints, report)).toEqual([]);
      expect(setup.maxPs).toBeLessThan(0.01);
      expect(hold.maxPs).toBeLessThan(0.01);
      expect(Math.abs(theirs.tnsPs / report.setup.tnsPs - 1)).toBeLessThan(1e-5);
    });

    // With B2 of an OAI21 at 1, B1 moves nothing, though the library's arc from B1 has no condition.
    test.each([1, 2, 3, 4])('constants stop the arcs that they stop there: seed %i', async (seed) => {
      const kit = nangate45();
      const netlist = readNetlist(withConstants(randomVerilog(seed, 600, 64), seed), kit).value;
      const report = analyzeTiming(netlist, kit, null, CONSTRAINTS);
      expect(verifyTiming(netlist, kit, null, CONSTRAINTS, report)).toEqual([]);
      const theirs = await runOpenSta(
        {
          netlistVerilog: writeVerilog(netlist, kit, { physicalCells: true }),
          libertyPath: kitFiles!.liberty,
          spef: null,
          sdc: writeSdc(CONSTRAINTS),
          top: 'top',
        },
        folder,
      );
      for (const check of ['setupSlackPs', 'holdSlackPs'] as const) {
        const found = compareSlacks(netlist, kit, report, theirs, check);
        expect(found.missing).toBe(0);
        expect(found.endpoints).toBeGreaterThan(30);
        expect(found.maxPs).toBeLessThan(0.01);
      }
    });

    test.each(['', 'set_propagated_clock [get_clocks core]\n'])(
      'constraints in the style of OpenROAD-flow-scripts, as they stand%s',
      async (more) => {
        const kit = nangate45();
        const netlist = readNetlist(randomVerilog(7, 600, 64), kit).value;
        const constraints = readSdc(ORFS_STYLE + more, {
          inputs: ['clk', 'in[0]', 'in[1]', 'in[2]'],
          outputs: ['out'],
        });
        const input = {
          netlistVerilog: writeVerilog(netlist, kit, { physicalCells: true }),
          libertyPath: kitFiles!.liberty,
          spef: null,
          top: 'top',
        };
        const report = analyzeTiming(netlist, kit, null, constraints);
        expect(verifyTiming(netlist, kit, null, constraints, report)).toEqual([]);
        // Their own reading of the text, and of what we write of it.
        for (const sdc of [ORFS_STYLE + more, writeSdc(constraints)]) {
          const theirs = await runOpenSta({ ...input, sdc }, folder);
          for (const check of ['setupSlackPs', 'holdSlackPs'] as const) {
            const found = compareSlacks(netlist, kit, report, theirs, check);
            expect(found).toMatchObject({ endpoints: 65, missing: 0 });
            expect(found.maxPs).toBeLessThan(0.01);
          }
        }
      },
    );

    test.each([
      ['600 random gates', randomVerilog(11, 600, 64)],
      ['a mesh of 100 tiles', meshVerilog(10).replace('module mesh', 'module top')],
    ])('with wires every slack agrees within 2 ps: %s', async (_name, verilog) => {
      const kit = nangate45();
      const netlist = markClocks(readNetlist(verilog, kit).value, kit);
      const constraints = verilog.includes('[2:0] in') ? CONSTRAINTS : { ...CONSTRAINTS, falsePathsFrom: [] };
      const { placement, floorplan } = scatter(netlist, kit, 11);
      const wires = estimateParasitics(netlist, placement, kit, floorplan);
      const report = analyzeTiming(netlist, kit, wires, constraints);
      const theirs = await runOpenSta(
        {
          netlistVerilog: writeVerilog(netlist, kit, { physicalCells: true }),
          libertyPath: kitFiles!.liberty,
          spef: writeSpef(wires, netlist, kit),
          sdc: writeSdc(constraints),
          top: 'top',
        },
        folder,
      );
      const bare = analyzeTiming(netlist, kit, null, constraints);
      // The wires must matter, else agreement says nothing about them.
      expect(bare.setup.worstSlackPs - report.setup.worstSlackPs).toBeGreaterThan(50);
      const setup = compareSlacks(netlist, kit, report, theirs, 'setupSlackPs');
      const hold = compareSlacks(netlist, kit, report, theirs, 'holdSlackPs');
      expect(setup.missing + hold.missing).toBe(0);
      console.log(`with SPEF: setup ${JSON.stringify(setup)}, hold ${JSON.stringify(hold)}`);
      expect(setup.maxPs).toBeLessThan(2);
      expect(hold.maxPs).toBeLessThan(2);
    });

    test('a script that fails is an error, though OpenSTA goes on', async () => {
      const input = {
        netlistVerilog: 'module top (a); input a; endmodule',
        libertyPath: kitFiles!.liberty,
        spef: null,
        sdc: 'create_clock -period 1 [get_ports nothing]\n',
        top: 'top',
      };
      const error = await runOpenSta(input, folder).then(
        () => null,
        (e: unknown) => e,
      );
      expect(
        codeOf(() => {
          throw error;
        }).code,
      ).toBe('TOOL-011');
    });
  });
});
