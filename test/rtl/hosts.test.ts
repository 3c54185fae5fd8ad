import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { chipOfShape, isaReference, type Chip } from '../../src-main/stages/chip/index.ts';
import { compile } from '../../src-main/stages/compiler/index.ts';
import { generateRtl, hostReference, rtlCase, type RtlDesign } from '../../src-main/stages/rtl/index.ts';
import { simulate, type LayerCycles } from '../../src-main/stages/simulator/index.ts';
import { runCore } from '../../src-main/stages/quantize/index.ts';
import { buildVerilator, lintWithVerilator } from '../../src-main/tools/verilator.ts';
import { mapPreset } from '../check-presets/map-preset.ts';
import { codeOf } from '../support/code-of.ts';
import { kitFiles, kitNote, kitText, nangate45 } from '../support/kit.ts';
import { randomGraph, randomInputs } from '../support/random-graphs.ts';
import { testTool } from '../support/tools.ts';

const verilator = testTool('verilator');
const yosys = testTool('yosys');
const scratch = mkdtempSync(join(tmpdir(), 'ingot-hosts-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const chipWith = (host: Chip['host'], more: Partial<Chip> = {}): Chip => ({
  ...chipOfShape(2, 4, 2),
  activationBytes: 4096,
  activationBanks: 4,
  weightWords: 2048,
  parameterBlocks: 64,
  programWords: 128,
  host,
  ...more,
});
const HOSTS: readonly Chip[] = [
  chipWith('axi', { streamBytes: 1 }),
  chipWith('spi', { streamBytes: 1, queueDepth: 0 }),
];
const CASES = [
  ...HOSTS,
  chipWith('axi', { streamBytes: 4, queueDepth: 0 }),
  chipWith('spi', { streamBytes: 2 }),
  chipWith('spi', { streamBytes: 4 }),
];
const title = (c: Chip): string => `${c.host}, beats of ${c.streamBytes}, queues of ${c.queueDepth}`;

describe('hosts', () => {
  it.each([
    ['hosts.md', hostReference],
    ['isa.md', isaReference],
  ] as const)('resources/docs/%s is what the tables say (npm run generate:hardware)', (page, reference) => {
    const url = new URL(`../../resources/docs/${page}`, import.meta.url);
    expect(readFileSync(url, 'utf8')).toBe(reference());
  });

  it('a baked chip has no host', () => {
    expect(codeOf(() => generateRtl(chipWith('axi', { bake: true, queueDepth: 0 }), null)).code).toBe(
      'CHIP-019',
    );
  });
});

describe.skipIf(!verilator.path)(`hosts in Verilator${verilator.note}`, () => {
  it.each(CASES.map((c) => [title(c), c] as const))('%s: free of lint warnings', async (name, chip) => {
    await lintWithVerilator(generateRtl(chip, null), join(scratch, `lint ${name}`.replaceAll(/\W+/g, '-')));
  });

  it.each(HOSTS.map((c) => [title(c), c] as const))(
    '%s: loads programs and runs them as the bare core',
    async (_, chip) => {
      const model = await buildVerilator(generateRtl(chip, null), join(scratch, chip.host));
      const graphs = [3, 5, 8].map((seed) => randomGraph(seed));
      const programs = graphs.map((graph) => compile(graph, chip).value);
      const inputs = graphs.map((graph) => randomInputs(graph, 2, 1));
      const results = await model.run(
        programs.map((p, i) => rtlCase(p, inputs[i]!, chip.host === 'spi' ? 5000 : 100_000)),
      );
      results.forEach((result, i) => {
        const wanted = simulate(programs[i]!, chip, inputs[i]!, {});
        expect(result.outputs).toEqual(inputs[i]!.map((x) => runCore(graphs[i]!, x)));
        const { passes, execBusy, execSteps } = result.counters;
        expect(passes).toBeGreaterThanOrEqual(inputs[i]!.length - 1);
        // The counter's register shows a layer in the cycle after its issue.
        const sum = (of: (l: LayerCycles) => number): number =>
          inputs[i]!.length * wanted.layers.reduce((n, l) => n + of(l), 0);
        expect(execBusy).toBe(sum((l) => l.cycles - 1));
        expect(execSteps).toBe(sum((l) => l.busy));
        if (chip.host !== 'axi') return;
        expect(result.cycles).toEqual(wanted.cycles);
        expect(result.lastOutputCycle).toEqual(wanted.lastOutputCycle);
        expect(result.lastIsRight).toBe(true);
      });
    },
  );
});

/** The core as its ports alone. */
function coreAsBox({ chip, sources }: RtlDesign): { name: string; text: string } {
  const core = sources.find((f) => f.name === `${chip.name}.sv`)!;
  const module = core.text.slice(core.text.indexOf('module '), core.text.indexOf(');') + 2);
  return {
    name: core.name,
    text: `(* blackbox *)\n${module.replaceAll('output reg ', 'output wire')}\nendmodule\n`,
  };
}

describe.skipIf(!yosys.path || !kitFiles)(`hosts in Yosys${yosys.note}${kitNote}`, () => {
  it.each(HOSTS.map((c) => [title(c), c] as const))('%s: no latch, no unmapped cell', async (_, chip) => {
    const design = generateRtl(chip, null);
    const host = design.sources.filter((f) =>
      [`${design.top}.sv`, `${chip.name}_loader.sv`].includes(f.name),
    );
    const mapped = await mapPreset(
      {
        top: design.top,
        sources: host,
        blackBoxes: [coreAsBox(design)],
        macros: [{ name: chip.name }],
        mayLatch: () => false,
      },
      nangate45(),
      kitText('liberty'),
    );
    expect(mapped.violations).toEqual([]);
    expect(mapped.macros).toBe(1);
    const cells = mapped.blocks.reduce((sum, b) => sum + b.cells, 0);
    expect(cells).toBeGreaterThan(200);
    expect(cells).toBeLessThan(2000);
  });
});
