/**
 * SystemVerilog that Yosys's own reader does not know, read by slang, mapped and run gate by gate; what is wrong in it
 * is told with file, line and column. The WebAssembly build of slang comes with Ingot; a native one is played by a script.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { IngotError, type Diagnostic } from '../../src-main/base/diagnostic.ts';
import { createGateSimulator, synthesisScript, verifyNetlist } from '../../src-main/stages/netlist/index.ts';
import { slangDiagnostics } from '../../src-main/tools/slang-messages.ts';
import { elaborate, slangVersion, synthesize, wantsSlang } from '../../src-main/tools/yosys.ts';
import { kitFiles, kitNote, kitText, nangate45 } from '../support/kit.ts';

const UNITS = `package units;
  typedef enum logic [1:0] { ADD, SUB, BLEND, MAX } op_e;
  typedef struct packed { op_e op; logic [7:0] a; logic [7:0] b; } command_t;
  function automatic logic [7:0] apply(command_t c);
    unique case (c.op)
      ADD: return c.a + c.b;
      SUB: return c.a - c.b;
      BLEND: return c.a ^ c.b;
      default: return c.a > c.b ? c.a : c.b;
    endcase
  endfunction
endpackage
`;
const STAGE = `interface tap_if #(parameter int unsigned WIDTH = 8);
  logic [WIDTH-1:0] value;
  logic valid;
  modport source (output value, valid);
  modport sink (input value, valid);
endinterface
module stage (input logic clk, input logic rst_n, tap_if.sink from, tap_if.source to);
  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) {to.valid, to.value} <= '0;
    else {to.valid, to.value} <= {from.valid, from.value};
endmodule
`;
const PIPE = `module pipe import units::*; #(parameter int DEPTH = 3) (
  input logic clk, input logic rst_n, input logic valid, input logic [17:0] word,
  output logic [7:0] sum, output logic done);
  command_t command;
  assign command = command_t'(word);
  tap_if #(.WIDTH(8)) taps [DEPTH + 1] ();
  assign taps[0].value = apply(command);
  assign taps[0].valid = valid;
  for (genvar i = 0; i < DEPTH; i++) begin : stages
    stage s (.clk, .rst_n, .from(taps[i]), .to(taps[i + 1]));
  end
  logic [7:0] history [2][2];
  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) history <= '{default: '{default: 8'd0}};
    else if (done) begin
      history[0][0] <= taps[DEPTH].value;
      history[0][1] <= history[0][0];
      history[1] <= '{history[0][1], history[1][0]};
    end
  always_comb begin
    sum = '0;
    foreach (history[i, j]) sum += history[i][j];
  end
  assign done = taps[DEPTH].valid;
endmodule
`;
/** The package last: order does not count. */
const SOURCES = [
  { name: 'pipe.sv', text: PIPE },
  { name: 'stage.sv', text: STAGE },
  { name: 'units.sv', text: UNITS },
];
const DEPTH = 3;
const read = (sources = SOURCES, flatten = true) =>
  elaborate({ top: 'pipe', sources, flatten }, { tool: 'wasm' });

/** As the source says it, in other words. */
function expected(words: readonly (number | null)[]): { sum: number; done: number }[] {
  const apply = (word: number): number => {
    const [op, a, b] = [word >> 16, (word >> 8) & 255, word & 255];
    return [a + b, a - b, a ^ b, Math.max(a, b)][op]! & 255;
  };
  const history: number[] = [];
  return words.map((_, cycle) => {
    const arrived = cycle < DEPTH ? null : words[cycle - DEPTH]!;
    const sum = history.slice(-4).reduce((total, value) => total + value, 0) & 255;
    if (arrived !== null) history.push(apply(arrived));
    return { sum, done: arrived === null ? 0 : 1 };
  });
}

async function refused(promise: Promise<unknown>): Promise<Diagnostic> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(IngotError);
  return (error as IngotError).diagnostic;
}

describe('slang', () => {
  it('reads where it is asked to, or by the name of a file', () => {
    expect(wantsSlang('auto', SOURCES)).toBe(true);
    expect(wantsSlang('auto', [{ name: 'a.v' }, { name: 'b.svh.v' }])).toBe(false);
    expect(wantsSlang('slang', [{ name: 'a.v' }])).toBe(true);
    expect(wantsSlang('yosys', SOURCES)).toBe(false);
  });

  it('what it says becomes warnings and errors, each once', () => {
    const found = slangDiagnostics();
    const lines = ['In file', 'a b.sv:3:14: warning: odd [-Wodd]', '  assign x = y;', 'a.sv:1:2: note: here'];
    [...lines, ...lines].forEach((line) => found.read(line));
    const odd = { code: 'SLANG-001', severity: 'warning', message: 'odd [-Wodd]', place: 'a b.sv:3:14' };
    expect([found.warnings(), found.errors()]).toEqual([[odd], []]);
    for (let i = 1; i <= 9; i++) found.read(`a.sv:${i}:1: error: e${i}`);
    const words = ['e1', ...[2, 3, 4, 5].map((i) => `a.sv:${i}:1: e${i}`), 'and 4 more'];
    expect(found.errors().map((e) => e.message)).toEqual(words);
  });

  it('tells file, line and column of what is wrong, in the words of the sources', async () => {
    const broken = SOURCES.map(({ name, text }) => ({
      name,
      text: text.replace('foreach (history', 'foreach (hstory'),
    }));
    const line = PIPE.split('\n').findIndex((l) => l.includes('foreach')) + 1;
    const wrong = await refused(read(broken));
    expect([wrong.code, wrong.place]).toEqual(['SLANG-002', `pipe.sv:${line}:14`]);
    expect(wrong.message).toContain('hstory');
    expect(wrong.remedy).toContain('synthesis.frontend');
  });

  it('keeps `line directives of included files', async () => {
    const text = PIPE.replace(
      '  assign done',
      '`line 41 "tail.svh" 0\n  assign nowhere.done = 1;\n  assign done',
    );
    const wrong = await refused(read([{ name: 'pipe.sv', text }, ...SOURCES.slice(1)]));
    expect([wrong.code, wrong.place]).toEqual(['SLANG-002', 'tail.svh:41:10']);
  });

  it('takes no top into a script that could be a command', async () => {
    const wrong = await refused(
      elaborate({ top: 'a; shell ls', sources: SOURCES, flatten: true }, { tool: 'wasm' }),
    );
    expect(wrong.code).toBe('NETLIST-040');
  });
});

const isPosix = process.platform !== 'win32';

describe.skipIf(!isPosix)(`a native Yosys${isPosix ? '' : ' (skipped: played by a POSIX script)'}`, () => {
  const { INGOT_TOOLS: tools, INGOT_CACHE: cache } = process.env;
  let folder = '';
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
    for (const [name, value] of Object.entries({ INGOT_TOOLS: tools, INGOT_CACHE: cache }))
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  });

  /** `plugin`: read_slang must be loaded; `part`: it is there; `none`: it is not. */
  function play(slang: 'plugin' | 'part' | 'none'): void {
    folder = mkdtempSync(join(tmpdir(), 'ingot-slang-'));
    const known = ['synth', 'abc', 'dfflibmap', 'write_verilog', ...(slang === 'part' ? ['read_slang'] : [])];
    const path = join(folder, 'yosys');
    writeFileSync(
      path,
      `#!/bin/sh
case "$*" in
  -V) echo "Yosys 0.99 (${slang})" ;;
  *"help read_slang") [ ${slang} = plugin ] || exit 1 ;;
  *"-p help") ${known.map((name) => `echo "    ${name}  fake"`).join('; ')} ;;
  *) echo "Yosys 0.99 (${slang})"; echo "pipe.sv:2:3: warning: $*"; echo "module pipe; endmodule" >elaborated.v ;;
esac
`,
    );
    chmodSync(path, 0o755);
    process.env.INGOT_TOOLS = folder;
    process.env.INGOT_CACHE = join(folder, 'cache');
  }
  const ask = () => elaborate({ top: 'pipe', sources: SOURCES, flatten: true }, { tool: 'auto' });

  it.each([
    ['plugin', '-m slang -T -s run.ys'],
    ['part', '-T -s run.ys'],
  ] as const)('with slang as %s reads', async (slang, args) => {
    play(slang);
    const { engine, version, warnings, source } = await ask();
    expect([engine, version, source.name]).toEqual(['native', `Yosys 0.99 (${slang})`, 'pipe.v']);
    expect(warnings.map((w) => [w.place, w.message])).toEqual([['pipe.sv:2:3', args]]);
    expect(await slangVersion('native')).toBe(`Yosys 0.99 (${slang})`);
  });

  it('without slang leaves reading to the WebAssembly build', async () => {
    play('none');
    expect((await ask()).engine).toBe('wasm');
    expect(await slangVersion('native')).toMatch(/^@yowasp\/yosys 0\.7/);
  });
});

describe.skipIf(!kitFiles)(`slang and the mapper${kitNote}`, () => {
  const map = async (flatten: boolean, text?: string) =>
    synthesize({
      design: { top: 'pipe', sources: text === undefined ? SOURCES : [{ name: 'pipe.v', text }] },
      kit: nangate45(),
      liberty: kitText('liberty'),
      clockPeriodPs: 2000,
      tool: 'wasm',
      flatten,
    });

  it("Yosys's own reader does not take the design", async () => {
    expect((await refused(map(true))).code).toBe('TOOL-021');
  });

  it.each([true, false])('the gates compute what the source says (flatten %s)', async (flatten) => {
    const { source, warnings, engine } = await read(SOURCES, flatten);
    expect([warnings, engine]).toEqual([[], 'wasm']);
    expect(source.text).toMatch(/src = "pipe\.sv:\d+/);
    expect([...source.text.matchAll(/^module /gm)].length > 1).toBe(!flatten);
    const { netlist } = await map(flatten, source.text);
    const kit = nangate45();
    expect(verifyNetlist(netlist, kit)).toEqual([]);
    const words = Array.from({ length: 40 }, (_, i) => (i % 3 === 2 ? null : (i * 92821 + 4711) & 0x3ffff));
    const gates = createGateSimulator(netlist, kit);
    const bus = (name: string, width: number, direction: 'input' | 'output'): number[] =>
      Array.from({ length: width }, (_, i) => gates.port(`${name}[${i}]`, direction));
    const [word, sum] = [bus('word', 18, 'input'), bus('sum', 8, 'output')];
    const [valid, reset] = [gates.port('valid', 'input'), gates.port('rst_n', 'input')];
    const done = gates.port('done', 'output');
    gates.setState(-1);
    gates.setPort(reset, 0);
    gates.evaluate();
    gates.clock();
    gates.setPort(reset, -1);
    const seen = words.map((value) => {
      gates.setPort(valid, value === null ? 0 : -1);
      word.forEach((port, i) => gates.setPort(port, ((value ?? 0x2aaaa) >> i) & 1 ? -1 : 0));
      gates.evaluate();
      const now = {
        sum: sum.reduce((total, port, i) => total | ((gates.getPort(port) & 1) << i), 0),
        done: gates.getPort(done) & 1,
      };
      gates.clock();
      return now;
    });
    expect(seen).toEqual(expected(words));
    expect(seen.some((s) => s.sum > 0)).toBe(true);
  });

  it('a clock gate of the RTL becomes a cell of the kit', async () => {
    const gated = `module pipe (input clk, input en, input test, input [3:0] d, output reg [3:0] q);
  reg held;
  always @* if (!clk) held = en | test;
  wire gclk = held & clk;
  always @(posedge gclk) q <= d;
endmodule\n`;
    const input = {
      design: { top: 'pipe', sources: [{ name: 'gated.v', text: gated }] },
      kit: nangate45(),
      liberty: kitText('liberty'),
      clockPeriodPs: 2000,
      tool: 'wasm' as const,
    };
    const { netlist, statistics } = await synthesize({ ...input, clockGates: true });
    expect(verifyNetlist(netlist, input.kit)).toEqual([]);
    expect(statistics.byMaster.find((m) => m.master === 'CLKGATE_X1')?.count).toBe(1);
    const script = { top: 't', sources: ['a.v'], libertyPath: 'c.lib', clockPeriodPs: 1, flatten: true };
    expect(synthesisScript(input.kit, script).script).not.toContain('extract');
  });
});
