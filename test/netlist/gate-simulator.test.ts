import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import type { Kit } from '../../src-main/stages/kit/index.ts';
import {
  createGateSimulator,
  readNetlist,
  replayInference,
  writeVerilog,
  type GateSimulator,
} from '../../src-main/stages/netlist/index.ts';
import { codeOf } from '../support/code-of.ts';
import { kitFiles, kitNote, nangate45 } from '../support/kit.ts';
import { adderVerilog, counterVerilog, randomVerilog } from '../support/netlists.ts';
import { testTool } from '../support/tools.ts';

const simulate = (text: string, kit: Kit): GateSimulator =>
  createGateSimulator(readNetlist(text, kit).value, kit);

/** Drives a bus with one number per sample, and reads one. */
const put = (sim: GateSimulator, name: string, bits: number, values: readonly number[]): void => {
  for (let i = 0; i < bits; i++)
    sim.setPort(
      sim.port(`${name}[${i}]`, 'input'),
      values.reduce((word, v, s) => word | (((v >> i) & 1) << s), 0),
    );
};
const get = (sim: GateSimulator, name: string, bits: number, sample: number): number => {
  let value = 0;
  for (let i = 0; i < bits; i++)
    value |= ((sim.getPort(sim.port(`${name}[${i}]`, 'output')) >> sample) & 1) << i;
  return value;
};

describe.skipIf(!kitFiles)(`gate simulation${kitNote}`, () => {
  it('adds, in 32 samples at once', async () => {
    const sim = simulate(adderVerilog(12), nangate45());
    const rng = makeRng(1);
    const numbers = (): number[] => Array.from({ length: 32 }, () => Math.floor(rng() * 4096));
    for (let n = 0; n < 20; n++) {
      const [a, b] = [numbers(), numbers()];
      put(sim, 'a', 12, a);
      put(sim, 'b', 12, b);
      sim.evaluate();
      for (let s = 0; s < 32; s++) expect(get(sim, 's', 13, s)).toBe(a[s]! + b[s]!);
    }
  });

  it('counts, whatever the flops hold at first; toggles are those of a counter', async () => {
    const kit = nangate45();
    const netlist = readNetlist(counterVerilog(8), kit).value;
    const sim = createGateSimulator(netlist, kit);
    const clear = sim.port('clear', 'input');
    sim.setState(0x5a5a5a5a);
    const step = (bits: number): void => {
      sim.setPort(clear, bits);
      sim.evaluate();
      sim.clock();
    };
    step(-1);
    sim.setPort(clear, 0);
    sim.evaluate();
    expect(get(sim, 'count', 8, 5)).toBe(0);
    sim.countToggles(0b11);
    for (let n = 0; n < 257; n++) {
      // Sample 1 is cleared in its hundredth cycle, the others never.
      step(n === 99 ? 0b10 : 0);
    }
    sim.evaluate();
    expect(get(sim, 'count', 8, 0)).toBe(257 % 256);
    expect(get(sim, 'count', 8, 1)).toBe(257 - 100);
    const toggles = sim.toggles();
    const of = (name: string): number => toggles[netlist.netNames.indexOf(name)]!;
    // Between 257 settled values, sample 0's bit 0 changes 256 times. Sample 1 goes 99 -> 0 with a change of it too.
    expect(of('count[0]')).toBe(256 + 256);
    expect(of('clk')).toBe(2 * 257 * 2);
    expect(of('clear')).toBe(2);
    expect(of('one')).toBe(0);
    const one = sim.probabilities()[netlist.netNames.indexOf('one')]!;
    expect(one).toBe(1);
  });

  it('lets an asynchronous reset act at once', async () => {
    const sim = simulate(counterVerilog(3, true), nangate45());
    const [reset, clear] = [sim.port('rst_n', 'input'), sim.port('clear', 'input')];
    sim.setState(-1);
    sim.setPort(clear, 0);
    sim.setPort(reset, 0b01);
    sim.evaluate();
    expect([get(sim, 'count', 3, 0), get(sim, 'count', 3, 1)]).toEqual([7, 0]);
    sim.clock();
    sim.setPort(reset, -1);
    sim.evaluate();
    expect([get(sim, 'count', 3, 0), get(sim, 'count', 3, 1)]).toEqual([0, 0]);
  });

  const flop = (clock: string): string =>
    `module t (clk, d, q); input clk, d; output q; wire n, g; INV_X1 i (.A(clk), .ZN(n)); AND2_X1 a (.A1(clk), .A2(d), .ZN(g)); ${clock} endmodule`;
  it.each([
    [
      'a loop',
      'module t (a, y); input a; output y; wire w; NAND2_X1 i (.A1(a), .A2(y), .ZN(y)); endmodule',
      'NETLIST-030',
    ],
    [
      'a latch',
      'module t (a, y); input a; output y; DLH_X1 i (.D(a), .G(a), .Q(y)); endmodule',
      'NETLIST-031',
    ],
    [
      'a clock gate',
      'module t (a, y); input a; output y; CLKGATE_X1 i (.E(a), .CK(a), .GCK(y)); endmodule',
      'NETLIST-031',
    ],
    [
      'a tristate cell',
      'module t (a, y); input a; output y; TBUF_X1 i (.A(a), .EN(a), .Z(y)); endmodule',
      'NETLIST-031',
    ],
    ['an inverted clock', flop('DFF_X1 f (.CK(n), .D(d), .Q(q));'), 'NETLIST-033'],
    ['a clock made by logic', flop('DFF_X1 f (.CK(g), .D(d), .Q(q));'), 'NETLIST-033'],
    ['a clock used as data', flop('DFF_X1 f (.CK(clk), .D(g), .Q(q));'), 'NETLIST-034'],
    [
      'two clocks',
      flop('wire r; DFF_X1 f (.CK(clk), .D(d), .Q(r)); DFF_X1 h (.CK(d), .D(r), .Q(q));').replace(
        /AND2.*?;/,
        '',
      ),
      'NETLIST-033',
    ],
  ])('refuses %s', async (_what, text, code) => {
    const kit = nangate45();
    expect(codeOf(() => simulate(text, kit)).code).toBe(code);
  });

  it('asks a replay for the chip’s ports and for inputs', async () => {
    const kit = nangate45();
    const n = readNetlist(adderVerilog(2), kit).value;
    expect(codeOf(() => replayInference(n, kit, [Int8Array.of(1)])).code).toBe('NETLIST-035');
    expect(codeOf(() => replayInference(n, kit, [])).code).toBe('NETLIST-038');
  });
});

const icarus = testTool('iverilog');

describe.skipIf(!kitFiles || !icarus.path)(`gate simulation against Icarus${kitNote}${icarus.note}`, () => {
  it('agrees on random netlists with the library’s own simulation models', async () => {
    const kit = nangate45();
    const folder = mkdtempSync(join(tmpdir(), 'ingot-icarus-'));
    try {
      const netlist = readNetlist(randomVerilog(11, 400, 48), kit).value;
      const cycles = 60;
      const rng = makeRng(4);
      const stimuli = Array.from({ length: cycles }, () => Math.floor(rng() * 8));
      const bench = `module bench; reg clk = 0; reg [2:0] in; wire out;
        top t (.clk(clk), .in(in), .out(out));
        initial begin
          ${netlist.instNames.flatMap((name, i) => (kit.masters[netlist.instMaster[i]!]!.sequential ? [`force t.${name}.Q = 0;`] : [])).join(' ')}
          #1;
          ${stimuli.map((v, c) => `in = ${v}; #5; $display("%b", out); ${c === 0 ? netlist.instNames.flatMap((name, i) => (kit.masters[netlist.instMaster[i]!]!.sequential ? [`release t.${name}.Q;`] : [])).join(' ') : ''} clk = 1; #5; clk = 0;`).join('\n')}
          $finish;
        end
      endmodule`;
      writeFileSync(join(folder, 'net.v'), writeVerilog(netlist, kit, { physicalCells: false }));
      writeFileSync(join(folder, 'bench.v'), bench);
      execFileSync(icarus.path!, [
        '-g2005',
        '-gno-specify',
        '-o',
        join(folder, 'sim'),
        join(folder, 'bench.v'),
        join(folder, 'net.v'),
        kitFiles!.verilog,
      ]);
      const printed = execFileSync('vvp', [join(folder, 'sim')], { encoding: 'utf8' }).match(/^[01xz]$/gm)!;
      const sim = createGateSimulator(netlist, kit);
      sim.setState(0);
      const ours = stimuli.map((v) => {
        for (let i = 0; i < 3; i++) sim.setPort(sim.port(`in[${i}]`, 'input'), -((v >> i) & 1));
        sim.evaluate();
        const out = sim.getPort(sim.port('out', 'output')) & 1;
        sim.clock();
        return String(out);
      });
      expect(ours).toEqual(printed);
      expect(new Set(ours).size).toBe(2);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
