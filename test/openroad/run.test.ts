/** OpenROAD itself, on a small design: whole, mixed both ways, killed and resumed, failing. Skipped where it is not. */
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeFloorplan } from '../../src-main/stages/floorplan/index.ts';
import { readNetlist, writeVerilog } from '../../src-main/stages/netlist/index.ts';
import {
  OpenRoadError,
  cellLefFor,
  floorplanBody,
  libertyFor,
  openRoadPlan,
  runOpenRoad,
  techLefFor,
} from '../../src-main/tools/openroad/index.ts';
import { synthesize } from '../../src-main/tools/synthesize.ts';
import { endOfIngot, eventsOf, ingot, startIngot, type IngotEnd } from '../support/ingot.ts';
import { kitFiles, kitNote, kitText, nangate45 } from '../support/kit.ts';
import { openroad } from '../support/openroad.ts';
import { gcdRtl } from './gcd.ts';

const TEST_MS = 15 * 60_000;
const SDC = `create_clock -name clk -period 2 [get_ports clk]
set_input_delay 0.4 -clock clk [all_inputs -no_clocks]
set_output_delay 0.4 -clock clk [all_outputs]
set_load 3 [all_outputs]
`;
const folder = mkdtempSync(join(tmpdir(), 'ingot-openroad-run-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = (name: string): string => join(folder, name);

describe.skipIf(!openroad.path || !kitFiles)(`OpenROAD${openroad.note}${kitNote}`, () => {
  beforeAll(async () => {
    const { verilog } = await synthesize({
      design: gcdRtl(),
      kit: nangate45(),
      liberty: kitText('liberty'),
      clockPeriodPs: 2000,
      flatten: true,
      tool: 'auto',
    });
    writeFileSync(path('gcd.v'), verilog);
    writeFileSync(path('gcd.sdc'), SDC);
  }, TEST_MS);

  const words = (out: string, ...more: string[]): string[] => [
    'pnr',
    '--netlist',
    path('gcd.v'),
    '--sdc',
    path('gcd.sdc'),
    '--utilization',
    '0.5',
    '--out',
    path(out),
    '--json',
    ...more,
  ];
  const pnr = (out: string, ...more: string[]): Promise<IngotEnd> =>
    ingot(words(out, ...more), { hangMs: TEST_MS });
  const finished = (end: IngotEnd): Record<string, string> =>
    Object.fromEntries(
      eventsOf(end.out)
        .filter((e) => e.type === 'step-finished')
        .map((e) => [e.step!, e.status!]),
    );
  const metrics = (out: string): Record<string, number> =>
    JSON.parse(readFileSync(path(`${out}/metrics.json`), 'utf8')) as Record<string, number>;
  /** All steps done, which says that every proof passed; KLayout and our checks found nothing. */
  const isClean = (out: string, end: IngotEnd): void => {
    expect(end.err).not.toContain('FLOW-005');
    expect(end.code).toBe(0);
    expect(metrics(out).finish__route__drc_errors).toBe(0);
    expect(metrics(out).finish__route__opens).toBe(0);
  };

  test(
    'all steps to GDS; killed in detailed routing and resumed, the same bytes',
    async () => {
      const whole = await pnr('whole', '--engine', 'openroad');
      isClean('whole', whole);
      const child = startIngot(words('killed', '--engine', 'openroad'));
      await new Promise<void>((resolve) => {
        let seen = '';
        child.stdout!.on('data', (data: Buffer) => {
          seen += String(data);
          if (/"step-started","step":"openroad-detailed-route"/.test(seen)) resolve();
        });
      });
      await new Promise((resolve) => setTimeout(resolve, 2500));
      child.kill('SIGKILL');
      await endOfIngot(child);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      expect(openroadsIn(path('killed'))).toEqual([]);
      const resumed = await pnr('killed', '--engine', 'openroad');
      isClean('killed', resumed);
      const steps = finished(resumed);
      expect(steps['openroad-antennas']).toBe('cached');
      expect(steps['openroad-detailed-route']).toBe('done');
      for (const name of ['chip.gds', 'chip.def', 'netlist.v'])
        expect(readFileSync(path(`killed/${name}`)).equals(readFileSync(path(`whole/${name}`))), name).toBe(
          true,
        );
    },
    TEST_MS,
  );

  test(
    'our placement and its routing, its placement and our routing: clean both',
    async () => {
      for (const [place, route] of [
        ['ingot', 'openroad'],
        ['openroad', 'ingot'],
      ] as const) {
        const out = `${place}-${route}`;
        isClean(out, await pnr(out, '--place-engine', place, '--route-engine', route));
      }
    },
    TEST_MS,
  );

  test('a step that fails says why under the tool’s code, and leaves its database', async () => {
    const kit = nangate45();
    const netlist = readNetlist(readFileSync(path('gcd.v'), 'utf8'), kit).value;
    const { floorplan } = makeFloorplan(netlist, kit, { utilization: 0.5 });
    const plan = openRoadPlan(netlist, kit, floorplan);
    const error = await runOpenRoad({
      script: {
        name: 'broken',
        stage: 'broken',
        source: 'netlist',
        isClockPropagated: false,
        reports: 'none',
        body: [...floorplanBody(plan), 'detailed_route'],
      },
      plan,
      inputs: [
        { name: 'tech.lef', contents: techLefFor(kitText('techLef'), kit, 300) },
        { name: 'cells.lef', contents: cellLefFor(kitText('cellLef'), kit) },
        { name: 'cells.lib', contents: libertyFor(kitText('liberty')) },
        { name: 'netlist.v', contents: writeVerilog(netlist, kit, { physicalCells: false }) },
        { name: 'constraints.sdc', contents: 'create_clock -name clk -period 2 [get_ports clk]\n' },
      ],
      outputs: [],
      threads: 1,
      folder: path('broken'),
    }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(OpenRoadError);
    const { diagnostic, failedDatabase } = error as OpenRoadError;
    expect(diagnostic.message).toMatch(/^OpenROAD in broken: [A-Z]{3}-\d{4} /);
    expect(failedDatabase!.length).toBeGreaterThan(1000);
  });
});

/** Processes of OpenROAD at work in a folder. */
function openroadsIn(within: string): string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(within) && /openroad/.test(commandOf(pid));
      } catch {
        return false;
      }
    });
}

const commandOf = (pid: string): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8');
