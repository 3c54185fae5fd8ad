/** Native and WebAssembly Yosys map one source to netlists that Yosys proves to be the same machine. */
import { describe, expect, test } from 'vitest';
import { trimLiberty } from '../../src-main/stages/kit/index.ts';
import { parseStatus, proveEquivalent } from '../../src-main/tools/yosys-equivalence.ts';
import { synthesize, type YosysEngine } from '../../src-main/tools/yosys.ts';
import { codeOf } from '../support/code-of.ts';
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
      const liberty = trimLiberty(kitText('liberty'), new Set());
      const prove = (other: string) =>
        proveEquivalent({ top: 'mesh', gold, gate: other, liberty }, { tool: 'native' });
      const same = await prove(gate);
      expect(same.isProved).toBe(true);
      // Every flip-flop that is seen was a point: the bytes held, and the last sum.
      expect(same.points).toBeGreaterThanOrEqual(8 * n + 16);
      const mutant = gate.replace(/\bNAND2_X1\b/, 'NOR2_X1');
      expect(mutant).not.toBe(gate);
      expect((await prove(mutant)).isProved).toBe(false);
    },
  );
});

test('an answer about nothing is no proof', () => {
  expect(codeOf(() => parseStatus('')).code).toBe('TOOL-027');
  const none = 'Found 0 $equiv cells in both:\n Of those cells 0 are proven and 0 are unproven.';
  expect(codeOf(() => parseStatus(none)).code).toBe('TOOL-027');
});
