import { describe, expect, it } from 'vitest';
import { PRESETS } from '../../src-main/stages/chip/index.ts';
import { generateRtl } from '../../src-main/stages/rtl/index.ts';
import { synthesize } from '../../src-main/tools/yosys.ts';
import { kitFiles, kitNote, kitText, nangate45 } from '../support/kit.ts';
import { testTool } from '../support/tools.ts';
import { mapPreset } from './map-preset.ts';

const yosys = testTool('yosys');
const none = { blackBoxes: [], macros: [], mayLatch: () => false };

describe.skipIf(!yosys.path || !kitFiles)(`presets in NanGate45${yosys.note}${kitNote}`, () => {
  it('pico: no latch, no unmapped cell, every block has cells', async () => {
    const design = { ...generateRtl(PRESETS.pico, null), mayLatch: none.mayLatch };
    const { blocks, macros, violations } = await mapPreset(design, nangate45(), kitText('liberty'));
    expect(violations).toEqual([]);
    const names = ['array', 'lanes', 'drain', 'walker + control', 'sequencer', 'streams', 'memory logic'];
    expect(blocks.map((b) => b.block)).toEqual(expect.arrayContaining(names));
    expect(blocks.every((b) => b.cells > 0 && b.areaUm2 > b.cells * 0.5)).toBe(true);
    // A bank of activation memory each, and program, weights, biases and scales.
    expect(macros).toBe(PRESETS.pico.activationBanks + 4);
  });

  it('an unfinished case is found as a latch, and as a cell that the kit does not map', async () => {
    const text =
      'module holes (input wire a, input wire [3:0] d, output reg [3:0] q);\n  always @* if (a) q = d;\nendmodule\n';
    const design = { top: 'holes', sources: [{ name: 'holes.sv', text }], ...none };
    const { violations } = await mapPreset(design, nangate45(), kitText('liberty'));
    expect(violations).toEqual([
      expect.stringMatching(/holes: 1 x \$dlatch inferred/),
      expect.stringMatching(/holes: 4 x \$_DLATCH_P_ unmapped/),
    ]);
  });

  it('a chip with macros goes through synthesis and is refused by name', async () => {
    const text = '(* blackbox *)\nmodule tiny_ram (input wire clk, output wire q);\nendmodule\n';
    const top =
      'module tiny (input wire clk, output wire q);\n  tiny_ram ram (.clk(clk), .q(q));\nendmodule\n';
    const design = {
      top: 'tiny',
      sources: [{ name: 'tiny.sv', text: top }],
      blackBoxes: [{ name: 'tiny_ram.sv', text }],
      macros: [{ name: 'tiny_ram' }],
    };
    const kit = nangate45();
    const refused = synthesize({ design, kit, liberty: kitText('liberty'), clockPeriodPs: 2000 });
    await expect(refused).rejects.toMatchObject({ diagnostic: { code: 'TOOL-026' } });
  });
});
