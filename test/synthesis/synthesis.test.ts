import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { IngotError } from '../../src-main/base/diagnostic.ts';
import { trimLiberty } from '../../src-main/stages/kit/index.ts';
import {
  cellsNotForSynthesis,
  replayInference,
  synthesisScript,
  verifyNetlist,
} from '../../src-main/stages/netlist/index.ts';
import { runYosys, synthesize, type YosysEngine } from '../../src-main/tools/yosys.ts';
import { codeOf } from '../support/code-of.ts';
import { kitFiles, kitNote, kitText, nangate45 } from '../support/kit.ts';
import { testTool } from '../support/tools.ts';

/**
 * A chip with Ingot's ports in forty lines: takes three bytes, answers with their sum and the sum's complement.
 * `echo` runs straight from input to output and `zero` is constant: feed-through and tie cells.
 */
const TINY = `
module tiny (input wire clk, input wire rst_n, input wire in_valid, output wire in_ready, input wire [7:0] in_data,
  output wire out_valid, input wire out_ready, output wire [7:0] out_data, output wire out_last,
  input wire probe, output wire echo, output wire echo_too, output wire [1:0] zero_one);
  reg [1:0] received;
  reg [7:0] sum;
  reg sent;
  assign in_ready = received != 2'd3;
  assign out_valid = received == 2'd3;
  assign out_data = sent ? ~sum : sum;
  assign out_last = sent;
  assign echo = probe;
  assign echo_too = probe;
  assign zero_one = 2'b01;
  always @(posedge clk)
    if (!rst_n) begin
      received <= 2'd0;
      sum <= 8'd0;
      sent <= 1'b0;
    end else if (in_valid && in_ready) begin
      received <= received + 2'd1;
      sum <= sum + in_data;
    end else if (out_valid && out_ready) begin
      sent <= !sent;
      if (sent) begin
        received <= 2'd0;
        sum <= 8'd0;
      end
    end
endmodule
`;
const design = { top: 'tiny', sources: [{ name: 'rtl/tiny chip.sv', text: TINY }] };
const native = testTool('yosys');

const run = async (tool: YosysEngine, text = TINY, signal?: AbortSignal) =>
  synthesize({
    design: { ...design, sources: [{ name: 'tiny.sv', text }] },
    kit: nangate45(),
    liberty: kitText('liberty'),
    clockPeriodPs: 2000,
    tool,
    ...(signal ? { signal } : {}),
  });

async function refused(promise: Promise<unknown>): Promise<IngotError['diagnostic']> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(IngotError);
  return (error as IngotError).diagnostic;
}

const leftovers = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('ingot-yosys-'));

describe.skipIf(!kitFiles)(`synthesis${kitNote}`, () => {
  it('hides cells that are not to be used, and power, from the mapper', async () => {
    const kit = nangate45();
    const hidden = cellsNotForSynthesis(kit);
    for (const name of [
      'TBUF_X1',
      'DLH_X1',
      'CLKGATE_X1',
      'SDFF_X2',
      'AOI211_X1',
      'CLKBUF_X1',
      'FILLCELL_X1',
    ])
      expect(hidden).toContain(name);
    for (const name of ['DFF_X1', 'DFFRS_X2', 'NAND2_X1', 'AOI211_X2', 'BUF_X32'])
      expect(hidden).not.toContain(name);
    const trimmed = trimLiberty(kitText('liberty'), hidden);
    expect(trimmed.length).toBeLessThan(kitText('liberty').length / 2);
    expect([...trimmed.matchAll(/^\s*cell \((\w+)\)/gm)].map((m) => m[1]).sort()).toEqual(
      kit.masters
        .map((m) => m.name)
        .filter((name) => !hidden.has(name))
        .sort(),
    );
  });

  it('takes no name into a script that could be a command', async () => {
    const kit = nangate45();
    const options = { top: 't', sources: ['a.v'], libertyPath: 'c.lib', clockPeriodPs: 1000, flatten: true };
    expect(synthesisScript(kit, options).script).toContain('-D 1000');
    expect(codeOf(() => synthesisScript(kit, { ...options, top: 't; shell' })).code).toBe('NETLIST-040');
    expect(codeOf(() => synthesisScript(kit, { ...options, sources: ['a b.v'] })).code).toBe('NETLIST-040');
    expect(codeOf(() => synthesisScript(kit, { ...options, clockPeriodPs: 0 })).code).toBe('NETLIST-040');
    expect(synthesisScript(kit, { ...options, maxFanout: 16 }).script).toContain('buffer,-N,16');
  });

  const engines: [YosysEngine, boolean][] = [
    ['wasm', true],
    ['native', native.path !== null],
  ];
  describe.each(engines)('%s', (tool, isThere) => {
    it.skipIf(!isThere)(
      `maps a chip that computes what its source says${isThere ? '' : native.note}`,
      async () => {
        const kit = nangate45();
        const before = leftovers().length;
        const result = await run(tool);
        expect(result.engine).toBe(tool);
        expect(result.version).toMatch(/^Yosys 0\.\d+/);
        expect(verifyNetlist(result.netlist, kit)).toEqual([]);
        expect(result.statistics.flops).toBe(11);
        const count = (master: string) =>
          result.statistics.byMaster.find((m) => m.master === master)?.count ?? 0;
        expect([count('LOGIC0_X1'), count('LOGIC1_X1')]).toEqual([1, 1]);
        // The names of the source's signals are kept.
        expect(result.netlist.netNames).toContain('sum[3]');
        expect(leftovers().length).toBeLessThanOrEqual(before);
        const inputs = [Int8Array.of(1, 2, 3), Int8Array.of(-128, -1, 7), Int8Array.of(100, 100, 100)];
        const want = inputs.map((bytes) => {
          const sum = bytes.reduce((a, b) => a + b, 0);
          return Int8Array.of(sum, ~sum);
        });
        for (const initialState of [0, -1, 0x12345678]) {
          const replay = replayInference(result.netlist, kit, inputs, { initialState, maxCycles: 50 });
          expect(replay.outputs).toEqual(want);
          expect(replay.cycles).toEqual([5, 5, 5]);
        }
        if (tool === 'wasm') return; // once is enough for what follows
        const wrong = TINY.replace('sum + in_data', 'sum - in_data');
        const other = await run(tool, wrong);
        expect(replayInference(other.netlist, kit, inputs).outputs).not.toEqual(want);
      },
    );

    it.skipIf(!isThere)('says what Yosys says of a source with a mistake', async () => {
      const diagnostic = await refused(run(tool, TINY.replace('endmodule', 'endmodul')));
      expect(diagnostic.code).toBe('TOOL-021');
      expect(diagnostic.message).toMatch(/syntax error/);
    });

    it.skipIf(!isThere)('can be cancelled', async () => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 150);
      const start = performance.now();
      const diagnostic = await refused(run(tool, TINY, controller.signal));
      expect(diagnostic.code).toBe('TOOL-023');
      expect(performance.now() - start).toBeLessThan(5000);
    });

    it.skipIf(!isThere)('misses an output that the script did not write', async () => {
      const job = {
        script: 'read_verilog a.v\n',
        files: [{ name: 'a.v', text: 'module a; endmodule' }],
        outputs: ['b.v'],
      };
      expect((await refused(runYosys(job, { tool }))).code).toBe('TOOL-022');
    });
  });

  it.skipIf(!native.path)(`gates are proven equal to the source by Yosys${native.note}`, async () => {
    const { verilog } = await run('native');
    const gates = trimLiberty(kitText('liberty'), new Set());
    // A mistake of one gate must be found, or the proof is worth nothing.
    const broken = verilog.replace(/\bXNOR2_X1\b/, 'XOR2_X1').replace(/(XOR2_X1 .*?)\.ZN\(/s, '$1.Z(');
    expect(broken).not.toBe(verilog);
    const job = (netlist: string) => ({
      script: [
        'read_verilog -sv gold.v',
        'prep -top tiny -flatten',
        'splitnets -ports',
        'opt_clean',
        'design -stash gold',
        'read_liberty -ignore_miss_func cells.lib',
        'read_verilog gate.v',
        'prep -top tiny -flatten',
        'splitnets -ports',
        'opt_clean',
        'design -stash gate',
        'design -copy-from gold -as gold tiny',
        'design -copy-from gate -as gate tiny',
        'equiv_make gold gate both',
        'hierarchy -top both',
        'equiv_simple',
        'equiv_induct',
        'equiv_status -assert',
        'write_verilog done.v',
        '',
      ].join('\n'),
      files: [
        { name: 'gold.v', text: TINY },
        { name: 'gate.v', text: netlist },
        { name: 'cells.lib', text: gates },
      ],
      outputs: ['done.v'],
    });
    await runYosys(job(verilog), { tool: 'native' });
    expect((await refused(runYosys(job(broken), { tool: 'native' }))).code).toBe('TOOL-021');
  });
});
