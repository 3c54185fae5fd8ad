/** What the LEF and Liberty readers do with texts they should not trust; small texts of our own. */
import { describe, expect, it } from 'vitest';
import { readKit, trimLiberty } from '../../src-main/stages/kit/index.ts';
import { emptyLef, readLef } from '../../src-main/stages/kit/lef.ts';
import { readLiberty } from '../../src-main/stages/kit/liberty.ts';
import { codeOf } from '../support/code-of.ts';

const TECH = `
UNITS
  DATABASE MICRONS 1000 ;
END UNITS
LAYER m1
  TYPE ROUTING ;
  DIRECTION HORIZONTAL ;
  PITCH 0.2 ; WIDTH 0.1 ;
  OFFSET 0.05 0.1 ;
  SPACINGTABLE
    PARALLELRUNLENGTH 0.0 0.5
      WIDTH 0.0 0.1 0.1
      WIDTH 0.3 0.1 0.2 ;
  RESISTANCE RPERSQ 0.4 ;
END m1
`;
const lefOf = (text: string) => {
  const lef = emptyLef();
  readLef('tech', TECH, lef);
  readLef('cells', text, lef);
  return lef;
};

function expectRefusal(run: () => unknown, code: string, place: string): void {
  const refused = codeOf(run);
  expect(refused.code).toBe(code);
  expect(refused.place!.startsWith(place), refused.place).toBe(true);
}

describe('LEF', () => {
  it('reads a layer: offset by direction, corners of the spacing table', () => {
    expect(lefOf('').layers[0]).toMatchObject({
      offsetDbu: 100,
      spacingDbu: 100,
      wideSpacing: [{ widthDbu: 300, prlDbu: 500, spacingDbu: 200 }],
    });
  });

  const pin = (body: string): string =>
    `MACRO C\n  SIZE 1 BY 2 ;\n  PIN A\n    DIRECTION INPUT ;\n    ${body}\n  END A\nEND C\n`;

  it('reads polygons as rectangles', () => {
    const lef = lefOf(pin('PORT LAYER m1 ; POLYGON 0 0 2 0 2 1 1 1 1 2 0 2 ; END'));
    expect(lef.macros[0]!.pins[0]!.shapes).toHaveLength(2);
  });

  it.each([
    ['an unknown statement', 'FOO 1 ;', 'KIT-002', 'cells:1:1'],
    ['an unknown pin statement', pin('TAPERRULE x ;'), 'KIT-002', 'cells:5:5'],
    ['a slanted polygon', pin('PORT LAYER m1 ; POLYGON 0 0 2 0 1 1 ; END'), 'KIT-004', 'cells:5:'],
    ['a layer that is not declared', pin('PORT LAYER m9 ; RECT 0 0 1 1 ; END'), 'KIT-005', 'cells:5:16'],
    ['a word for a number', pin('PORT LAYER m1 ; RECT 0 x 1 1 ; END'), 'KIT-001', 'cells:5:28'],
    ['a length off the database grid', 'MACRO C\n SIZE 1.00005 BY 1 ;\nEND C', 'KIT-001', 'cells:2:7'],
    ['an early end', 'MACRO C\n SIZE 1 BY', 'KIT-001', 'cells:2:11'],
  ])('refuses %s with its place', (_what, text, code, place) => {
    expectRefusal(() => lefOf(text), code, place);
  });
});

const HEAD = `library (t) {
  time_unit : "1ns"; voltage_unit : "1V"; leakage_power_unit : "1nW"; capacitive_load_unit (1, pf);
  nom_voltage : 1.1; nom_temperature : 25; default_max_transition : 0.2;
  input_threshold_pct_rise : 50; input_threshold_pct_fall : 50;
  output_threshold_pct_rise : 50; output_threshold_pct_fall : 50;
  slew_lower_threshold_pct_rise : 30; slew_lower_threshold_pct_fall : 30;
  slew_upper_threshold_pct_rise : 70; slew_upper_threshold_pct_fall : 70;
  lu_table_template (loadfirst) { variable_1 : total_output_net_capacitance; variable_2 : input_net_transition; }
`;
const cell = (body: string): string => `${HEAD}  cell (C) { area : 1;\n    ${body}\n  }\n}\n`;
const read = (text: string) => readLiberty('lib', text, []);

describe('Liberty', () => {
  it('turns units to ps, fF and fJ, and tables to slew by load', () => {
    const text = cell(`pin (Z) { direction : output; function : "!A"; max_capacitance : 0.06;
      timing () { related_pin : "A"; cell_rise (loadfirst) {
        index_1 ("1, 2"); index_2 ("0.1, 0.2, 0.3"); values ("1, 2, 3", \\
        "4, 5, 6"); } } } pin (A) { direction : input; capacitance : 1.5e-3; }`);
    const pins = read(text).cells.get('C')!.pins;
    expect(pins.get('A')!.capacitanceFf).toBeCloseTo(1.5, 12);
    expect(pins.get('Z')!.maxCapacitanceFf).toBeCloseTo(60, 12);
    const table = pins.get('Z')!.arcs[0]!.cellRisePs!;
    expect([...table.index1]).toEqual([100, 200, 300]);
    expect([...table.index2]).toEqual([1000, 2000]);
    expect([...table.values]).toEqual([1000, 4000, 2000, 5000, 3000, 6000]);
  });

  it.each([
    ['an unknown statement', cell('wibble : 1;'), 'KIT-011', 'lib:10:5'],
    ['an unknown group', cell('test_cell () { }'), 'KIT-011', 'lib:10:5'],
    [
      'a function that is none',
      cell('pin (Z) { direction : output; function : "A &"; }'),
      'KIT-014',
      'lib:10:',
    ],
    [
      'a table with too few values',
      cell(
        'pin (Z) { direction : output; timing () { related_pin : "A"; cell_rise (loadfirst) { index_1 ("1"); index_2 ("1,2"); values ("1"); } } }',
      ),
      'KIT-013',
      'lib:10:',
    ],
    [
      'an axis that does not rise',
      cell(
        'pin (Z) { direction : output; timing () { related_pin : "A"; cell_rise (loadfirst) { index_1 ("1,1"); index_2 ("1"); values ("1,2"); } } }',
      ),
      'KIT-013',
      'lib:10:',
    ],
    ['a group that does not end', HEAD, 'KIT-010', 'lib:9:1'],
    [
      'a wrong number',
      cell(
        'pin (Z) { direction : output; timing () { related_pin : "A"; cell_rise (loadfirst) { index_1 ("1.x"); } } }',
      ),
      'KIT-010',
      'lib:10:',
    ],
    ['another unit of time', HEAD.replace('1ns', '1 fortnight') + '}', 'KIT-012', 'lib:1:1'],
    ['no library at all', 'hello', 'KIT-010', 'lib:1:6'],
    ['nothing', '', 'KIT-010', 'lib:1:1'],
  ])('refuses %s with its place', (_what, text, code, place) => {
    expectRefusal(() => read(text), code, place);
  });

  it('is trimmed for synthesis: cells and power groups go, the rest stays readable', () => {
    const text = cell('leakage_power () { value : 1; }').replace(/\}\s*$/, '  cell (D) { area : 2; }\n}\n');
    const trimmed = trimLiberty(text, new Set(['D']));
    expect(trimmed).not.toMatch(/leakage_power \(|cell \(D\)/);
    expect([...read(trimmed).cells.keys()]).toEqual(['C']);
  });
});

it('an unknown kit is refused by name', () => {
  expect(codeOf(() => readKit({ name: 'tsmc7', techLef: '', cellLef: '', liberty: '' })).code).toBe(
    'KIT-023',
  );
});
