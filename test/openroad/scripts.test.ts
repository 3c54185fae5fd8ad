/** OpenROAD's scripts, files and figures, as far as text goes: without OpenROAD. */
import { describe, expect, test } from 'vitest';
import { makeFloorplan } from '../../src-main/stages/floorplan/index.ts';
import { readNetlist } from '../../src-main/stages/netlist/index.ts';
import {
  antennaBody,
  cellLefFor,
  clockBody,
  countDrcMarks,
  detailedRouteBody,
  drtIterations,
  exportLines,
  extractionBody,
  fillBody,
  floorplanBody,
  globalRouteBody,
  irDropBody,
  legalizeBody,
  libertyFor,
  loadBody,
  macrosBody,
  openRoadPlan,
  openRoadScript,
  pinsBody,
  placeBody,
  powerGridBody,
  readIrDrops,
  readOpenRoadMetrics,
  readOwnValues,
  repairDesignBody,
  repairTimingBody,
  reportBody,
  tapsBody,
  techLefFor,
  type StepScript,
} from '../../src-main/tools/openroad/index.ts';
import { kitFiles, kitNote, kitText, nangate45 } from '../support/kit.ts';
import { counterVerilog } from '../support/netlists.ts';

const OPTIONS = { seed: 1, isRepairOn: true };

/** Commands that not every build of 2023 to 2026 has; each must be asked for before it is used. */
const PROBED = [
  'pin_access',
  'improve_placement',
  'optimize_mirroring',
  'repair_clock_inverters',
  'rtl_macro_placer',
  'report_cell_usage',
  'set_pdnsim_net_voltage',
  'check_power_grid',
  'buffer_ports',
  'write_guides',
];
/** Options that came or went. */
const OPTIONS_THAT_VARY = [
  '-repair_clock_nets',
  '-drc_report_iter_step',
  '-timing_driven',
  '-repair_tns',
  '-balance_levels',
  '-allow_congestion',
];
/** Commands of newer or older builds only, and one that never was: no script may need them. */
const NEVER = ['write_gds', 'define_corners', 'define_scene', '-start_incremental'];

const planOf = () => {
  const kit = nangate45();
  const netlist = readNetlist(counterVerilog(8), kit).value;
  const { floorplan } = makeFloorplan(netlist, kit, { utilization: 0.5 });
  return { kit, plan: openRoadPlan(netlist, kit, floorplan), floorplan };
};

const script = (name: string, body: readonly string[], more: Partial<StepScript> = {}): StepScript => ({
  name,
  stage: 'stage',
  source: 'database',
  isClockPropagated: true,
  reports: 'none',
  body,
  ...more,
});

function allScripts(): Record<string, string> {
  const { plan } = planOf();
  const steps: StepScript[] = [
    script('floorplan', floorplanBody(plan), { source: 'netlist' }),
    script('pins', pinsBody(plan, OPTIONS)),
    script('macros', macrosBody()),
    script('taps', tapsBody(plan)),
    script('grid', powerGridBody(plan)),
    script('place', placeBody(), { reports: 'placement' }),
    script('design', repairDesignBody(plan)),
    script('legalize', legalizeBody()),
    script('clock', clockBody(plan)),
    script('timing', [...repairTimingBody(plan, OPTIONS), ...exportLines(plan)]),
    script('load', loadBody(plan), { source: 'def' }),
    script('global', globalRouteBody(), { reports: 'routes' }),
    script('antennas', antennaBody(plan)),
    script('route', detailedRouteBody(plan)),
    script('fill', fillBody(plan)),
    script('extraction', extractionBody(), { reports: 'spef' }),
    script('drop', irDropBody(plan)),
    script('report', reportBody()),
  ];
  return Object.fromEntries(steps.map((step) => [step.name, openRoadScript(step, plan)]));
}

/** Words of Tcl are grouped by braces and brackets: both must match outside of strings. */
function isBalanced(tcl: string): boolean {
  const open: string[] = [];
  for (const char of tcl.replace(/\\./g, '').replace(/^\s*#.*$/gm, '')) {
    if (char === '{' || char === '[') open.push(char);
    if (char === '}' && open.pop() !== '{') return false;
    if (char === ']' && open.pop() !== '[') return false;
  }
  return open.length === 0;
}

describe.skipIf(!kitFiles)(`OpenROAD scripts${kitNote}`, () => {
  test('every step loads, works, writes its database, and on failure the one it had', () => {
    for (const [name, text] of Object.entries(allScripts())) {
      expect(isBalanced(text), name).toBe(true);
      const order = ['if {[catch {', 'read_liberty', 'read_sdc', `write_db ${name}.odb`, '\n} message]} {\n'];
      const places = [...order, `write_db ${name}-failed.odb`, 'exit 1', 'exit 0'].map((part) =>
        text.indexOf(part),
      );
      expect(places, name).toEqual([...places].sort((a, b) => a - b));
      expect(places, name).not.toContain(-1);
    }
  });

  test('what a build may lack is asked for', () => {
    for (const [name, text] of Object.entries(allScripts())) {
      for (const command of PROBED)
        for (const line of text.split('\n').filter((l) => new RegExp(`\\b${command}\\b`).test(l)))
          expect(
            /ingot_(has|run|try|takes|note)/.test(line) || asked(text, command),
            `${name}: ${line.trim()}`,
          ).toBe(true);
      for (const option of OPTIONS_THAT_VARY)
        for (const line of text.split('\n').filter((l) => l.includes(option)))
          expect(line, name).toMatch(/ingot_run|ingot_takes|set options/);
      for (const word of NEVER) expect(text, name).not.toContain(word);
    }
  });

  test('the same plan gives the same text, and the plan has the floorplan’s measures', () => {
    expect(allScripts()).toEqual(allScripts());
    const { plan, floorplan, kit } = planOf();
    const um = kit.tech.dbuPerUm;
    expect(plan.dieUm).toEqual([0, 0, floorplan.die.x2 / um, floorplan.die.y2 / um]);
    expect(plan.tracks.find((t) => t.layer === 'metal2')).toMatchObject({ xPitchUm: 0.19, yPitchUm: 0.14 });
    // Straps of both supplies must fit on a core of a few micrometres.
    for (const strap of plan.straps)
      expect(strap.offsetUm + strap.pitchUm / 2 + strap.widthUm).toBeLessThan(plan.coreUm[2]!);
    expect(plan.layers.map((l) => l.ffPerUm)).not.toContain(0);
  });

  test('the kit’s LEF keeps its geometry and gains classes, antenna rules and a diode', () => {
    const kit = nangate45();
    const [tech, cells] = [techLefFor(kitText('techLef'), kit, 300), cellLefFor(kitText('cellLef'), kit)];
    const changed = (before: string, after: string, added: RegExp): string[] => {
      const kept = after.split('\n').filter((line) => !added.test(line));
      return before.split('\n').filter((line, i) => line !== kept[i]);
    };
    const antenna = /^ *ANTENNA(MODEL OXIDE1|DIFFAREARATIO PWL \( \( 0 300 \).*\)) ;$/;
    expect(changed(kitText('techLef'), tech, antenna)).toEqual([]);
    const classes = changed(kitText('cellLef'), cells, /ANTENNADIFFAREA 0\.1 LAYER metal1 ;/);
    expect(classes.map((line) => line.trim().toLowerCase())).toEqual(Array(10).fill('class core ;'));
    expect(tech.match(/ANTENNADIFFAREARATIO PWL/g)).toHaveLength(10);
    expect(cells.match(/CLASS CORE SPACER ;/g)).toHaveLength(6);
    for (const name of ['WELLTAP', 'ANTENNACELL', 'TIEHIGH', 'TIELOW'])
      expect(cells.match(new RegExp(`CLASS CORE ${name} ;`, 'g')), name).toHaveLength(1);
    expect(libertyFor(kitText('liberty'))).not.toContain('default_wire_load :');
  });
});

/** The command stands in a branch that was asked for on a line before. */
const asked = (text: string, command: string): boolean =>
  text.includes(`ingot_has ${command}`) || text.includes(`ingot_takes ${command}`);

describe('OpenROAD’s figures', () => {
  test('metrics: repeated names, numbers as text, nan, times', () => {
    const metrics = readOpenRoadMetrics(
      '{\n\t"a__x": 1,\n\t"a__x": 2.5e-3,\n\t"b__y": "7",\n\t"c": nan,\n\t"runtime__total": "0:12",\n\t"mem__peak": 5,\n\t"d": -4\n}',
    );
    expect(Object.fromEntries(metrics)).toEqual({ a__x: 0.0025, b__y: 7, d: -4 });
  });

  test('iterations of detailed routing in their order', () => {
    const text = '"s__route__drc_errors__iter:10": 0,\n"s__route__drc_errors__iter:2": 46,\n';
    const metrics = readOpenRoadMetrics(`${text}"s__route__wirelength__iter:2": 5109,\n`);
    expect(drtIterations(metrics)).toEqual([
      { iteration: 2, violations: 46, wirelengthUm: 5109 },
      { iteration: 10, violations: 0, wirelengthUm: null },
    ]);
  });

  test('our own lines; a path that is not there has no slack', () => {
    const lines = [
      'INGOT value: setup_ws -0.5',
      'INGOT value: hold_ws 1e+30',
      'setup_ws 3',
      'INGOT value: x y',
    ];
    expect(Object.fromEntries(readOwnValues(lines))).toEqual({ setup_ws: -0.5 });
  });

  test('marks by rule, drops by net', () => {
    const marks =
      '  violation type: Short\n\tsrcs: net:a\n  violation type: Metal Spacing\n  violation type: Short\n';
    expect([...countDrcMarks(marks)]).toEqual([
      ['Short', 2],
      ['Metal Spacing', 1],
    ]);
    const lines = [
      'INGOT net: VDD',
      'Worstcase voltage: 1.09e+00 V',
      'Average IR drop  : 5.91e-03 V',
      'Worstcase IR drop: 1.12e-02 V',
    ];
    expect(readIrDrops(lines)).toEqual([{ net: 'VDD', averageMv: 5.91, worstMv: 11.2 }]);
  });
});
