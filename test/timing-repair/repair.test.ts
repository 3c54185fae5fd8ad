import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { buildClockTree } from '../../src-main/stages/clock/index.ts';
import { estimateParasitics } from '../../src-main/stages/extraction/index.ts';
import { makeFloorplan } from '../../src-main/stages/floorplan/index.ts';
import {
  editNetlist,
  markClocks,
  readNetlist,
  writeVerilog,
  type Netlist,
} from '../../src-main/stages/netlist/index.ts';
import {
  legalise,
  placeGlobal,
  placePorts,
  verifyBuffering,
  verifyPlacement,
} from '../../src-main/stages/placement/index.ts';
import { repairTiming, verifyTimingRepair } from '../../src-main/stages/timing-repair/index.ts';
import { analyzeTiming, defaultConstraints } from '../../src-main/stages/timing/index.ts';
import { meshVerilog } from '../bench/mesh.ts';
import { kitFiles, kitNote, nangate45 } from '../support/kit.ts';
import { randomVerilog } from '../support/netlists.ts';
import { testTool } from '../support/tools.ts';

const yosys = testTool('yosys');
const folder = mkdtempSync(join(tmpdir(), 'ingot-repair-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Placed and legal with its clock tree, but with no repair of nets. */
function placed(verilog: string) {
  const kit = nangate45();
  const plan = makeFloorplan(markClocks(readNetlist(verilog, kit).value, kit), kit, { utilization: 0.5 });
  const rough = placeGlobal(plan.netlist, kit, plan.floorplan, plan.placement, { seed: 1 });
  const floorplan = placePorts(plan.netlist, kit, plan.floorplan, rough.placement);
  const legal = legalise(plan.netlist, kit, floorplan, rough.placement);
  const tree = buildClockTree(plan.netlist, kit, floorplan, legal.placement);
  return { kit, floorplan, netlist: tree.netlist, placement: tree.placement };
}

const CONSTRAINTS = (periodPs: number) => ({
  ...defaultConstraints('clk', periodPs),
  isClockPropagated: true,
  inputDelays: [{ ports: null, minPs: 150, maxPs: 150 }],
  inputSlewsPs: [{ ports: null, value: 20 }],
  outputLoadsFf: [{ ports: null, value: 4 }],
});

function repaired(chip: ReturnType<typeof placed>, periodPs: number, holdMarginPs = 0) {
  const { kit, floorplan, netlist, placement } = chip;
  const constraints = CONSTRAINTS(periodPs);
  const result = repairTiming(netlist, kit, floorplan, placement, constraints, { holdMarginPs });
  expect(verifyBuffering(netlist, result.netlist, kit)).toEqual([]);
  expect(verifyTimingRepair(netlist, result.netlist, result.journal)).toEqual([]);
  expect(verifyPlacement(result.netlist, kit, floorplan, result.placement).problems).toEqual([]);
  // What it says of itself is what an analysis of its result says.
  const wires = estimateParasitics(result.netlist, result.placement, kit, floorplan);
  const report = analyzeTiming(result.netlist, kit, wires, constraints);
  expect(result.after).toMatchObject({
    worstSetupPs: report.setup.worstSlackPs,
    worstHoldPs: report.hold.worstSlackPs,
    slewViolations: report.slewViolations.length,
    loadViolations: report.capViolations.length,
  });
  return result;
}

describe.skipIf(!kitFiles)(`NanGate45${kitNote}`, () => {
  const mesh = placed(meshVerilog(4));

  test('a chip that meets everything comes back as it was, after one analysis', () => {
    const result = repaired(mesh, 6000);
    expect(result).toMatchObject({ journal: [], analyses: 1 });
    expect(result.netlist).toBe(mesh.netlist);
    expect(result.placement).toBe(mesh.placement);
  });

  test('setup: a period that was missed is met', () => {
    const deep = placed(randomVerilog(3, 500, 40, { hasClockBuffers: false }));
    const relaxed = 20_000;
    const needs = relaxed - repaired(deep, relaxed).before.worstSetupPs;
    const periodPs = Math.round(0.85 * needs);
    const { before, after, journal } = repaired(deep, periodPs);
    expect(before.worstSetupPs).toBeLessThan(-0.1 * periodPs);
    expect(after.worstSetupPs).toBeGreaterThanOrEqual(0);
    expect(after.slewViolations + after.loadViolations + after.fanoutViolations).toBe(0);
    expect(new Set(journal.map((c) => c.kind))).toContain('resize');
  });

  test('hold: every register gets the margin asked for', () => {
    const { before, after, journal } = repaired(mesh, 6000, 90);
    expect(before.worstHoldPs).toBeLessThan(80);
    expect(after.worstHoldPs).toBeGreaterThanOrEqual(90);
    expect(journal.every((c) => c.kind === 'buffer' && c.why === 'hold')).toBe(true);
  });

  test('hold buffers stay out where setup has no room', () => {
    const { before, after } = repaired(mesh, 700, 90);
    expect(before.worstSetupPs).toBeLessThan(0);
    expect(after.totalSetupPs).toBeGreaterThanOrEqual(before.totalSetupPs);
  });

  test('limits: slews, loads and fan-out of an unrepaired netlist end without a violation', () => {
    const chip = placed(randomVerilog(5, 500, 40, { wide: 300, hasClockBuffers: false }));
    const { before, after } = repaired(chip, 20_000);
    expect(before.slewViolations).toBeGreaterThan(10);
    expect(before.loadViolations).toBeGreaterThan(0);
    expect(before.fanoutViolations).toBeGreaterThan(0);
    expect(after).toMatchObject({ slewViolations: 0, loadViolations: 0, fanoutViolations: 0 });
  });

  test('same input, same bytes', () => {
    const [a, b] = [repaired(mesh, 800, 40), repaired(mesh, 800, 40)];
    expect(a).toEqual(b);
  });

  test('the journal judge sees what was not written down', () => {
    const { netlist, journal } = repaired(mesh, 6000, 90);
    const kit = mesh.kit;
    const codes = (after: Netlist, changes = journal) =>
      verifyTimingRepair(mesh.netlist, after, changes).map((d) => d.code);
    expect(codes(netlist, journal.slice(1))).toContain('REPAIR-001');
    const swapped = editNetlist(netlist, kit);
    const buffer = mesh.netlist.instNames.length;
    const larger = kit.masters.findIndex((m) => m.name === 'BUF_X8');
    swapped.setMaster(buffer, larger);
    expect(codes(swapped.finish())).toEqual(['REPAIR-001']);
    const moved = editNetlist(netlist, kit);
    moved.connectPin(mesh.netlist.netPins[mesh.netlist.netPinStart[4]! + 1]!, 9);
    expect(codes(moved.finish())).toContain('REPAIR-002');
  });

  test.skipIf(!yosys.path)(`Yosys finds the netlist equivalent before and after${yosys.note}`, () => {
    const { netlist } = repaired(mesh, 800, 60);
    const wrong = editNetlist(netlist, mesh.kit);
    wrong.connectPin(mesh.netlist.netPins[mesh.netlist.netPinStart[40]! + 1]!, 50);
    expect(yosysStatus(netlist)).toMatch(/Equivalence successfully proven/);
    expect(() => yosysStatus(wrong.finish())).toThrow(/unproven/);
  });

  /** Yosys's log of comparing with the mesh before repair; throws where a point is not proven equal. */
  function yosysStatus(after: Netlist): string {
    const write = (name: string, n: Netlist): void =>
      writeFileSync(join(folder, name), writeVerilog(n, mesh.kit, { physicalCells: false }));
    write('before.v', mesh.netlist);
    write('after.v', after);
    const side = (name: string): string =>
      `read_verilog ${name}.v; read_liberty -ignore_miss_func ${kitFiles!.liberty}; hierarchy -top mesh; flatten; rename mesh ${name}; design -stash ${name};`;
    const script = `${side('before')} ${side('after')}
      design -copy-from before before; design -copy-from after after;
      equiv_make before after both; hierarchy -top both; equiv_simple -short; equiv_induct -seq 2; equiv_status -assert`;
    const args = ['-p', script.replaceAll('\n', ' ')];
    return execFileSync(yosys.path!, args, {
      cwd: folder,
      encoding: 'utf8',
      stdio: 'pipe',
      maxBuffer: 1 << 26,
    });
  }
});
