/**
 * Judges from outside on the finished digits chip, none of which shares code with what it judges: Icarus Verilog
 * runs the exported netlist with the kit's own cell models; KLayout reads our DEF and finds our GDS; KLayout and
 * our own check name every net of a damaged GDS. (Equivalence of RTL and gates by Yosys: test/synthesis.)
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkLayout, pinLocations, routingRules } from '../../src-main/stages/check/index.ts';
import { readDef, readGds } from '../../src-main/stages/layout/index.ts';
import type { Netlist } from '../../src-main/stages/netlist/index.ts';
import { quantizeInput, runCore, type QuantGraph } from '../../src-main/stages/quantize/index.ts';
import { runKLayoutRules } from '../../src-main/tools/klayout-rules.ts';
import { runKLayout } from '../../src-main/tools/klayout.ts';
import { xorDefGds } from '../support/def-gds-xor.ts';
import { demoArtefact } from '../support/demo-artefact.ts';
import { DEMO_TIMEOUT_MS, demoRun, type DemoRun } from '../support/demo-run.ts';
import { exampleSamples } from '../support/digits.ts';
import { readFlatVerilog } from '../support/flat-verilog.ts';
import { simulateGates, type GateLevelRun } from '../support/gate-level.ts';
import { gdsElements } from '../support/gds-elements.ts';
import { kitFiles, kitNote, nangate45 } from '../support/kit.ts';
import {
  makeDoubles,
  makeMutants,
  missedDoubles,
  type Double,
  type Mutants,
} from '../support/layout-mutants.ts';
import { testTool } from '../support/tools.ts';

const TEST_MS = 10 * 60_000;
const icarus = testTool('iverilog');
const klayout = testTool('klayout');
const folder = mkdtempSync(join(tmpdir(), 'ingot-judges-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let demo: DemoRun;
const path = (name: string): string => join(demo.out, name);
beforeAll(async () => {
  demo = await demoRun();
}, DEMO_TIMEOUT_MS);

describe.skipIf(!kitFiles || !icarus.path)(
  `Icarus Verilog with the kit's models${kitNote}${icarus.note}`,
  () => {
    /** Of the 360 test images: the flow's own replays use the first 32. */
    const DIGITS = [100, 217, 359];
    let netlist: string;
    let graph: QuantGraph;
    let inputs: Int8Array[];
    let cycles: number;

    beforeAll(() => {
      netlist = readFileSync(path('netlist.v'), 'utf8');
      graph = demoArtefact<QuantGraph>(demo, 'quantized.bin');
      const images = exampleSamples('test-images');
      inputs = DIGITS.map((i) => quantizeInput(graph, images[i]!));
      ({ cycles } = JSON.parse(readFileSync(path('report.json'), 'utf8')) as { cycles: number });
    });

    const simulate = (digits: number, powerUp: 0 | 1, verilog = netlist): Promise<GateLevelRun> =>
      simulateGates(
        {
          top: readFlatVerilog(netlist).name,
          netlist: verilog,
          cells: kitFiles!.verilog,
          inputs: inputs.slice(0, digits),
          powerUp,
          maxCycles: 2 * digits * cycles,
        },
        join(folder, `gates-${digits}-${powerUp}`),
      );

    test(
      'three digits: the answers of the integer reference, the cycles of the report',
      { timeout: TEST_MS },
      async () => {
        const run = await simulate(3, 0);
        expect(run.outputs).toEqual(inputs.map((input) => runCore(graph, input)));
        expect(run.cycles).toEqual([cycles, cycles, cycles]);
      },
    );

    test('what flip-flops hold at power-up does not matter', { timeout: TEST_MS }, async () => {
      const run = await simulate(1, 1);
      expect(run.outputs).toEqual([runCore(graph, inputs[0]!)]);
      expect(run.cycles).toEqual([cycles]);
    });

    test('some gates of another kind are noticed', { timeout: TEST_MS }, async () => {
      let seen = 0;
      const mutant = netlist.replace(/^ {2}XOR2_X1 /gm, (cell) =>
        seen++ % 20 === 10 ? '  XNOR2_X1 ' : cell,
      );
      const wrong = mutant.replace(/^ {2}XNOR2_X1 .*$/gm, (line) => line.replace('.Z(', '.ZN('));
      expect(seen).toBeGreaterThan(20);
      const run = await simulate(1, 0, wrong);
      expect(run.outputs).not.toEqual([runCore(graph, inputs[0]!)]);
    });
  },
);

describe.skipIf(!kitFiles || !klayout.path)(`KLayout${kitNote}${klayout.note}`, () => {
  test('reads our DEF as what our GDS draws, on every layer of the routing', { timeout: TEST_MS }, () => {
    const layers = nangate45().tech.layers.map((l) => [l.name, l.gdsLayer] as const);
    const lefs = [kitFiles!.techLef, kitFiles!.cellLef];
    const task = { gds: path('chip.gds'), def: path('chip.def'), lefs, layers };
    const [metal1, ...others] = xorDefGds(klayout.path!, task, folder);
    expect(others.filter((l) => l.differenceArea !== 0)).toEqual([]);
    // LEF cells have less metal1 than GDS cells: only their pins.
    expect(metal1).toMatchObject({ layer: 'metal1', defOnlyArea: 0 });
    const used = others.filter((l) => l.polygons > 0).map((l) => l.layer);
    for (const layer of ['via1', 'metal2', 'via2', 'metal3', 'via3', 'metal4']) expect(used).toContain(layer);
  });
});

describe.skipIf(!kitFiles)(`a GDS with shapes drawn twice, the copy beside${kitNote}`, () => {
  let damaged: { gds: Uint8Array; doubles: readonly Double[] };
  /** GDS units per unit of the kit. */
  let scale: number;

  beforeAll(() => {
    const def = readDef(readFileSync(path('chip.def'), 'utf8')).value;
    const gds = new Uint8Array(readFileSync(path('chip.gds')));
    scale = readGds(gds).value.dbuPerUm / def.dbuPerUm;
    damaged = makeDoubles(gds, gdsElements(gds, def.design), def, nangate45(), scale, 5, 46);
    expect(damaged.doubles).toHaveLength(10);
  }, DEMO_TIMEOUT_MS);

  test('our check finds every one', { timeout: TEST_MS }, () => {
    const { netlist } = demoArtefact<{ netlist: Netlist }>(demo, 'filled.bin');
    const { violations } = checkLayout(readGds(damaged.gds).value, netlist, nangate45());
    const places = violations.map((v) => [v.xDbu * scale, v.yDbu * scale] as const);
    expect(missedDoubles(damaged.doubles, places)).toEqual([]);
  });

  test.skipIf(!klayout.path)(
    `KLayout's rules find every one${klayout.note}`,
    { timeout: TEST_MS },
    async () => {
      const rules = routingRules(nangate45());
      const outcome = await runKLayoutRules({ gds: damaged.gds, rules }, join(folder, 'doubles'));
      if (outcome.status !== 'done') throw new Error(outcome.reason);
      const unit = scale * nangate45().tech.dbuPerUm;
      const places = outcome.result.rules.flatMap((r) =>
        r.places.map(([x, y]) => [x * unit, y * unit] as const),
      );
      expect(missedDoubles(damaged.doubles, places)).toEqual([]);
    },
  );
});

describe.skipIf(!kitFiles)(`a damaged GDS${kitNote}`, () => {
  const EACH = 5;
  let mutants: Mutants;
  let pins: ReturnType<typeof pinLocations>;
  let touched: Set<string>;
  let ours: { opens: string[]; shorts: string[][] };

  beforeAll(() => {
    const def = readDef(readFileSync(path('chip.def'), 'utf8')).value;
    const gds = new Uint8Array(readFileSync(path('chip.gds')));
    const scale = readGds(gds).value.dbuPerUm / def.dbuPerUm;
    pins = pinLocations(def, nangate45());
    mutants = makeMutants(gds, gdsElements(gds, def.design), def, nangate45(), scale, EACH, 45);
    touched = new Set([...mutants.cut, ...mutants.moved, ...mutants.joined.flat()]);
    expect(touched.size).toBe(4 * EACH);
  }, DEMO_TIMEOUT_MS);

  /** Vias taken out are opens, copied wires shorts, moved wires one of them; no other net is broken. */
  function expectAllNamed(opens: readonly string[], shorts: readonly (readonly string[])[]): void {
    const groups = merged(shorts);
    const isShort = (a: string, b: string): boolean => groups.some((g) => g.has(a) && g.has(b));
    expect(mutants.cut.filter((net) => !opens.includes(net))).toEqual([]);
    expect(mutants.joined.filter(([a, b]) => !isShort(a, b))).toEqual([]);
    expect(mutants.moved.filter((net) => ![...opens, ...shorts.flat()].includes(net))).toEqual([]);
    expect(opens.filter((net) => !touched.has(net))).toEqual([]);
    // A moved wire may join nets that are not its own.
    const others = groups.filter((group) => ![...group].some((net) => touched.has(net)));
    expect(others.length).toBeLessThanOrEqual(EACH);
  }

  /** One judge may tell a short of four nets at once, the other two by two. */
  function merged(shorts: readonly (readonly string[])[]): Set<string>[] {
    return shorts.reduce<Set<string>[]>((groups, nets) => {
      const touching = groups.filter((g) => nets.some((net) => g.has(net)));
      const rest = groups.filter((g) => !touching.includes(g));
      return [...rest, new Set([...nets, ...touching.flatMap((g) => [...g])])];
    }, []);
  }

  test('our check names every net that was touched', { timeout: TEST_MS }, () => {
    const { netlist } = demoArtefact<{ netlist: Netlist }>(demo, 'filled.bin');
    const report = checkLayout(readGds(mutants.gds).value, netlist, nangate45());
    const of = (rule: string) => report.violations.filter((v) => v.rule === rule).map((v) => v.nets);
    expect(report.isClean).toBe(false);
    ours = { opens: of('open').flat(), shorts: of('short').map((nets) => [...nets]) };
    expectAllNamed(ours.opens, ours.shorts);
  });

  test.skipIf(!klayout.path)(
    `KLayout names them too, the same opens and shorts${klayout.note}`,
    { timeout: TEST_MS },
    async () => {
      const outcome = await runKLayout({ gds: mutants.gds, pins }, join(folder, 'mutants'));
      if (outcome.status !== 'done') throw new Error(outcome.reason);
      expect(outcome.isClean).toBe(false);
      const { shorts } = outcome.result;
      const opens = outcome.result.opens.map(([net]) => net);
      expectAllNamed(opens, shorts);
      const sorted = (groups: Set<string>[]): string[] => groups.map((g) => [...g].sort().join(' ')).sort();
      expect(sorted(merged(shorts))).toEqual(sorted(merged(ours.shorts)));
      expect([...new Set(opens)].sort()).toEqual([...new Set(ours.opens)].sort());
    },
  );
});
