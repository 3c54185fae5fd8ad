/** `ingot pnr` on small netlists: what it writes, how it goes on, where it starts, what it refuses. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readDef } from '../../src-main/stages/layout/index.ts';
import { endOfIngot, errorOf, eventsOf, ingot, startIngot, type IngotEnd } from '../support/ingot.ts';
import { kitFiles, kitNote } from '../support/kit.ts';
import { counterVerilog } from '../support/netlists.ts';

const TEST_MS = 10 * 60_000;
const FILES = ['chip.def', 'chip.gds', 'chip.spef', 'drc.lyrdb', 'metrics.json', 'netlist.v'];
const SDC = `create_clock -name clk -period 2 [get_ports clk]
set_input_delay 0.4 -clock clk [all_inputs -no_clocks]
set_output_delay 0.4 -clock clk [all_outputs]
set_load 3 [all_outputs]
`;
const folder = mkdtempSync(join(tmpdir(), 'ingot-pnr-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = (name: string): string => join(folder, name);
const text = (name: string): string => readFileSync(path(name), 'utf8');
const file = (name: string, content: string): string => {
  writeFileSync(path(name), content);
  return path(name);
};

const netlist = file('counter.v', counterVerilog(8));
const sdc = file('counter.sdc', SDC);
/** pnr with netlist and constraints unless others are given. */
const pnr = (out: string, ...more: string[]): Promise<IngotEnd> =>
  ingot(argumentsOf(out, ...more), { hangMs: TEST_MS });
function argumentsOf(out: string, ...more: string[]): string[] {
  const given = (option: string, value: string): string[] => (more.includes(option) ? [] : [option, value]);
  return [
    'pnr',
    ...given('--netlist', netlist),
    ...given('--sdc', sdc),
    '--out',
    path(out),
    '--json',
    ...more,
  ];
}
const finished = (end: IngotEnd): Record<string, string> =>
  Object.fromEntries(
    eventsOf(end.out)
      .filter((e) => e.type === 'step-finished')
      .map((e) => [e.step!, e.status!]),
  );
const places = (name: string): string[] => {
  const d = readDef(text(name)).value;
  return d.componentNames
    .map((n, i) => `${n} ${d.componentXDbu[i]} ${d.componentYDbu[i]} ${d.componentOrient[i]}`)
    .sort();
};

describe.skipIf(!kitFiles)(`from netlist to GDS${kitNote}`, () => {
  let first: IngotEnd;
  beforeAll(async () => {
    first = await pnr('a', '--utilization', '0.5');
  }, TEST_MS);

  test('writes its files, with metrics that are measured', () => {
    expect(first.code, first.err).toBe(0);
    expect(readdirSync(path('a'))).toEqual(expect.arrayContaining(FILES));
    const metrics = JSON.parse(text('a/metrics.json')) as Record<string, number | string>;
    expect(metrics).toMatchObject({
      run__flow__design: 'counter',
      run__flow__platform: 'nangate45',
      finish__route__drc_errors: 0,
      finish__route__opens: 0,
      finish__timing__setup__tns: 0,
      finish__timing__drv__max_slew: 0,
    });
    expect(metrics['detailedroute__route__vias']).toBeGreaterThan(50);
    expect(metrics['finish__timing__setup__ws']).toBeGreaterThan(0);
  });

  test(
    'again keeps every step; another number of threads gives the same bytes',
    { timeout: TEST_MS },
    async () => {
      const before = readFileSync(path('a/chip.gds'));
      const again = await pnr('a', '--utilization', '0.5');
      expect(new Set(Object.values(finished(again)))).toEqual(new Set(['cached']));
      const single = await pnr('a', '--utilization', '0.5', '--threads', '1');
      expect(finished(single)).toMatchObject({ place: 'cached', route: 'done' });
      expect(readFileSync(path('a/chip.gds')).equals(before)).toBe(true);
    },
  );

  test(
    'from its own DEF: the floorplan, the power grid, the placement are kept',
    { timeout: TEST_MS },
    async () => {
      const own = ['--netlist', path('a/netlist.v'), '--def', path('a/chip.def')];
      const plan = await pnr('def', '--def', path('a/chip.def'));
      const place = await pnr('place', ...own, '--from', 'place');
      const route = await pnr('route', ...own, '--from', 'route');
      for (const end of [plan, place, route]) expect(end.code, end.err).toBe(0);
      expect(Object.keys(finished(route))).not.toContain('place');
      expect(places('route/chip.def')).toEqual(places('a/chip.def'));
      const [a, b, c] = ['a', 'def', 'place'].map((run) => readDef(text(`${run}/chip.def`)).value);
      for (const d of [b!, c!]) {
        expect([d.die, d.rows, d.pins]).toEqual([a!.die, a!.rows, a!.pins]);
        expect(d.specialNets.wires).toEqual(a!.specialNets.wires);
      }
    },
  );

  test('a die of its own; killed in the middle it goes on', { timeout: TEST_MS }, async () => {
    const options = argumentsOf('die', '--die', '50,40');
    const child = startIngot(options);
    child.stdout!.on('data', (data: Buffer) => {
      if (String(data).includes('"step-started","step":"clock"')) child.kill('SIGKILL');
    });
    expect((await endOfIngot(child, TEST_MS)).signal).toBe('SIGKILL');
    expect(readdirSync(path('die'))).toEqual(['project']);
    const end = await ingot(options, { hangMs: TEST_MS });
    expect(end.code, end.err).toBe(0);
    expect(finished(end)).toMatchObject({ place: 'cached', clock: 'done' });
    const { die } = readDef(text('die/chip.def')).value;
    expect([die.x2 - die.x1, die.y2 - die.y1]).toEqual([100_000, 80_000]);
  });
});

describe.skipIf(!kitFiles)(`what is wrong is told${kitNote}`, () => {
  const def = (from: string, to: string): string =>
    `VERSION 5.8 ;\nDESIGN counter ;\nUNITS DISTANCE MICRONS 2000 ;\nDIEAREA ( 0 0 ) ( 100000 100000 ) ;\n${rows}END DESIGN\n`.replace(
      from,
      to,
    );
  const rows = Array.from(
    { length: 8 },
    (_, r) =>
      `ROW r${r} FreePDK45_38x28_10R_NP_162NW_34O 3800 ${5600 + 2800 * r} ${r % 2 ? 'FS' : 'N'} DO 200 BY 1 STEP 380 0 ;\n`,
  ).join('');
  let made = 0;
  const given = (option: string, content: string): string[] => [option, file(`bad${made++}`, content)];
  test.each<[string, () => string[], string, number]>([
    ['no constraints', () => ['--sdc', path('none.sdc')], 'FILE-001', 3],
    ['unknown command', () => given('--sdc', 'create_clok'), 'TIMING-001', 3],
    ['unknown clock port', () => given('--sdc', SDC.replace('ports clk', 'ports ck')), 'TIMING-011', 3],
    ['unknown port', () => given('--sdc', `${SDC}set_load 1 [get_ports q]`), 'TIMING-012', 3],
    ['unknown cell', () => given('--netlist', counterVerilog(8).replace('HA_X1', 'HA_X9')), 'NETLIST-009', 3],
    ['broken Verilog', () => given('--netlist', counterVerilog(8).replace('(.A', '((.A')), 'NETLIST-002', 3],
    ['unknown top', () => ['--top', 'other'], 'NETLIST-003', 3],
    ['unknown kit', () => ['--kit', 'other'], 'SETTING-003', 2],
    ['die too small', () => ['--die', '6,6'], 'FLOOR-010', 1],
    ['die too small for the cells', () => ['--die', '9,9'], 'FLOOR-010', 1],
    ['die of one side', () => ['--die', '9'], 'CLI-003', 2],
    ['two sizes', () => ['--die', '9,9', '--utilization', '0.5'], 'CLI-003', 2],
    ['--from without --def', () => ['--from', 'place'], 'CLI-003', 2],
    ['--from elsewhere', () => ['--from', 'clock'], 'CLI-003', 2],
    ['DEF cut off', () => given('--def', def('END DESIGN', '')), 'LAYOUT-001', 3],
    ['DEF in other units', () => given('--def', def('2000', '1000')), 'LAYOUT-050', 3],
    ['DEF without rows', () => given('--def', def(rows, '')), 'LAYOUT-051', 3],
    ['DEF row off the lattice', () => given('--def', def('3800 5600', '3801 5600')), 'LAYOUT-051', 3],
    ['DEF without the cells', () => [...given('--def', def('', '')), '--from', 'route'], 'LAYOUT-054', 3],
  ])('%s', { timeout: TEST_MS }, async (_, options, code, exit) => {
    const end = await pnr('bad', ...options());
    expect(errorOf(end)?.code, end.err).toBe(code);
    expect(end.code).toBe(exit);
    expect(end.err).not.toContain('    at ');
    expect(existsSync(path('bad/chip.gds'))).toBe(false);
  });

  test('places are lines and columns', { timeout: TEST_MS }, async () => {
    const at = async (...options: string[]) => errorOf(await pnr('bad', ...options))?.place;
    expect(await at(...given('--sdc', `${SDC}\n  create_clok`))).toBe('sdc:6:3');
    expect(await at(...given('--def', def('N DO', 'E DO')))).toMatch(/^DEF 5:\d+$/);
    expect(await at(...given('--netlist', counterVerilog(8).replace('(.A', '((.A')))).toMatch(
      /^netlist:\d+:\d+$/,
    );
  });
});
