/** Yosys as WebAssembly against the native one on a small block, and the gates replayed 32 and 1 wide. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile } from '../../src-main/stages/compiler/index.ts';
import { replayInference, type Netlist } from '../../src-main/stages/netlist/index.ts';
import { generateRtl } from '../../src-main/stages/rtl/index.ts';
import { synthesize, type YosysEngine } from '../../src-main/tools/yosys.ts';
import { chipOf } from '../support/chips.ts';
import { kitFiles, kitNote, kitText, nangate45 } from '../support/kit.ts';
import { randomGraph, randomInputs } from '../support/random-graphs.ts';
import { testTool } from '../support/tools.ts';
import { printTable, ratio, short, type Row } from './table.ts';

const BENCH_MS = 10 * 60_000;
const LANES = 32;
const native = testTool('yosys');
const graph = randomGraph(5, { maxSide: 4, maxChannels: 2, layers: 1 });
const chip = chipOf(1, 2, { bake: true, activationBytes: 64, weightWords: 256, parameterBlocks: 16 });
const rows: Row[] = [];

afterAll(() => printTable('Synthesis and gates', ['what', 'measured', 'ratio'], rows));

describe.skipIf(!kitFiles)(`a small baked chip${kitNote}`, () => {
  let netlist: Netlist;
  const seconds: Partial<Record<YosysEngine, number>> = {};

  async function run(tool: YosysEngine): Promise<void> {
    const design = generateRtl(chip, compile(graph, chip).value);
    const input = { design, kit: nangate45(), liberty: kitText('liberty'), clockPeriodPs: 2600 };
    const start = performance.now();
    const result = await synthesize({ ...input, tool });
    const took = (performance.now() - start) / 1000;
    seconds[tool] = Math.min(took, seconds[tool] ?? Infinity);
    netlist = result.netlist;
  }

  beforeAll(() => run('wasm'), BENCH_MS);

  test.skipIf(!native.path)(
    `Yosys: WebAssembly against native${native.note}`,
    { timeout: BENCH_MS },
    async () => {
      // By turns, the better of two each: both see the same neighbours.
      await run('native');
      await run('native');
      await run('wasm');
      const cells = netlist.instNames.length;
      rows.push(
        [`native Yosys, ${cells} cells`, `${short(seconds.native!)} s`, '1×'],
        [
          `WebAssembly Yosys, ${cells} cells`,
          `${short(seconds.wasm!)} s`,
          ratio(seconds.wasm!, seconds.native!),
        ],
      );
    },
  );

  test('gate-level replay: 32 inferences in a word against one', { timeout: BENCH_MS }, async ({ bench }) => {
    const inputs = randomInputs(graph, LANES, 1);
    const one = inputs.slice(0, 1);
    const kit = nangate45();
    const { cyclesSimulated } = replayInference(netlist, kit, inputs);
    expect(cyclesSimulated).toBeGreaterThan(50);
    const found = await bench.compare(
      bench('32 wide', () => void replayInference(netlist, kit, inputs)),
      bench('1 wide', () => void replayInference(netlist, kit, one)),
      { time: 1500, warmupTime: 300 },
    );
    const [wide, narrow] = [found.get('32 wide').latency.p50, found.get('1 wide').latency.p50];
    const rate = (ms: number): string =>
      `${short((netlist.instNames.length * cyclesSimulated) / ms / 1000)} M cells·cycles/s`;
    rows.push(
      ['gate-level replay, 1 wide, per inference', `${short(narrow)} ms, ${rate(narrow)}`, '1×'],
      [
        'gate-level replay, 32 wide, per inference',
        `${short(wide / LANES)} ms, ${rate(wide / LANES)}`,
        ratio(wide / LANES, narrow),
      ],
    );
  });
});
