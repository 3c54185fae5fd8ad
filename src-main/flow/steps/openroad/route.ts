/** From a placed design to wires and full rows, by OpenROAD, and what came of it as the embedded engine's chip. */
import { IngotError } from '../../../base/diagnostic.ts';
import { pack } from '../../../base/pack.ts';
import type { Kit } from '../../../stages/kit/index.ts';
import type { DefDesign } from '../../../stages/layout/index.ts';
import type { RouteStats } from '../../../stages/routing/index.ts';
import {
  FILES,
  antennaBody,
  countDrcMarks,
  detailedRouteBody,
  drtIterations,
  exportLines,
  fillBody,
  globalRouteBody,
  loadBody,
  type DrtIteration,
} from '../../../tools/openroad/index.ts';
import { defineStep, type Flow } from '../../step.ts';
import { judged, packChip, readChip, readKitArtefact, type ChipState } from '../chip-state.ts';
import { openRoadStep } from './openroad-step.ts';
import { readBack } from './read-back.ts';

/** The embedded engine's placement as OpenROAD's database, over DEF. */
export const openRoadLoadStep = openRoadStep({
  name: 'openroad-load',
  title: 'OpenROAD: take over the placement',
  version: 1,
  stage: 'load',
  source: 'def',
  after: 'openroad-placed.odb',
  inputs: ['kit.bin', 'repaired.bin'],
  isClockPropagated: true,
  reports: 'placement',
  body: loadBody,
  makePlan: async (context) => {
    const { openRoadPlan } = await import('../../../tools/openroad/index.ts');
    const { portNames } = await import('../../../stages/timing/index.ts');
    const { netlist, floorplan } = readChip(context, 'repaired.bin');
    return {
      plan: openRoadPlan(netlist, readKitArtefact(context), floorplan),
      ports: portNames(netlist),
    };
  },
  files: async (context) => {
    const { writeDef } = await import('../../../stages/layout/index.ts');
    const { netlist, floorplan, placement } = readChip(context, 'repaired.bin');
    const kit = readKitArtefact(context);
    const def = writeDef(netlist, floorplan, placement, null, kit);
    return [{ name: FILES.def, contents: def.replace(/^TRACKS .*\n/gm, '') }];
  },
});

const globalRouteStep = openRoadStep({
  name: 'openroad-global-route',
  title: 'OpenROAD: global routing',
  version: 2,
  stage: 'globalroute',
  source: 'database',
  before: 'openroad-placed.odb',
  isClockPropagated: true,
  reports: 'routes',
  body: globalRouteBody,
});

const antennaStep = openRoadStep({
  name: 'openroad-antennas',
  title: 'OpenROAD: repair antennas',
  version: 5,
  stage: 'globalroute',
  source: 'database',
  before: 'openroad-global-route.odb',
  isClockPropagated: true,
  reports: 'routes',
  body: antennaBody,
});

const detailedRouteStep = openRoadStep({
  name: 'openroad-detailed-route',
  title: 'OpenROAD: detailed routing',
  version: 2,
  stage: 'detailedroute',
  source: 'database',
  before: 'openroad-antennas.odb',
  outputs: ['openroad-drc.rpt'],
  isClockPropagated: true,
  reports: 'none',
  body: detailedRouteBody,
  keep: async (context, result) => {
    const marks = await result.readText('drc.rpt');
    context.writeArtefact('openroad-drc.rpt', marks);
    const rules = countDrcMarks(marks);
    const counted = [...rules.values()].reduce((sum, n) => sum + n, 0);
    const told = [...result.metrics].find(([name]) => name.endsWith('route__drc_errors'))?.[1];
    const iterations = drtIterations(result.metrics);
    for (const { iteration, violations, wirelengthUm } of iterations)
      context.log({
        code: 'OPENROAD-010',
        severity: 'info',
        message: `iteration ${iteration}: ${violations} violations${wirelengthUm === null ? '' : `, ${wirelengthUm} um of wire`}`,
      });
    for (const [rule, count] of rules)
      context.log({ code: 'OPENROAD-011', severity: 'warning', message: `${rule}: ${count} violations` });
    const drvs = told ?? counted;
    context.metric('openroadDrvs', drvs);
    context.metric('openroadDrtIterations', iterations.length);
    context.proof({
      name: 'OpenROAD finds no violation of its routing',
      judge: 'TritonRoute',
      result: drvs === 0 && counted === 0 ? 'pass' : 'fail',
      detail: `${iterations.length} iterations, ${drvs} violations left; its marks are in openroad-drc.rpt`,
    });
  },
});

const fillStep = openRoadStep({
  name: 'openroad-fill',
  title: 'OpenROAD: fill the rows',
  version: 1,
  stage: 'fill',
  source: 'database',
  before: 'openroad-detailed-route.odb',
  outputs: ['openroad-final.def', 'openroad-final.v'],
  exports: ['openroad-fill.odb'],
  isClockPropagated: true,
  reports: 'none',
  body: (plan) => [...fillBody(plan), ...exportLines(plan)],
  written: ['out.def', 'out.v'],
  keep: async (context, result) => {
    context.writeArtefact('openroad-final.def', await result.read('out.def'));
    context.writeArtefact('openroad-final.v', await result.read('out.v'));
  },
});

/** The steps from `openroad-placed.odb` to full rows. */
export const OPENROAD_ROUTE: Flow = [globalRouteStep, antennaStep, detailedRouteStep, fillStep];

/** OpenROAD's finished layout as the chip that our checks, timing, GDS and report take. */
export const openRoadRoutedStep = defineStep({
  name: 'routing-of-openroad',
  title: 'Take over OpenROAD’s routing',
  version: 3,
  inputs: ['kit.bin', 'openroad-final.def', 'openroad-final.v', 'openroad-detailed-route.json'],
  outputs: ['filled.bin', 'route-stats.bin'],
  settings: [],
  async run(context) {
    const { fillNotches, routingOfDef } = await import('../../../stages/layout/index.ts');
    const { verifyRouting } = await import('../../../stages/routing/index.ts');
    const { hpwl, verifyPlacement } = await import('../../../stages/placement/index.ts');
    const { readOpenRoadMetrics } = await import('../../../tools/openroad/index.ts');
    const kit = readKitArtefact(context);
    const { def, ...open } = await readBack(context, kit, 'openroad-final');
    const drawn = routingOfDef(def, open.netlist, kit);
    const routing = fillNotches(drawn, kit);
    context.metric('notchesFilled', (routing.wires.length - drawn.wires.length) / 5);
    const { chip, fillers } = await withFillers({ ...open, routing }, def, kit);
    const { netlist, floorplan, placement } = chip;
    const told = readOpenRoadMetrics(context.readText('openroad-detailed-route.json'));
    const hpwlUm = hpwl(netlist, kit, floorplan, placement) / kit.tech.dbuPerUm;
    const antennas = [...told].findLast(([name]) => name.endsWith('antenna__violating__nets'))?.[1] ?? 0;
    const stats = statsOf(chip, kit, hpwlUm, drtIterations(told), antennas);
    context.writeArtefact('filled.bin', packChip(chip));
    context.writeArtefact('route-stats.bin', pack(stats));
    context.metric('hpwlUm', hpwlUm, 'um');
    context.metric('wirelengthUm', stats.wirelengthUm, 'um');
    context.metric('wirelengthPerHpwl', stats.wirelengthUm / stats.hpwlUm);
    context.metric('vias', stats.vias);
    context.metric('viasPerPin', stats.vias / stats.pins);
    context.metric('antennaDiodes', stats.antennaDiodes);
    context.metric('antennaViolations', antennas);
    context.metric('fillers', fillers);
    context.progress(0.5, 'verifying');
    const report = verifyPlacement(netlist, kit, floorplan, placement, { full: true });
    context.metric('utilization', report.utilization);
    context.proof({
      name: 'the rows are full and legal',
      judge: 'verifyPlacement',
      result: judged(context, report.problems),
      detail: `${report.instances} instances, ${fillers} fillers, ${report.gapDbu} DBU of gaps`,
    });
    context.proof({
      name: 'every net is routed without conflict',
      judge: 'verifyRouting',
      result: judged(context, verifyRouting(netlist, floorplan, placement, kit, routing)),
      detail: `${netlist.netNames.length} nets, ${routing.wires.length / 5} wires, ${routing.vias.length / 3} vias by OpenROAD: connection, spacing, cut spacing, grid`,
    });
  },
});

/** Fillers of the DEF as instances; they have no pins, so nets and wires stay as they are. */
async function withFillers(
  chip: ChipState,
  def: DefDesign,
  kit: Kit,
): Promise<{ readonly chip: ChipState; readonly fillers: number }> {
  const { masterIndex } = await import('../../../stages/kit/index.ts');
  const { editNetlist } = await import('../../../stages/netlist/index.ts');
  const masters = masterIndex(kit);
  const editor = editNetlist(chip.netlist, kit);
  const places: number[] = [];
  def.componentMasters.forEach((name, c) => {
    const master = masters.get(name);
    if (master === undefined) throw new IngotError('LAYOUT-053', `cell ${name} is not in the kit`);
    if (kit.masters[master]!.kind !== 'filler') return;
    editor.addInstance(def.componentNames[c]!, master);
    places.push(c);
  });
  const { placement } = chip;
  const grow = (before: Int32Array, values: Int32Array): Int32Array =>
    Int32Array.from([...before, ...places.map((c) => values[c]!)]);
  const growBytes = (before: Uint8Array, value: (c: number) => number): Uint8Array =>
    Uint8Array.from([...before, ...places.map(value)]);
  return {
    fillers: places.length,
    chip: {
      ...chip,
      netlist: editor.finish(),
      placement: {
        xDbu: grow(placement.xDbu, def.componentXDbu),
        yDbu: grow(placement.yDbu, def.componentYDbu),
        orient: growBytes(placement.orient, (c) => def.componentOrient[c]!),
        isFixed: growBytes(placement.isFixed, () => 0),
      },
    },
  };
}

/** The embedded router's figures of another's routing; what only that one has (searches, crowding) is empty. */
function statsOf(
  chip: ChipState,
  kit: Kit,
  hpwlUm: number,
  iterations: readonly DrtIteration[],
  /** Nets, by OpenROAD's own check. */
  antennaViolations: number,
): RouteStats {
  const { netlist } = chip;
  const { wires, vias } = chip.routing!;
  const um = kit.tech.dbuPerUm;
  const byLayer = kit.tech.layers.map(() => 0);
  let jogUm = 0;
  for (let w = 0; w < wires.length; w += 5) {
    const [layer, x1, y1, x2, y2] = wires.subarray(w, w + 5) as unknown as [
      number,
      number,
      number,
      number,
      number,
    ];
    const lengthUm = (x2 - x1 + y2 - y1) / um;
    byLayer[layer]! += lengthUm;
    const metal = kit.tech.layers[layer]!;
    if (metal.kind === 'routing' && (metal.direction === 'H') !== (y1 === y2)) jogUm += lengthUm;
  }
  const diode = kit.roles.antennaDiode;
  return {
    wirelengthUm: byLayer.reduce((a, b) => a + b, 0),
    hpwlUm,
    vias: vias.length / 3,
    pins: netlist.netPins.length,
    wirelengthByLayerUm: byLayer,
    jogUm,
    rounds: iterations.length,
    conflictsByRound: iterations.map((i) => i.violations),
    expansions: 0,
    latticeNodes: 0,
    mirroredCells: 0,
    shiftedCells: 0,
    antennaHops: 0,
    antennaDiodes: netlist.instMaster.reduce((n, m) => n + Number(kit.masters[m]!.name === diode), 0),
    antennaViolations,
    usage: { columns: 0, rows: 0, tileDbu: 1, horizontal: new Uint8Array(), vertical: new Uint8Array() },
  };
}
