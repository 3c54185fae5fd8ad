/**
 * Every recipe maps operators of all small widths to gates that Yosys's own maps and abc prove right, native and
 * WebAssembly; the strategy takes a faster recipe where the smallest netlist misses the clock, and else none.
 */
import { describe, expect, test } from 'vitest';
import type { Diagnostic } from '../../src-main/base/diagnostic.ts';
import { chipConstraints } from '../../src-main/flow/steps/constraints.ts';
import {
  synthesizeByStrategy,
  type SynthesisStrategy,
} from '../../src-main/flow/steps/synthesis-strategy.ts';
import { trimLiberty } from '../../src-main/stages/kit/index.ts';
import { SYNTHESIS_RECIPES, synthesisScript } from '../../src-main/stages/netlist/index.ts';
import { runYosys, synthesize, type YosysEngine } from '../../src-main/tools/yosys.ts';
import { kitFiles, kitNote, kitText, nangate45 } from '../support/kit.ts';
import { testTool } from '../support/tools.ts';

const native = testTool('yosys');
const WIDTHS = Array.from({ length: 12 }, (_, i) => i + 1);

/** Sums, differences and comparisons of the low bits, with carries in and out, plain and signed, and products. */
function operators(widths: readonly number[]): string {
  const ports = ['input [11:0] a', 'input [11:0] b', 'input ci'];
  const lines: string[] = [];
  for (const w of widths) {
    const [a, b] = [`a[${w - 1}:0]`, `b[${w - 1}:0]`];
    const [sa, sb] = [`$signed(${a})`, `$signed(${b})`];
    const out = (name: string, bits: number, text: string): void => {
      ports.push(`output [${bits - 1}:0] ${name}${w}`);
      lines.push(`  assign ${name}${w} = ${text};`);
    };
    out('sum', w + 1, `${a} + ${b}`);
    out('carried', w + 1, `${a} + ${b} + ci`);
    out('difference', w + 1, `${a} - ${b}`);
    out('borrowed', w + 1, `${a} - ${b} - ci`);
    out('signed_sum', w + 1, `${sa} + ${sb}`);
    out('signed_difference', w + 1, `${sa} - ${sb}`);
    out('either', w + 1, `ci ? ${a} - ${b} : ${a} + ${b}`);
    out('negative', w + 1, `-${sa}`);
    out('compared', 4, `{${a} < ${b}, ${a} <= ${b}, ${sa} < ${sb}, ${sa} >= ${sb}}`);
    if (w <= 5) out('product', 2 * w, `${sa} * ${sb}`);
  }
  return `module operators (${ports.join(', ')});\n${lines.join('\n')}\nendmodule\n`;
}

const designOf = (text: string) => ({ top: 'operators', sources: [{ name: 'operators.sv', text }] });

/** What abc says of the source, by Yosys's own maps, against gates as their functions in the Liberty. */
async function compare(source: string, gates: string): Promise<string> {
  const script = [
    'read_verilog -sv gold.v',
    'synth -top operators -flatten -noabc',
    // Ports as bits, as the mapped netlist has them.
    'splitnets -ports',
    'opt_clean -purge',
    'rename operators gold',
    'design -stash gold',
    'read_liberty -ignore_miss_func cells.lib',
    'read_verilog gate.v',
    'hierarchy -top operators',
    'flatten',
    'techmap',
    'splitnets -ports',
    'opt_clean -purge',
    'rename operators gate',
    'design -stash gate',
    'design -copy-from gold -as gold gold',
    'design -copy-from gate -as gate gate',
    'miter -equiv -flatten gold gate miter',
    'hierarchy -top miter',
    'techmap',
    'opt_clean -purge',
    'tee -o answer.txt abc -script +strash;&get,-n;&cec,-m',
    '',
  ].join('\n');
  const files = [
    { name: 'gold.v', text: source },
    { name: 'gate.v', text: gates },
    { name: 'cells.lib', text: trimLiberty(kitText('liberty'), new Set()) },
  ];
  const { outputs } = await runYosys({ script, files, outputs: ['answer.txt'] });
  return /Networks are [A-Z a-z]*/.exec(outputs.get('answer.txt')!)?.[0] ?? 'no answer';
}

/** A multiplier and an accumulator between flip-flops: long enough to miss a tight clock when mapped for area. */
const ACCUMULATOR = `module sums (input clk, input en, input signed [7:0] x, input signed [7:0] w, output reg signed [19:0] y);
  reg signed [7:0] a, b;
  always @(posedge clk) begin
    a <= x;
    b <= w;
    if (en) y <= y + a * b;
  end
endmodule
`;

describe.skipIf(!kitFiles)(`recipes of synthesis${kitNote}`, () => {
  const inputOf = (tool: YosysEngine) => ({
    kit: nangate45(),
    liberty: kitText('liberty'),
    clockPeriodPs: 1000,
    tool,
  });

  test('each has a script of its own; the smallest is what it was without recipes', () => {
    const options = { top: 't', sources: ['a.v'], libertyPath: 'c.lib', clockPeriodPs: 1000, flatten: true };
    const of = (more: object) => synthesisScript(nangate45(), { ...options, ...more });
    expect(of({ recipe: 'area' })).toEqual(of({}));
    expect(of({}).script).not.toContain('map_carries');
    for (const recipe of ['fast', 'fastest']) {
      const { script, files } = of({ recipe });
      expect(script).toContain('techmap -map map_carries.v -map +/techmap.v');
      expect(script).not.toMatch(/map_adders|map_flops/);
      expect(files.map((f) => f.name)).toContain('map_carries.v');
      expect(of({ recipe, maxFanout: 16 }).script).toContain('buffer,-N,16');
    }
  });

  describe.skipIf(!native.path)(`proved by the native Yosys${native.note}`, () => {
    test.each(SYNTHESIS_RECIPES)(
      '%s: operators of 1 to 12 bits are what their source says',
      async (recipe) => {
        const used: string[] = [];
        const onLine = (line: string): void =>
          void (/prefix_carries.* for cells/.test(line) && used.push(line));
        const source = operators(WIDTHS);
        const design = designOf(source);
        const { verilog } = await synthesize({ ...inputOf('native'), design, recipe, onLine });
        expect(used.length > 0).toBe(recipe !== 'area');
        expect(await compare(source, verilog)).toBe('Networks are equivalent');
      },
      60_000,
    );

    test('one gate of another kind is found; the WebAssembly build maps as right', async () => {
      const source = operators([5]);
      const input = { design: designOf(source), recipe: 'fast' } as const;
      const { verilog } = await synthesize({ ...inputOf('wasm'), ...input });
      expect(await compare(source, verilog)).toBe('Networks are equivalent');
      const wrong = verilog.replace('XNOR2_X1', 'XOR2_X1');
      expect(wrong).not.toBe(verilog);
      expect(await compare(source, wrong)).toBe('Networks are NOT EQUIVALENT');
    }, 120_000);

    const kept = async (strategy: SynthesisStrategy, periodPs: number) => {
      const said: Diagnostic[] = [];
      const best = await synthesizeByStrategy(
        { log: (d: Diagnostic) => void said.push(d) },
        strategy,
        {
          ...inputOf('native'),
          clockPeriodPs: periodPs,
          design: { top: 'sums', sources: [{ name: 'sums.v', text: ACCUMULATOR }] },
        },
        () => chipConstraints(periodPs),
      );
      expect(said.map((d) => d.code)).toEqual(['SYNTH-003']);
      return { ...best, message: said[0]!.message };
    };

    test('auto keeps the smallest that meets the clock, and the fastest where none does', async () => {
      const easy = await kept('auto', 4000);
      expect(easy.recipe).toBe('area');
      expect(easy.message).not.toMatch(/fast /);
      const tight = await kept('auto', 1100);
      expect(tight.recipe).not.toBe('area');
      expect(tight.message).toMatch(/area -\d+ ps/);
      expect(tight.slackPs).toBeGreaterThanOrEqual(0);
      expect(tight.synthesis.statistics.areaUm2).toBeGreaterThan(easy.synthesis.statistics.areaUm2);
      const hopeless = await kept('auto', 400);
      const slacks = [...hopeless.message.matchAll(/(-\d+) ps/g)].map((m) => Number(m[1]));
      expect(slacks).toHaveLength(3);
      expect(Math.round(hopeless.slackPs)).toBe(Math.max(...slacks));
      // Again: the same bytes.
      expect((await kept('auto', 1100)).synthesis.verilog).toBe(tight.synthesis.verilog);
    }, 120_000);

    test('area and speed are taken at their word', async () => {
      expect((await kept('area', 400)).recipe).toBe('area');
      expect((await kept('speed', 4000)).recipe).toBe('fast');
    }, 60_000);
  });
});
