/**
 * The main job on the digits example, judged by its files: GDS, DEF and netlist hold the same chip, the report
 * has its fixed keys and no failed proof, its figures follow from the files, and the page fetches nothing.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Rect } from '../../src-main/base/geometry.ts';
import {
  DEF_PIN,
  OUTLINE_GDS_LAYER,
  readDef,
  readGds,
  type DefDesign,
  type DefNets,
} from '../../src-main/stages/layout/index.ts';
import { defShapes } from '../support/def-shapes.ts';
import { DEMO_TIMEOUT_MS, demoRun, type DemoRun } from '../support/demo-run.ts';
import { exampleLabels, exampleSamples } from '../support/digits.ts';
import { readFlatVerilog, type FlatModule } from '../support/flat-verilog.ts';
import { elementKey, gdsElements, rectKey, type GdsElement } from '../support/gds-elements.ts';
import { kitFiles, kitNote, kitText, nangate45 } from '../support/kit.ts';

const isRequired = process.env.INGOT_REQUIRE_TOOLS === '1';
/** Cells with an area and no logic, which netlist.v leaves out. */
const PHYSICAL = /^(FILLCELL|TAPCELL|WELLTAP)/;
const MEMORY_LIMIT_MIB = 4096;

/** The keys that others script; `.strict` is left out on purpose: more may come, none may go. */
const Report = z.object({
  cycles: z.int().positive(),
  clockMhz: z.number().positive(),
  latencyUs: z.number().positive(),
  accuracy: z.number().min(0).max(1),
  cells: z.int().positive(),
  areaUm2: z.number().positive(),
  wirelengthUm: z.number().positive(),
  vias: z.int().positive(),
  wnsPs: z.number(),
  tnsPs: z.number().max(0),
  powerMw: z.number().positive(),
  steps: z
    .array(
      z.object({
        name: z.string().min(1),
        wallS: z.number().positive(),
        cpuS: z.number().positive(),
        peakMiB: z.number().positive(),
      }),
    )
    .min(10),
  proof: z
    .array(
      z.object({
        name: z.string().min(1),
        judge: z.string().min(1),
        result: z.enum(['pass', 'fail', 'skipped']),
        detail: z.string().min(1),
      }),
    )
    .min(20),
});

let demo: DemoRun;
let report: z.infer<typeof Report>;
const read = (name: string): string => readFileSync(join(demo.out, name), 'utf8');

beforeAll(async () => {
  demo = await demoRun();
  report = Report.parse(JSON.parse(read('report.json')));
}, DEMO_TIMEOUT_MS);

/** The one proof with that name; its detail's first number is how much was compared. */
function proof(name: string): { judge: string; result: string; detail: string; count: number } {
  const found = report.proof.filter((p) => p.name === name);
  expect(found.map((p) => p.name)).toEqual([name]);
  return { ...found[0]!, count: Number(/\d+/.exec(found[0]!.detail)?.[0] ?? Number.NaN) };
}

describe('the report', () => {
  test('no proof failed, and none was skipped where the tools are required', () => {
    const wanted = isRequired ? ['pass'] : ['pass', 'skipped'];
    expect(report.proof.filter((p) => !wanted.includes(p.result))).toEqual([]);
    expect(new Set(report.proof.map((p) => p.name)).size).toBe(report.proof.length);
  });

  test('foreign judges say who they are', () => {
    const skipped = report.proof.filter((p) => p.result === 'skipped').map((p) => p.judge);
    const judges = report.proof.map((p) => p.judge);
    for (const tool of ['Verilator', 'OpenSTA', 'KLayout'])
      expect([
        tool,
        judges.some((j) => new RegExp(`^${tool} \\d`).test(j)) || skipped.includes(tool),
      ]).toEqual([tool, true]);
  });

  test('all 360 digits, within half a point of the float model, which others ran', () => {
    const labels = exampleLabels();
    const right = exampleSamples('test-expected').filter(
      (scores, i) => scores.indexOf(Math.max(...scores)) === labels[i],
    ).length;
    expect(labels.length).toBe(360);
    expect(right / 360).toBeGreaterThan(0.9);
    expect(report.accuracy).toBeGreaterThanOrEqual(right / 360 - 0.005);
    expect(report.accuracy * 360).toBeCloseTo(Math.round(report.accuracy * 360), 6);
    expect(proof('the chip keeps the accuracy')).toMatchObject({ result: 'pass', count: 360 });
    expect(proof('the simulator computes what the integer model does')).toMatchObject({
      result: 'pass',
      count: 360,
    });
  });

  test('Verilator repeated at least 20 digits, the routed gates at least 3', () => {
    const rtl = proof('the RTL does what the simulator says');
    if (rtl.result === 'pass') {
      expect(rtl.count).toBeGreaterThanOrEqual(20);
      expect(rtl.detail).toMatch(/: 0 bytes and 0 cycles differ$/);
    } else expect(isRequired).toBe(false);
    const gates = proof('the routed gates compute what the simulator promised');
    expect(gates.result).toBe('pass');
    expect(gates.count).toBeGreaterThanOrEqual(3);
    expect(gates.detail).toMatch(/: 0 bytes and 0 cycles differ$/);
  });

  test('every step fits 4 GiB; the times are told, not judged', () => {
    for (const step of report.steps)
      expect([step.name, step.peakMiB < MEMORY_LIMIT_MIB]).toEqual([step.name, true]);
    const rows = report.steps.map(
      (s) => `| ${s.name} | ${s.wallS.toFixed(1)} | ${s.cpuS.toFixed(1)} | ${s.peakMiB.toFixed(0)} |`,
    );
    const total = (key: 'wallS' | 'cpuS'): string =>
      report.steps.reduce((sum, s) => sum + s[key], 0).toFixed(1);
    console.log(
      ['| step | wall s | CPU s | peak MiB |', '|---|---|---|---|', ...rows].join('\n') +
        `\n| sum (limit 600 s on two idle cores) | ${total('wallS')} | ${total('cpuS')} | |`,
    );
  });

  test('the page needs no network', () => {
    const page = read('report.html');
    expect(page.length).toBeGreaterThan(10_000);
    const addresses = [...page.matchAll(/\b(?:src|href|srcset|action|poster|data)\s*=\s*["']?([^"'\s>]*)/gi)];
    const foreign = addresses.map((m) => m[1]!).filter((a) => !/^(?:data:|#|$)/.test(a));
    expect(foreign).toEqual([]);
    const code = page.replace(/<script type="application\/json"[\s\S]*?<\/script>/g, '');
    expect(
      code.match(/url\((?!["']?data:)|@import|\bfetch\(|XMLHttpRequest|\bimport\(|sendBeacon|EventSource/g),
    ).toBe(null);
    // A namespace is a name, nothing that is fetched.
    const urls = (code.match(/(?:https?:|wss?:)?\/\/[a-z][\w.-]+\.[a-z]{2,}[^\s"'<]*/gi) ?? []).filter(
      (u) => !u.includes('//www.w3.org/'),
    );
    expect(urls).toEqual([]);
  });
});

/** Of a net's DEF connections, as readFlatVerilog names them, sorted. */
function connections(def: DefDesign, nets: DefNets, net: number): string[] {
  const found: string[] = [];
  for (let k = nets.connectionStart[net]!; k < nets.connectionStart[net + 1]!; k++) {
    const component = nets.connectionComponent[k]!;
    found.push(`${component === DEF_PIN ? 'PIN' : def.componentNames[component]}/${nets.connectionPins[k]}`);
  }
  return found.sort();
}

function countByKey(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

describe.skipIf(!kitFiles)(`the files hold the whole chip${kitNote}`, () => {
  let module: FlatModule;
  let def: DefDesign;
  let bytes: Uint8Array;
  let elements: GdsElement[];
  /** GDS units per unit of the DEF. */
  let scale: number;

  beforeAll(() => {
    module = readFlatVerilog(read('netlist.v'));
    def = readDef(read('chip.def')).value;
    bytes = new Uint8Array(readFileSync(join(demo.out, 'chip.gds')));
    elements = gdsElements(bytes, module.name);
    scale = readGds(bytes).value.dbuPerUm / def.dbuPerUm;
  }, DEMO_TIMEOUT_MS);

  test('our GDS reader sees the same elements, and no structure is missing', () => {
    const { value } = readGds(bytes);
    const top = value.structures.find((s) => s.name === module.name)!;
    const count = (kind: GdsElement['kind']): number => elements.filter((e) => e.kind === kind).length;
    expect([count('boundary'), count('reference'), count('text'), count('other')]).toEqual([
      top.boundaries.layer.length,
      top.references.x.length,
      top.texts.length,
      0,
    ]);
    expect([...value.structureIndex].filter((k) => k < 0)).toEqual([]);
  });

  test('every cell of the netlist is placed, in the DEF and in the GDS', () => {
    const placed = new Map(def.componentNames.map((name, c) => [name, def.componentMasters[c]!]));
    const logic = [...placed].filter(([, master]) => !PHYSICAL.test(master));
    expect(new Map(logic)).toEqual(module.cells);
    expect([...def.componentStatus].filter((status) => status === 0)).toEqual([]);
    const drawn = elements.filter((e) => e.instance !== '').map((e) => [e.instance, e.structure] as const);
    expect(drawn.length).toBe(placed.size);
    expect(new Map(drawn)).toEqual(placed);
    expect([report.cells, placed.size > report.cells]).toEqual([module.cells.size, true]);
  });

  test('every net of the netlist is routed in the DEF, with the same pins', () => {
    const { nets } = def;
    const wanted = new Map([...module.nets].map(([name, pins]) => [name, [...pins].sort()]));
    const routed = new Map(nets.names.map((name, n) => [name, connections(def, nets, n)]));
    expect(routed.size).toBe(nets.names.length);
    const differing = [...wanted].filter(([name, pins]) => routed.get(name)?.join() !== pins.join());
    expect(differing.slice(0, 5)).toEqual([]);
    expect([...routed.keys()].filter((name) => !wanted.has(name))).toEqual([]);
    const bare = nets.names.filter(
      (name, n) => wanted.get(name)!.length > 1 && nets.viaStart[n] === nets.viaStart[n + 1],
    );
    expect(bare).toEqual([]);
  });

  test('every wire and via of every net is in the GDS, and nothing else is', () => {
    const kit = nangate45();
    const routing = defShapes(def, def.nets, kit, scale);
    const power = defShapes(def, def.specialNets, kit, scale);
    const layerOf = new Map(kit.tech.layers.map((l) => [l.name, l.gdsLayer]));
    const rectangle = (layer: string, r: Rect): string =>
      rectKey(layerOf.get(layer)!, r.x1 * scale, r.y1 * scale, r.x2 * scale, r.y2 * scale);
    // The supply's ports are pieces of the grid and drawn once.
    const ports = def.pins.filter((p) => !p.isSpecial).flatMap((p) => p.shapes);
    const wanted = countByKey([
      ...[...routing.wires, ...routing.vias, ...power.wires, ...power.vias].map((shape) => shape.key),
      ...ports.map((p) => rectangle(p.layer, p.rect)),
    ]);
    const drawn = countByKey(
      elements.filter((e) => e.kind !== 'text' && e.instance === '').map((e) => elementKey(e)),
    );
    expect([...wanted].filter(([key, count]) => drawn.get(key) !== count)).toEqual([]);
    const outline = rectKey(OUTLINE_GDS_LAYER, 0, 0, def.die.x2 * scale, def.die.y2 * scale);
    expect([...drawn.keys()].filter((key) => !wanted.has(key))).toEqual([outline]);
    expect([def.nets.rects.length, def.specialNets.rects.length]).toEqual([0, 0]);
    expect(new Set(routing.vias.map((v) => v.net)).size).toBe(module.nets.size);
  });

  test("the report's figures follow from the files", () => {
    const { nets } = def;
    expect(report.vias).toBe(nets.vias.length / 3);
    let lengthDbu = 0;
    for (let w = 0; w < nets.wires.length; w += 8)
      lengthDbu += nets.wires[w + 3]! - nets.wires[w + 1]! + nets.wires[w + 4]! - nets.wires[w + 2]!;
    expect(report.wirelengthUm).toBeCloseTo(lengthDbu / def.dbuPerUm, 3);
    const areas = new Map(
      [...kitText('liberty').matchAll(/^\s*cell\s*\("?(\w+)"?\)[\s\S]*?\barea\s*:\s*([\d.]+)/gm)].map((m) => [
        m[1]!,
        Number(m[2]),
      ]),
    );
    const areaUm2 = [...module.cells.values()].reduce((sum, master) => sum + areas.get(master)!, 0);
    expect(report.areaUm2).toBeCloseTo(areaUm2, 3);
    expect(report.latencyUs).toBeCloseTo(report.cycles / report.clockMhz, 6);
  });
});
