import { describe, expect, test } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import {
  readDef,
  readGds,
  topStructure,
  verifyLayoutFiles,
  writeDef,
  writeGds,
  type LayoutDesign,
} from '../../src-main/stages/layout/index.ts';
import { codeOf } from '../support/code-of.ts';
import { kitFiles, kitGds, kitNote, nangate45 } from '../support/kit.ts';
import { tinyLayout } from '../support/tiny-layout.ts';

const defOf = ({ netlist, floorplan, placement, routing, kit }: LayoutDesign): string =>
  writeDef(netlist, floorplan, placement, routing, kit);
const code = (run: () => unknown): string => {
  const { code, place } = codeOf(run);
  return `${code} ${place ?? ''}`.trim();
};

describe.skipIf(!kitFiles)(`layout files${kitNote}`, () => {
  test('what was written reads back as what it was written from', () => {
    const [kit, gds] = [nangate45(), kitGds()];
    const design = tinyLayout(kit);
    const report = verifyLayoutFiles(design, defOf(design), writeGds(design, gds));
    expect(report.diagnostics).toEqual([]);
    expect([report.instances, report.nets, report.wires, report.vias]).toEqual([24, 7, 19, 24]);
    expect(report.layerAreasUm2.filter((l) => l.areaUm2 > 0).map((l) => l.layer)).toEqual([
      'metal1',
      'via1',
      'metal2',
      'via2',
      'metal3',
      'via3',
      'metal4',
    ]);
  });

  test('unrouted designs have no wires in either file', () => {
    const [kit, gds] = [nangate45(), kitGds()];
    const design = { ...tinyLayout(kit), routing: null };
    expect(verifyLayoutFiles(design, defOf(design), writeGds(design, gds)).diagnostics).toEqual([]);
    expect(defOf(design).split('NETS 7')[1]).not.toContain('ROUTED');
  });

  test('same input, same bytes', () => {
    const [kit, gds] = [nangate45(), kitGds()];
    expect(writeGds(tinyLayout(kit), gds)).toEqual(writeGds(tinyLayout(kit), gds));
    expect(defOf(tinyLayout(kit))).toBe(defOf(tinyLayout(kit)));
  });

  test('each kind of difference between files and design has its code', () => {
    const [kit, gds] = [nangate45(), kitGds()];
    const design = tinyLayout(kit);
    const [def, bytes] = [defOf(design), writeGds(design, gds)];
    const moved = { ...design.placement, xDbu: design.placement.xDbu.map((x, i) => (i === 3 ? x + 380 : x)) };
    const wires = design.routing!.wires.map((v, i) => (i === 1 ? v + 380 : v));
    const cases: Record<string, LayoutDesign> = {
      'LAYOUT-040': { ...design, placement: moved },
      'LAYOUT-042': { ...design, routing: { ...design.routing!, wires } },
      'LAYOUT-043': {
        ...design,
        floorplan: { ...design.floorplan, powerVias: design.floorplan.powerVias.slice(1) },
      },
      'LAYOUT-044': {
        ...design,
        floorplan: { ...design.floorplan, portPins: design.floorplan.portPins.slice(1) },
      },
      'LAYOUT-045': { ...design, floorplan: { ...design.floorplan, rows: design.floorplan.rows.slice(1) } },
    };
    for (const [expected, other] of Object.entries(cases))
      expect(verifyLayoutFiles(other, def, bytes).diagnostics.map((d) => d.code)).toContain(expected);
    const netPins = design.netlist.netPins.slice();
    [netPins[1], netPins[4]] = [netPins[4]!, netPins[1]!];
    const crossed = { ...design, netlist: { ...design.netlist, netPins } };
    expect(verifyLayoutFiles(crossed, def, bytes).diagnostics.map((d) => d.code)).toContain('LAYOUT-041');
  });

  test('metal that one file has and the other lacks is an area', () => {
    const [kit, gds] = [nangate45(), kitGds()];
    const design = tinyLayout(kit);
    const other = {
      ...design,
      routing: { ...design.routing!, wires: design.routing!.wires.map((v, i) => (i === 4 ? v + 560 : v)) },
    };
    const codes = verifyLayoutFiles(design, defOf(design), writeGds(other, gds)).diagnostics.map(
      (d) => d.code,
    );
    expect(codes).toEqual(['LAYOUT-046']);
  });

  test('cells come with their own bytes, on the finer of the two database units', () => {
    const [kit, gds] = [nangate45(), kitGds()];
    const lib = readGds(writeGds(tinyLayout(kit), gds)).value;
    expect(lib.dbuPerUm).toBe(10000);
    const own = readGds(gds).value;
    const cell = (l: typeof lib, name: string) => l.structures.find((s) => s.name === name);
    expect(cell(lib, 'DFF_X1')).toEqual(cell(own, 'DFF_X1'));
    expect(cell(lib, 'DFF_X2')).toBeUndefined();
    expect(topStructure(lib).name).toBe('tiny$top_x');
    expect(
      topStructure(lib)
        .texts.map((t) => t.text)
        .sort(),
    ).toEqual(['VDD', 'VSS', 'clk', 'in[0]', 'out', 'out2']);
  });

  test('a kit whose GDS lacks a cell is refused by name', () => {
    const [kit, gds] = [nangate45(), kitGds()];
    const design = tinyLayout(kit);
    const renamed = {
      ...kit,
      masters: kit.masters.map((m) => (m.name === 'INV_X1' ? { ...m, name: 'NO_X1' } : m)),
    };
    expect(code(() => writeGds({ ...design, kit: renamed }, gds))).toBe('LAYOUT-030 NO_X1');
  });

  test('names with backslashes and brackets survive', () => {
    const kit = nangate45();
    const def = readDef(defOf(tinyLayout(kit))).value;
    expect(def.componentNames).toContain('u_inv\\2');
    expect(def.pins.map((p) => p.name)).toContain('in[0]');
  });

  test('damaged GDS bytes give typed errors, never anything else', () => {
    const [kit, gds] = [nangate45(), kitGds()];
    const bytes = writeGds(tinyLayout(kit), gds);
    expect(code(() => readGds(bytes.subarray(0, bytes.length - 4)))).toMatch(/^LAYOUT-021 GDS byte \d+$/);
    const random = makeRng(3);
    for (let k = 0; k < 300; k++) {
      const broken = bytes.slice();
      broken[Math.floor(random() * broken.length)] = Math.floor(random() * 256);
      expect(code(() => readGds(broken))).toMatch(/^(none|LAYOUT-02\d GDS byte \d+)$/);
    }
  });

  test('damaged DEF text gives typed errors with line and column', () => {
    const kit = nangate45();
    const words = defOf(tinyLayout(kit)).split(' ');
    const random = makeRng(5);
    for (let k = 0; k < 300; k++) {
      const broken = words.slice();
      broken.splice(Math.floor(random() * words.length), 1, ...(k % 2 ? [] : ['?', '7']));
      expect(code(() => readDef(broken.join(' ')))).toMatch(/^(none|LAYOUT-00\d DEF \d+:\d+)$/);
    }
  });
});

test('DEF as others write it', () => {
  const text = `VERSION 5.8 ; # a comment
DESIGN x ; UNITS DISTANCE MICRONS 1000 ;
DIEAREA ( 0 0 ) ( 9000 9000 ) ;
GCELLGRID X 0 DO 3 STEP 3000 ;
VIAS 1 ;
- v + VIARULE r + CUTSIZE 140 140 + LAYERS metal1 via1 metal2 + CUTSPACING 160 160
  + ENCLOSURE 10 20 30 40 + ROWCOL 1 2 ;
END VIAS
COMPONENTS 1 ;
- a\\[1\\] INV_X1 + SOURCE TIMING + PLACED ( 100 200 ) FS ;
END COMPONENTS
PINS 1 ;
- p + NET n + DIRECTION INPUT + USE SIGNAL + PORT + LAYER metal3 ( -10 0 ) ( 10 20 ) + PLACED ( 500 0 ) FS ;
END PINS
SPECIALNETS 1 ;
- VDD ( * VDD ) + USE POWER + ROUTED metal4 960 + SHAPE STRIPE ( 500 0 ) ( 500 9000 )
  NEW metal1 0 + SHAPE STRIPE ( 500 1400 ) v ;
END SPECIALNETS
NETS 1 ;
- n ( PIN p ) ( a\\[1\\] A ) + USE SIGNAL + ROUTED metal2 ( 500 700 ) ( * 100 20 ) ( 300 * ) via1_4 NEW metal3 ( 1 2 ) RECT ( -5 -5 5 5 ) ;
END NETS
END DESIGN
`;
  const { value: def, diagnostics } = readDef(text);
  expect(diagnostics.map((d) => d.code)).toEqual(['LAYOUT-008']);
  expect(def.componentNames).toEqual(['a[1]']);
  expect(def.vias[0]!.shapes.map((s) => [s.layer, ...Object.values(s.rect)])).toEqual([
    ['metal1', -230, -90, 230, 90],
    ['via1', -220, -70, -80, 70],
    ['via1', 80, -70, 220, 70],
    ['metal2', -250, -110, 250, 110],
  ]);
  expect(def.pins[0]!.shapes[0]!.rect).toEqual({ x1: 490, y1: -20, x2: 510, y2: 0 });
  expect([...def.nets.wires]).toEqual(
    [2, 500, 100, 500, 700, -1, -1, -1, 2, 300, 100, 500, 100, -1, -1, -1].map((v, k) =>
      k % 8 === 0 ? def.layerNames.indexOf('metal2') : v,
    ),
  );
  expect([...def.nets.vias].slice(1)).toEqual([300, 100]);
  expect([...def.nets.rects].slice(1)).toEqual([-4, -3, 6, 7]);
  expect([...def.specialNets.wires].slice(1)).toEqual([500, 0, 500, 9000, 960, 0, 0]);
});

test.each([
  ['REGIONS 1 ;', 'LAYOUT-006 DEF 1:1'],
  ['ROW r s 0 0 E ;', 'LAYOUT-007 DEF 1:13'],
  ['UNITS DISTANCE MICRONS x ;', 'LAYOUT-003 DEF 1:24'],
  ['UNITS DISTANCE MICRONS 2.5 ;', 'LAYOUT-004 DEF 1:24'],
  ['DIEAREA ( 0 0 ) ( 1 1 ', 'LAYOUT-001 DEF 1:23'],
])('refused with its place: %s', (text, expected) => {
  expect(code(() => readDef(text))).toBe(expected);
});

test('pins as others write them: placed before their layer, turned by a quarter; a wrong count is a warning', () => {
  const pin = (name: string, rest: string): string => `- ${name} + NET ${name} + DIRECTION INPUT ${rest} ;`;
  const { value, diagnostics } = readDef(
    [
      'DESIGN d ;',
      'UNITS DISTANCE MICRONS 2000 ;',
      'PINS 5 ;',
      pin('early', '+ PLACED ( 100 50 ) N + LAYER metal3 ( -10 0 ) ( 10 40 )'),
      pin('left', '+ LAYER metal5 ( -10 0 ) ( 10 40 ) + FIXED ( 100 50 ) W'),
      pin('right', '+ LAYER metal5 ( -10 0 ) ( 10 40 ) + FIXED ( 100 50 ) E'),
      'END PINS',
      'END DESIGN',
    ].join('\n'),
  );
  expect(diagnostics).toMatchObject([{ code: 'LAYOUT-009', severity: 'warning', place: 'DEF 7:5' }]);
  expect(value.pins.map((p) => Object.values(p.shapes[0]!.rect))).toEqual([
    [90, 50, 110, 90],
    [60, 40, 100, 60],
    [100, 40, 140, 60],
  ]);
});
