/** From a mapped netlist to a placed design with its clock tree, by OpenROAD. */
import { unpack } from '../../../base/pack.ts';
import type { Kit } from '../../../stages/kit/index.ts';
import type { Netlist } from '../../../stages/netlist/index.ts';
import {
  FILES,
  clockBody,
  exportLines,
  floorplanBody,
  legalizeBody,
  macrosBody,
  pinsBody,
  placeBody,
  powerGridBody,
  repairDesignBody,
  repairTimingBody,
  tapsBody,
} from '../../../tools/openroad/index.ts';
import { defineStep, type AnyStep, type Flow } from '../../step.ts';
import { readKitArtefact } from '../chip-state.ts';
import { keepPlaced } from '../keep-placed.ts';
import {
  openRoadStep,
  PLAN,
  type KeptPlan,
  type OpenRoadContext,
  type OpenRoadSpec,
} from './openroad-step.ts';
import { readBack } from './read-back.ts';

/** Die and core as the embedded engine would make them, so that both stand on the same ground. */
const SIZE = [
  'floorplan.utilization',
  'floorplan.aspectRatio',
  'floorplan.dieWidthUm',
  'floorplan.dieHeightUm',
] as const;

const planStep = defineStep({
  name: 'openroad-size',
  title: 'Size of die and core',
  version: 1,
  inputs: ['kit.bin', 'netlist.bin'],
  outputs: [PLAN],
  settings: SIZE,
  async run(context) {
    const { makeFloorplan } = await import('../../../stages/floorplan/index.ts');
    const { openRoadPlan } = await import('../../../tools/openroad/index.ts');
    const { portNames } = await import('../../../stages/timing/index.ts');
    const kit = readKitArtefact(context);
    const netlist = unpack<Netlist>(context.readArtefact('netlist.bin'));
    const [width, height] = [
      context.settings['floorplan.dieWidthUm'],
      context.settings['floorplan.dieHeightUm'],
    ];
    const { floorplan } = makeFloorplan(netlist, kit, {
      utilization: context.settings['floorplan.utilization'],
      aspectRatio: context.settings['floorplan.aspectRatio'],
      dieUm: width > 0 ? { width, height } : null,
    });
    const kept: KeptPlan = { plan: openRoadPlan(netlist, kit, floorplan), ports: portNames(netlist) };
    context.writeArtefact(PLAN, JSON.stringify(kept, null, 1) + '\n');
    const um = kit.tech.dbuPerUm;
    context.metric('dieWidthUm', (floorplan.die.x2 - floorplan.die.x1) / um, 'um');
    context.metric('dieHeightUm', (floorplan.die.y2 - floorplan.die.y1) / um, 'um');
  },
});

async function netlistFile(context: OpenRoadContext) {
  const { writeVerilog } = await import('../../../stages/netlist/index.ts');
  const kit: Kit = readKitArtefact(context);
  const netlist = unpack<Netlist>(context.readArtefact('netlist.bin'));
  return [{ name: FILES.netlist, contents: writeVerilog(netlist, kit, { physicalCells: false }) }];
}

type Link = Omit<OpenRoadSpec, 'source' | 'before' | 'isClockPropagated' | 'version'> &
  Partial<Pick<OpenRoadSpec, 'isClockPropagated' | 'source' | 'version'>>;

const LINKS: readonly Link[] = [
  {
    name: 'openroad-floorplan',
    title: 'OpenROAD: floorplan, tracks',
    stage: 'floorplan',
    source: 'netlist',
    inputs: ['kit.bin', 'netlist.bin'],
    files: netlistFile,
    reports: 'none',
    body: floorplanBody,
  },
  {
    name: 'openroad-pins',
    title: 'OpenROAD: place the ports',
    stage: 'ioplace',
    reports: 'none',
    body: pinsBody,
  },
  {
    name: 'openroad-macros',
    title: 'OpenROAD: place macros',
    stage: 'macroplace',
    reports: 'none',
    body: macrosBody,
  },
  { name: 'openroad-taps', title: 'OpenROAD: well taps', stage: 'tapcell', reports: 'none', body: tapsBody },
  {
    name: 'openroad-power-grid',
    title: 'OpenROAD: power grid',
    stage: 'pdn',
    reports: 'none',
    body: powerGridBody,
  },
  {
    name: 'openroad-place',
    title: 'OpenROAD: global placement',
    stage: 'globalplace',
    reports: 'placement',
    body: placeBody,
  },
  {
    name: 'openroad-repair-design',
    title: 'OpenROAD: repair slews, loads, fan-out',
    stage: 'placeopt',
    reports: 'placement',
    body: repairDesignBody,
  },
  {
    name: 'openroad-legalize',
    title: 'OpenROAD: detailed placement',
    stage: 'detailedplace',
    reports: 'placement',
    body: legalizeBody,
  },
  {
    name: 'openroad-clock',
    title: 'OpenROAD: clock tree',
    stage: 'cts',
    isClockPropagated: true,
    reports: 'placement',
    body: clockBody,
  },
  {
    name: 'openroad-repair-timing',
    title: 'OpenROAD: repair setup and hold',
    stage: 'timingrepair',
    isClockPropagated: true,
    reports: 'placement',
    body: (plan, options) => [...repairTimingBody(plan, options), ...exportLines(plan)],
    after: 'openroad-placed.odb',
    outputs: ['openroad-placed.def', 'openroad-placed.v'],
    written: ['out.def', 'out.v'],
    keep: async (context, result) => {
      context.writeArtefact('openroad-placed.def', await result.read('out.def'));
      context.writeArtefact('openroad-placed.v', await result.read('out.v'));
    },
  },
];

/** The steps up to the placed design, `openroad-placed.odb`. */
export const OPENROAD_PLACE: Flow = [
  planStep,
  ...LINKS.map((link, i): AnyStep => {
    const previous = LINKS[i - 1];
    return openRoadStep({
      version: 1,
      source: 'database',
      isClockPropagated: false,
      ...link,
      ...(previous === undefined ? {} : { before: `${previous.name}.odb` }),
    });
  }),
];

/** OpenROAD's placed design as the embedded router's input. */
export const openRoadPlacementStep = defineStep({
  name: 'placement-of-openroad',
  title: 'Take over OpenROAD’s placement',
  version: 1,
  inputs: ['kit.bin', 'openroad-placed.def', 'openroad-placed.v'],
  outputs: ['repaired.bin'],
  settings: [],
  async run(context) {
    const kit = readKitArtefact(context);
    await keepPlaced(context, kit, await readBack(context, kit, 'openroad-placed'), ' placed by OpenROAD');
  },
});
