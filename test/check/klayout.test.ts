/** KLayout opens what we write, agrees that it is clean, and finds what we break. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { checkLayout, pinLocations, routingRules, writeLyrdb } from '../../src-main/stages/check/index.ts';
import {
  readDef,
  readGds,
  writeDef,
  writeGds,
  type LayoutDesign,
} from '../../src-main/stages/layout/index.ts';
import { runKLayoutRules } from '../../src-main/tools/klayout-rules.ts';
import { parseKLayoutResult, runKLayout, type KLayoutOutcome } from '../../src-main/tools/klayout.ts';
import { xorDefGds } from '../support/def-gds-xor.ts';
import { kitFiles, kitGds, kitNote, nangate45 } from '../support/kit.ts';
import { tinyLayout } from '../support/tiny-layout.ts';
import { testTool } from '../support/tools.ts';

const klayout = testTool('klayout');
const folder = mkdtempSync(join(tmpdir(), 'ingot-klayout-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Drawn from one design, judged by the pins of the whole one. */
async function judge(drawn: LayoutDesign, whole: LayoutDesign): Promise<KLayoutOutcome & { status: 'done' }> {
  const [kit, gds] = [nangate45(), kitGds()];
  const def = readDef(writeDef(whole.netlist, whole.floorplan, whole.placement, whole.routing, kit)).value;
  const outcome = await runKLayout({ gds: writeGds(drawn, gds), pins: pinLocations(def, kit) }, folder);
  if (outcome.status !== 'done') throw new Error(outcome.reason);
  return outcome;
}

describe.skipIf(!kitFiles || !klayout.path)(`KLayout as judge${kitNote}${klayout.note}`, () => {
  test('the small layout is clean by KLayout too, and it compared all of it', async () => {
    const design = tinyLayout(nangate45());
    const { isClean, result } = await judge(design, design);
    expect(isClean).toBe(true);
    expect([result.top, result.netsCompared, result.pinsCompared, result.unresolved]).toEqual([
      'tiny$top_x',
      9,
      64,
      [],
    ]);
    expect(result.instances).toBe(design.netlist.instNames.length + design.routing!.vias.length / 3 + 9);
    expect(result.layers).toContain('15/0');
  });

  test('the rules find nothing there, and each kind of damage', async () => {
    const kit = nangate45();
    const design = tinyLayout(kit);
    const judgeRules = async (drawn: LayoutDesign): Promise<string[]> => {
      const gds = writeGds(drawn, kitGds());
      const outcome = await runKLayoutRules({ gds, rules: routingRules(kit) }, join(folder, 'rules'));
      if (outcome.status !== 'done') throw new Error(outcome.reason);
      expect(outcome.result.rules.length).toBeGreaterThan(30);
      expect(outcome.lyrdb).toContain('metal2.width');
      return outcome.result.rules.filter((r) => r.violations > 0).map((r) => r.rule);
    };
    expect(await judgeRules(design)).toEqual([]);
    const routing = design.routing!;
    const [layer, x1, y1, x2, y2] = routing.wires.subarray(0, 5) as unknown as [
      number,
      number,
      number,
      number,
      number,
    ];
    const drawn = (wires: number[], vias: number[] = []): LayoutDesign => ({
      ...design,
      routing: {
        ...routing,
        wires: Int32Array.from([...routing.wires, ...wires]),
        vias: Int32Array.from([...routing.vias, ...vias]),
      },
    });
    const along = x1 === x2;
    const beside = (by: number): number[] => [
      layer,
      ...[x1, y1, x2, y2].map((v, i) => v + ((i % 2 === 0) === along ? by : 0)),
    ];
    const um = kit.tech.dbuPerUm;
    const name = kit.tech.layers[layer]!.name;
    // Gaps of 0.05 um and, off the grid of 5 nm, of some units.
    expect(await judgeRules(drawn(beside(Math.round(0.12 * um))))).toContain(`${name}.space`);
    expect(await judgeRules(drawn(beside(1)))).toContain(`${name}.grid`);
    // A cut where no metal is.
    const [def, vx, vy] = routing.vias.subarray(0, 3) as unknown as [number, number, number];
    const found = await judgeRules(drawn([], [def, vx + Math.round(0.04 * um), vy]));
    expect(found.some((rule) => /^via\d+\.(size|space|below|above)$/.test(rule))).toBe(true);
  });

  test('a missing via is an open', async () => {
    const design = tinyLayout(nangate45());
    const routing = { ...design.routing!, vias: design.routing!.vias.slice(3) };
    const { isClean, result } = await judge({ ...design, routing }, design);
    expect([isClean, result.openCount, result.shortCount]).toEqual([false, 1, 0]);
  });

  test('a bridge between two trunks is a short', async () => {
    const design = tinyLayout(nangate45());
    const w = design.routing!.wires;
    const [a, b] = [0, 1].map((net) => (design.routing!.wireStart[net + 1]! - 1) * 5) as [number, number];
    const x = w[a + 1]!;
    const ys = [w[a + 2]!, w[b + 2]!].sort((p, q) => p - q) as [number, number];
    const routing = { ...design.routing!, wires: Int32Array.from([...w, 4, x, ys[0], x, ys[1]]) };
    const { isClean, result } = await judge({ ...design, routing }, design);
    expect([isClean, result.shortCount]).toEqual([false, 1]);
    expect(result.shorts[0]!.length).toBe(2);
  });

  test("KLayout's own reading of our DEF is our GDS: no difference on any layer", () => {
    const [kit, gds] = [nangate45(), kitGds()];
    const design = tinyLayout(kit);
    const path = (name: string): string => join(folder, name);
    writeFileSync(path('a.gds'), writeGds(design, gds));
    writeFileSync(
      path('a.def'),
      writeDef(design.netlist, design.floorplan, design.placement, design.routing, kit),
    );
    const layers = kit.tech.layers.map((l) => [l.name, l.gdsLayer] as const).slice(1, 7);
    const lefs = [kitFiles!.techLef, kitFiles!.cellLef];
    const task = { gds: path('a.gds'), def: path('a.def'), lefs, layers };
    const out = xorDefGds(klayout.path!, task, folder).map((l) => [l.layer, l.polygons, l.differenceArea]);
    expect(out).toEqual([
      ['via1', 21, 0],
      ['metal2', 15, 0],
      ['via2', 21, 0],
      ['metal3', 10, 0],
      ['via3', 9, 0],
      ['metal4', 2, 0],
    ]);
  });

  test('drawn from the DEF with the library of cells it is the GDS on every layer; a moved wire is seen', async () => {
    const [kit, gds] = [nangate45(), kitGds()];
    const design = tinyLayout(kit);
    const [techLef, cellLef] = [kitFiles!.techLef, kitFiles!.cellLef].map((file) =>
      readFileSync(file, 'latin1'),
    ) as [string, string];
    const differing = async (drawn: LayoutDesign): Promise<string[]> => {
      const def = writeDef(design.netlist, design.floorplan, design.placement, drawn.routing, kit);
      const outcome = await runKLayoutRules(
        {
          gds: writeGds(design, gds),
          rules: routingRules(kit),
          drawn: { def, techLef, cellLef, cellGds: gds },
        },
        join(folder, 'drawn'),
      );
      if (outcome.status !== 'done') throw new Error(outcome.reason);
      const layers = outcome.result.difference!;
      for (const name of ['metal1', 'via1', 'metal2', 'via2', 'metal3'])
        expect(layers.find(([layer]) => layer === name)![1]).toBeGreaterThan(0);
      return layers.filter(([, , polygons]) => polygons > 0).map(([layer]) => layer);
    };
    expect(await differing(design)).toEqual([]);
    const wires = Int32Array.from(design.routing!.wires);
    for (const k of [1, 3]) wires[k]! += 10;
    const moved = { ...design, routing: { ...design.routing!, wires } };
    expect(await differing(moved)).toEqual([kit.tech.layers[wires[0]!]!.name]);
  });

  test('the marker file opens in KLayout with every violation', () => {
    const [kit, gds] = [nangate45(), kitGds()];
    const design = tinyLayout(kit);
    const routing = { ...design.routing!, vias: design.routing!.vias.slice(6) };
    const report = checkLayout(readGds(writeGds({ ...design, routing }, gds)).value, design.netlist, kit);
    expect(report.violations.length).toBeGreaterThan(0);
    const [file, script] = [join(folder, 'marks.lyrdb'), join(folder, 'count.py')];
    writeFileSync(file, writeLyrdb(report, 'tiny', kit));
    writeFileSync(script, 'import pya\nd = pya.ReportDatabase("x")\nd.load(file)\nprint(d.num_items())\n');
    const out = execFileSync(klayout.path!, ['-b', '-r', script, '-rd', `file=${file}`], {
      encoding: 'utf8',
    });
    expect(Number(out.trim())).toBe(report.violations.length);
  });

  test('a damaged GDS is a typed error', async () => {
    const kit = nangate45();
    const design = tinyLayout(kit);
    const def = readDef(
      writeDef(design.netlist, design.floorplan, design.placement, design.routing, kit),
    ).value;
    const input = { gds: new Uint8Array(100), pins: pinLocations(def, kit) };
    await expect(runKLayout(input, folder)).rejects.toMatchObject({ diagnostic: { code: 'TOOL-040' } });
  });
});

test('a result about nothing is refused', () => {
  expect(() => parseKLayoutResult('')).toThrow(/missing/);
  expect(() => parseKLayoutResult('{"klayout": 1}')).toThrow(/cannot be used/);
});
