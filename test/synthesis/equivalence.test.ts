/** Native and WebAssembly Yosys map one source to netlists that Yosys and abc prove to be the same machine; so with the
 * digits chip, and with its netlist before and after layout. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { trimLiberty } from '../../src-main/stages/kit/index.ts';
import type { SynthesisRecipe } from '../../src-main/stages/netlist/index.ts';
import type { RtlDesign } from '../../src-main/stages/rtl/index.ts';
import { parseAnswer, parseCount, proveEquivalent } from '../../src-main/tools/yosys-equivalence.ts';
import { synthesize, type YosysEngine } from '../../src-main/tools/yosys.ts';
import { codeOf } from '../support/code-of.ts';
import { demoArtefact, demoText } from '../support/demo-artefact.ts';
import { DEMO_TIMEOUT_MS, demoRun } from '../support/demo-run.ts';
import { kitFiles, kitNote, kitText, nangate45 } from '../support/kit.ts';
import { testTool } from '../support/tools.ts';

const native = testTool('yosys');
const TEST_MS = 300_000;

/** A systolic chain: bytes move on, each element sums them up. */
const mesh = (elements: number): string => `
module mesh (input wire clk, input wire rst_n, input wire [7:0] x, input wire [7:0] w, input wire go,
  output wire [15:0] y);
  reg signed [15:0] sum [0:${elements - 1}];
  reg signed [7:0] held [0:${elements - 1}];
  integer i;
  always @(posedge clk)
    if (!rst_n) for (i = 0; i < ${elements}; i = i + 1) begin
      sum[i] <= 0;
      held[i] <= 0;
    end else if (go) begin
      held[0] <= x;
      for (i = 1; i < ${elements}; i = i + 1) held[i] <= held[i - 1];
      for (i = 0; i < ${elements}; i = i + 1) sum[i] <= sum[i] + held[i];
    end
  assign y = sum[${elements - 1}] ^ {8'd0, w};
endmodule
`;

describe.skipIf(!kitFiles || !native.path)(`equivalence${kitNote}${native.note}`, () => {
  let liberty = '';
  beforeAll(() => {
    liberty = trimLiberty(kitText('liberty'), new Set());
  });

  const map = async (text: string, tool: YosysEngine): Promise<string> => {
    const design = { top: 'mesh', sources: [{ name: 'mesh.sv', text }] };
    const input = { design, kit: nangate45(), liberty: kitText('liberty'), clockPeriodPs: 2000, tool };
    return (await synthesize(input)).verilog;
  };

  test.each([2, 4])(
    'of %i elements by both; one gate of another kind is found',
    { timeout: TEST_MS },
    async (n) => {
      const [gold, gate] = await Promise.all([map(mesh(n), 'native'), map(mesh(n), 'wasm')]);
      const prove = (other: string) =>
        proveEquivalent({ top: 'mesh', gold, gate: other, kit: nangate45(), liberty }, { tool: 'native' });
      const same = await prove(gate);
      expect(same.isProved).toBe(true);
      // Every flip-flop was cut open, its clock and next state compared, and every output.
      expect(same.flops).toBe(8 * n + 16);
      expect(same.points).toBe(2 * (8 * n + 16) + 16);
      const mutant = gate.replace(/\bNAND2_X1\b/, 'NOR2_X1');
      expect(mutant).not.toBe(gate);
      expect((await prove(mutant)).verdict).toBe('different');
    },
  );

  test(
    'a flip-flop of another name is matched by its neighbours; one more is no proof',
    async () => {
      const gold = await map(mesh(2), 'native');
      const prove = (gate: string) =>
        proveEquivalent({ top: 'mesh', gold, gate, kit: nangate45(), liberty }, { tool: 'native' });
      const other = gold.replaceAll(/\\sum\[1\] ?\[3\]/g, '\\total_three ');
      expect(other).not.toBe(gold);
      expect(await prove(other)).toMatchObject({ verdict: 'proved', renamed: 1, flops: 32 });
      // Swapped, they are matched by name and differ.
      const swapped = gold.replaceAll(/\\held\[0\] ?\[([12])\]/g, (_, bit) => `\\held[0][${3 - bit}]`);
      expect(swapped).not.toBe(gold);
      expect((await prove(swapped)).verdict).toBe('different');
      const more = gold.replace(
        /endmodule\s*$/,
        '  wire extra;\n  DFF_X1 extra_flop ( .D(extra), .CK(clk), .Q(extra) );\nendmodule\n',
      );
      expect(more).not.toBe(gold);
      // Nothing sees it: it is no difference.
      expect((await prove(more)).verdict).toBe('proved');
    },
    TEST_MS,
  );
});

describe.skipIf(!kitFiles || !native.path)(`the digits chip${kitNote}${native.note}`, () => {
  test(
    'mapped by both: proved to be the same machine; after layout too',
    { timeout: DEMO_TIMEOUT_MS },
    async () => {
      const demo = await demoRun();
      const gold = demoText(demo, 'synthesis.v');
      const design = demoArtefact<RtlDesign>(demo, 'rtl.bin');
      const [kit, top] = [nangate45(), design.top];
      const prove = (gate: string) =>
        proveEquivalent({ top, gold, gate, kit, liberty: kitText('liberty') }, { tool: 'native' });
      const laidOut = await prove(readFileSync(join(demo.out, 'netlist.v'), 'utf8'));
      expect(laidOut).toMatchObject({ verdict: 'proved', renamed: 0 });
      expect(laidOut.flops).toBeGreaterThan(2000);
      expect(laidOut.points).toBeGreaterThan(4000);
      const recipe = demoText(demo, 'synthesis-recipe.txt') as SynthesisRecipe;
      const input = { design, kit, recipe, liberty: kitText('liberty'), clockPeriodPs: 2600 };
      const other = await synthesize({ ...input, tool: 'wasm' });
      expect(other.version).not.toBe(laidOut.version);
      const same = await prove(other.verilog);
      expect(same).toMatchObject({ verdict: 'proved', flops: laidOut.flops, points: laidOut.points });
    },
  );
});

test('an answer about nothing is no proof', () => {
  expect(codeOf(() => parseAnswer('')).code).toBe('TOOL-027');
  expect(codeOf(() => parseCount('')).code).toBe('TOOL-027');
  expect(codeOf(() => parseCount('0 objects.')).code).toBe('TOOL-027');
  expect(parseAnswer('ABC: Networks are NOT EQUIVALENT.  Time = 0.00 sec')).toBe('different');
});
