import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { estimateParasitics } from '../../src-main/stages/extraction/index.ts';
import { markClocks, readNetlist, writeVerilog } from '../../src-main/stages/netlist/index.ts';
import { analyzeTiming, defaultConstraints, writeSdc, writeSdf } from '../../src-main/stages/timing/index.ts';
import { compareSlacks, runOpenSta } from '../../src-main/tools/opensta.ts';
import { kitFiles, kitNote, nangate45 } from '../support/kit.ts';
import { counterVerilog, randomVerilog } from '../support/netlists.ts';
import { scatter } from '../support/scatter.ts';
import { readSdf, TimedGates } from '../support/timed-gates.ts';
import { testTool } from '../support/tools.ts';

const openSta = testTool('sta');
const icarus = testTool('iverilog');
const folder = mkdtempSync(join(tmpdir(), 'ingot-sdf-'));
afterAll(() => rmSync(folder, { recursive: true }));

const CONSTRAINTS = {
  ...defaultConstraints('clk', 4000),
  isClockPropagated: true,
  inputDelays: [{ ports: null, minPs: 100, maxPs: 100 }],
};

function chip(verilog: string) {
  const kit = nangate45();
  const netlist = markClocks(readNetlist(verilog, kit).value, kit);
  const { placement, floorplan } = scatter(netlist, kit, 3);
  const wires = estimateParasitics(netlist, placement, kit, floorplan);
  const text = writeVerilog(netlist, kit, { physicalCells: false });
  return { kit, netlist, wires, text };
}

describe.skipIf(!kitFiles)(`NanGate45${kitNote}`, () => {
  test('holds every arc, wire and check, early no later than late, and is the same twice', () => {
    const { kit, netlist, wires } = chip(randomVerilog(7, 300, 40));
    const text = writeSdf(netlist, kit, wires, CONSTRAINTS);
    expect(writeSdf(netlist, kit, wires, CONSTRAINTS)).toBe(text);
    const sdf = readSdf(text);
    expect(sdf.cells.size).toBe(netlist.instNames.length);
    for (const [min, typical, max] of [...text.matchAll(/\(([-\d.]+):([-\d.]+):([-\d.]+)\)/g)].map((m) =>
      m.slice(1).map(Number),
    )) {
      expect(min).toBeLessThanOrEqual(max!);
      expect(typical).toBe(max);
    }
    const sinks = netlist.netNames.reduce(
      (n, _, k) => n + Math.max(0, netlist.netPinStart[k + 1]! - netlist.netPinStart[k]! - 1),
      0,
    );
    expect(sdf.wires.size).toBe(sinks);
    expect([...text.matchAll(/SETUPHOLD/g)]).toHaveLength(80);
  });

  test.skipIf(!openSta.path)(`OpenSTA finds the same slacks from the SDF alone${openSta.note}`, async () => {
    const { kit, netlist, wires, text } = chip(randomVerilog(9, 300, 40));
    writeFileSync(join(folder, 'chip.sdf'), writeSdf(netlist, kit, wires, CONSTRAINTS));
    const report = analyzeTiming(netlist, kit, wires, CONSTRAINTS);
    const sdc = writeSdc(CONSTRAINTS) + 'read_sdf chip.sdf\n';
    const input = { netlistVerilog: text, libertyPath: kitFiles!.liberty, spef: null, sdc, top: 'top' };
    const theirs = await runOpenSta(input, folder);
    const setup = compareSlacks(netlist, kit, report, theirs, 'setupSlackPs');
    expect(setup.missing).toBe(0);
    // It has one delay per output edge and no slews: where the cause's edge matters it may be later.
    console.log(`SDF in OpenSTA: ${JSON.stringify(setup)}`);
    expect(setup.maxPs).toBeLessThan(2);
  });

  test('a counter counts at its clock and not far beyond it', () => {
    const { kit, netlist, wires, text } = chip(counterVerilog(10));
    const report = analyzeTiming(netlist, kit, wires, CONSTRAINTS);
    const sdf = writeSdf(netlist, kit, wires, CONSTRAINTS);
    const count = (periodPs: number): number[] => {
      const gates = new TimedGates(text, sdf, kit, 'clk', periodPs);
      gates.settle();
      gates.drive('clear', 1);
      gates.runUntil(8000);
      gates.startClock(8000);
      const seen: number[] = [];
      for (let cycle = 0; cycle < 600; cycle++) {
        gates.runUntil(8000 + cycle * periodPs + 100);
        gates.drive('clear', cycle < 4 ? 1 : 0);
        gates.runUntil(8000 + (cycle + 1) * periodPs - 1);
        let value = 0;
        for (let k = 0; k < 10; k++) value |= gates.read(`count[${k}]`) << k;
        seen.push(value);
      }
      return gates.violations > 0 ? [...seen, -1] : seen;
    };
    const right = Array.from({ length: 600 }, (_, c) => Math.max(0, c - 4));
    // The SDF rounds every delay to 0.001 ps.
    const ownPs = 1e6 / report.clockMhz + 0.02;
    expect(count(ownPs)).toEqual(right);
    expect(count(0.7 * ownPs)).not.toEqual(right);
  });

  test.skipIf(!icarus.path)(`Icarus annotates it${icarus.note}`, () => {
    const { kit, netlist, wires, text } = chip(counterVerilog(4));
    const sdf = writeSdf(netlist, kit, wires, CONSTRAINTS);
    writeFileSync(join(folder, 'counter.sdf'), sdf);
    writeFileSync(join(folder, 'counter.v'), text);
    writeFileSync(
      join(folder, 'bench.v'),
      `\`timescale 1ns/1ps
module bench; reg clk, clear; wire [3:0] count; real edge_ns;
  counter chip (.clk(clk), .clear(clear), .count(count));
  initial begin
    $sdf_annotate("counter.sdf", chip);
    clk = 0; clear = 1; #5 clk = 1; #5 clk = 0; clear = 0; #5 clk = 1; edge_ns = $realtime;
    @(posedge count[0]) $display("Q %f", $realtime - edge_ns);
    $finish;
  end
endmodule
`,
    );
    const options = ['-gspecify', '-g2005-sv', '-DTETRAMAX', '-s', 'bench', '-o', 'counter'];
    execFileSync(icarus.path!, [...options, 'bench.v', 'counter.v', kitFiles!.verilog], { cwd: folder });
    const log = execFileSync('vvp', ['-n', 'counter'], { cwd: folder, encoding: 'utf8' });
    const { cells } = readSdf(sdf);
    // Icarus 11 leaves wires out: the clock's buffer and the flip-flop remain, to 1 ps each.
    const wanted = cells.get('ckbuf')!.paths.get('A Z')![0]! + cells.get('ff0')!.paths.get('CK Q')![0]!;
    expect(1000 * Number(/^Q (\S+)$/m.exec(log)![1])).toBeCloseTo(wanted, -0.5);
  });
});
