/** Readers of ORFS's config.mk and LibreLane's JSON: what they understand, and how they say what they do not. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { IngotError, type Diagnostic } from '../../src-main/base/diagnostic.ts';
import { evaluate } from '../../src-main/flow/foreign/expression.ts';
import { readForeignProject, type ForeignProject } from '../../src-main/flow/foreign/index.ts';
import { MakeFile } from '../../src-main/flow/foreign/make-file.ts';
import { readRtlBundle } from '../../src-main/flow/foreign/rtl-bundle.ts';

const root = mkdtempSync(join(tmpdir(), 'ingot-foreign-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const file = (name: string, text: string): string => {
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
};
file(
  'designs/src/a.v',
  '`include "w.vh"\nmodule a(input c, output reg [`W:0] q);\n  b u(.c(c));\nendmodule : a\n',
);
file('designs/src/b.v', '// module c instances b\nmodule b(input c);\nendmodule\n');
file('designs/src/w.vh', '`define W 3\n');
file('designs/nangate45/a/constraint.sdc', 'create_clock -period 1 [get_ports c]\n');

const MK = `export DESIGN_NAME = a
export PLATFORM = nangate45
export VERILOG_FILES = $(sort $(wildcard $(DESIGN_HOME)/src/*.v))
export SDC_FILE = $(DESIGN_DIR)/constraint.sdc
`;
let count = 0;
const orfs = (more: string, kit: string | null = null): ForeignProject =>
  readForeignProject(file(`designs/nangate45/a/config${count++}.mk`, MK + more), kit);
const lane = (config: unknown, kit: string | null = null): ForeignProject =>
  readForeignProject(
    file(`lane${count++}.json`, typeof config === 'string' ? config : JSON.stringify(config, null, 2)),
    kit,
  );
const LANE = {
  DESIGN_NAME: 'a',
  VERILOG_FILES: ['dir::designs/src/a.v', 'dir::designs/src/b.v'],
  CLOCK_PORT: 'c',
  CLOCK_PERIOD: 2,
};
const troubleOf = (action: () => unknown): Diagnostic => {
  try {
    action();
  } catch (error) {
    if (error instanceof IngotError) return error.diagnostic;
    throw error;
  }
  throw new Error('nothing was refused');
};
const verdictOf = (project: ForeignProject, key: string): string =>
  project.record.keys.find((k) => k.key === key)!.verdict;
const bytesOf = (project: ForeignProject, role: string): Uint8Array =>
  project.files.find((f) => f.role === role)!.bytes!;

describe('make', () => {
  const make = (text: string): MakeFile => {
    const disk = { readText: () => null, glob: (p: string) => [`${p}!`], exists: () => false };
    const read = new MakeFile(new Map([['GIVEN', 'g']]), disk);
    read.read('x.mk', text);
    return read;
  };
  test.each([
    ['A = $(B)\nB = late', 'late'],
    ['B = early\nA := $(B)\nB = late', 'early'],
    ['A ?= one\nA ?= two', 'one'],
    ['GIVEN ?= x\nA = $(GIVEN)', 'g'],
    ['A = a \\\n   b # comment\nA += c', 'a b c'],
    ['export A=x\\#y', 'x#y'],
    ['A = $(patsubst %.v,%.o,a.v b.c) $(B:.x=.y)\nB = p.x', 'a.o b.c p.y'],
    ['A = $(sort b a b) $(notdir d/e.v) $(addprefix p/,q r) $(filter-out b%,a bc)', 'a b e.v p/q p/r a'],
    ['A = $(wildcard src/*.v)', 'src/*.v!'],
    ['A = $(if $(NONE),yes,no) $$x $(firstword $(subst -, ,p-q))', 'no $x p'],
    ['ifeq ($(GIVEN),g)\nA = is\nelse\nA = not\nendif', 'is'],
    ['ifdef NONE\nA = 1\nelse ifneq "$(GIVEN)" "h"\nA = 2\nelse\nA = 3\nendif', '2'],
  ])('%j', (text, value) => expect(make(text).value('A')).toBe(value));

  test.each([
    ['B = 1\nA = $(shell rm -rf x)', 2],
    ['\n\nall: x\n\tcc x', 3],
    ['define A\nendef', 1],
    ['ifeq (a,b)\nA = 1', 1],
    ['A = 1\nendif', 2],
    ['A = $(A) x', 1],
    ['include gone.mk', 1],
    ['A != date', 1],
    ['A = $(B', 1],
  ])('refuses %j by line', (text, line) => {
    const found = troubleOf(() => make(text).value('A'));
    expect([found.code, found.place]).toEqual(['FOREIGN-002', `x.mk:${line}`]);
  });
});

describe('config.mk', () => {
  test('becomes files and settings, with units converted', () => {
    const project = orfs(
      'export CORE_UTILIZATION = 55\nexport CORE_ASPECT_RATIO = 2\nexport SYNTH_HIERARCHICAL = 1\n',
    );
    expect(project.settings).toMatchObject({
      'netlist.top': 'a',
      'kit.name': 'nangate45',
      'floorplan.utilization': 0.55,
      'floorplan.aspectRatio': 2,
      'synthesis.flatten': false,
    });
    const { sources } = readRtlBundle(bytesOf(project, 'rtl'));
    expect(sources.map((s) => s.name)).toEqual(['a.v', 'b.v']);
    // The include stands in the text; lines keep their numbers.
    expect(sources[0]!.text).toContain('`define W 3\n`line 2 "a.v" 0\nmodule a(');
    expect(sources[1]!.text).not.toContain('`line');
  });

  test('the front end is taken; others leave the choice to the files', () => {
    const slang = orfs('export SYNTH_HDL_FRONTEND = slang\n');
    expect(slang.settings['synthesis.frontend']).toBe('slang');
    expect(verdictOf(slang, 'SYNTH_HDL_FRONTEND')).toBe('taken');
    const other = orfs('export SYNTH_HDL_FRONTEND = verific\n');
    expect(other.settings).not.toHaveProperty('synthesis.frontend');
    expect(verdictOf(other, 'SYNTH_HDL_FRONTEND')).toBe('ignored');
  });

  test('a die, definitions, density', () => {
    const project = orfs(
      'export DIE_AREA = 10 20 110 140\nexport CORE_AREA = 12 22 108 138\nexport VERILOG_DEFINES = -D X=4 -DY\nexport PLACE_DENSITY = 0.6\n',
    );
    expect(project.settings).toMatchObject({ 'floorplan.dieWidthUm': 100, 'floorplan.dieHeightUm': 120 });
    expect(verdictOf(project, 'PLACE_DENSITY')).toBe('ignored');
    const { sources } = readRtlBundle(bytesOf(project, 'rtl'));
    expect(sources[1]!.text.startsWith('`define X 4\n`define Y 1\n`line 1 "b.v" 0\n')).toBe(true);
    expect(orfs('export PLACE_DENSITY = 0.6\n').settings['floorplan.utilization']).toBe(0.6);
  });

  test('keys that are not known are listed, never dropped; where the design lies is not in the record', () => {
    const project = orfs(
      'export FANCY = 1\nHELP = 1\nexport TNS_END_PERCENT = 100$(if $(HELP),,)\nexport ABC_AREA = 1\n',
    );
    const verdicts = Object.fromEntries(project.record.keys.map((k) => [k.key, k.verdict]));
    expect(verdicts).toMatchObject({
      FANCY: 'unknown',
      HELP: 'met',
      TNS_END_PERCENT: 'met',
      ABC_AREA: 'ignored',
    });
    const told = project.diagnostics.filter((d) => d.code === 'FOREIGN-020');
    expect(told.map((d) => d.message)).toEqual([expect.stringContaining('FANCY')]);
    expect(JSON.stringify(project.record)).not.toContain(root);
  });

  test.each([
    ['export PLATFORM = sky130hd', 'FOREIGN-004'],
    ['export ADDITIONAL_LEFS = ram.lef', 'FOREIGN-005'],
    ['export VERILOG_TOP_PARAMS = WIDTH 8', 'FOREIGN-005'],
    ['export CORE_UTILIZATION = lots', 'FOREIGN-003'],
    ['export CORE_UTILIZATION = 0.55', 'FOREIGN-003'],
    ['export DIE_AREA = 0 0 10', 'FOREIGN-003'],
    ['export SDC_FILE = gone.sdc', 'FOREIGN-006'],
    ['export DESIGN_NAME = nobody', 'FOREIGN-006'],
    ['export VERILOG_FILES =', 'FOREIGN-008'],
    ['export VERILOG_DEFINES = -D 4=x', 'FOREIGN-007'],
  ])('%s is refused as %s, with a remedy', (line, code) => {
    const found = troubleOf(() => orfs(`${line}\n`));
    expect(found.code).toBe(code);
    expect(found.remedy).toBeTruthy();
    if (/00[345]$/.test(code)) expect(found.place).toMatch(/:5$/);
  });

  test('--kit maps a design of another platform', () => {
    expect(orfs('export PLATFORM = sky130hd\n', 'nangate45').settings['kit.name']).toBe('nangate45');
  });
});

describe('LibreLane', () => {
  test('becomes files and settings; constraints are made from the clock', () => {
    const project = lane({
      ...LANE,
      CLOCK_PERIOD: 'expr::($BASE + 1) * 2 / 4',
      BASE: 4,
      FP_CORE_UTIL: 40,
      USE_SLANG: true,
      PL_TARGET_DENSITY_PCT: 55,
      IO_DELAY_CONSTRAINT: 10,
      'pdk::sky130*': { FP_CORE_UTIL: 20 },
      'pdk::nangate*': { FP_ASPECT_RATIO: 2, 'scl::*': { SYNTH_HIERARCHY_MODE: 'keep' } },
    });
    expect(project.settings).toMatchObject({
      'clock.periodPs': 2500,
      'floorplan.utilization': 0.4,
      'floorplan.aspectRatio': 2,
      'synthesis.flatten': false,
      'synthesis.frontend': 'slang',
    });
    const sdc = new TextDecoder().decode(bytesOf(project, 'constraints'));
    expect(sdc).toContain('create_clock -name c -period 2.5 [get_ports {c}]');
    expect(sdc).toContain('set_input_delay 0.25 ');
  });

  test('patterns, references and a die', () => {
    const project = lane({
      ...LANE,
      VERILOG_FILES: 'refg::$DESIGN_DIR/designs/src/*.v',
      FP_SIZING: 'absolute',
      DIE_AREA: [0, 0, 60.5, 50],
      FP_CORE_UTIL: 40,
      MYSTERY: { a: 1 },
    });
    expect(project.settings).toMatchObject({ 'floorplan.dieWidthUm': 60.5, 'floorplan.dieHeightUm': 50 });
    expect(verdictOf(project, 'FP_CORE_UTIL')).toBe('ignored');
    expect(verdictOf(project, 'MYSTERY')).toBe('unknown');
    expect(readRtlBundle(bytesOf(project, 'rtl')).sources).toHaveLength(2);
  });

  test.each([
    [{ ...LANE, PDK: 'sky130A' }, 'FOREIGN-004', 'PDK'],
    [{ ...LANE, MACROS: { ram: {} } }, 'FOREIGN-005', 'MACROS'],
    [{ ...LANE, CLOCK_PERIOD: 'expr::$NONE * 2' }, 'FOREIGN-003', 'CLOCK_PERIOD'],
    [{ ...LANE, FP_CORE_UTIL: 400 }, 'FOREIGN-003', 'FP_CORE_UTIL'],
    [{ ...LANE, CLOCK_PORT: ['c', 'd'] }, 'FOREIGN-003', 'CLOCK_PORT'],
    [{ ...LANE, VERILOG_FILES: 'dir::gone.v' }, 'FOREIGN-006', 'VERILOG_FILES'],
    [{ ...LANE, PNR_SDC_FILE: 'dir::gone.sdc' }, 'FOREIGN-006', 'PNR_SDC_FILE'],
  ])('%j is refused as %s at its line', (config, code, key) => {
    const found = troubleOf(() => lane(config));
    const line =
      JSON.stringify(config, null, 2)
        .split('\n')
        .findIndex((l) => l.includes(`"${key}"`)) + 1;
    expect([found.code, found.place!.split(':')[1]]).toEqual([code, String(line)]);
    expect(found.remedy).toBeTruthy();
  });

  test('broken JSON is told by line and column, YAML and Tcl by what to take instead', () => {
    const found = troubleOf(() => lane('{\n  "DESIGN_NAME": "a",\n  "CLOCK_PORT" "c"\n}'));
    expect(found.code).toBe('FOREIGN-001');
    expect(found.place).toMatch(/\.json:3:\d+$/);
    expect(troubleOf(() => readForeignProject(file('config.yaml', 'DESIGN_NAME: a\n'))).code).toBe(
      'FOREIGN-001',
    );
  });
});

test('expressions follow the usual order', () => {
  const look = (name: string): number | null => (name === 'X' ? 3 : null);
  expect(evaluate('1 + 2 * $X ** 2 / (4 - 1)', look)).toBe(7);
  expect(evaluate('-$X - -1', look)).toBe(-2);
  for (const bad of ['', '1 +', '(1', '$Y', '1 2', 'os.system("x")', '1/0'])
    expect(evaluate(bad, look)).toBe(null);
});
