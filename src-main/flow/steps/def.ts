import { unpack } from '../../base/pack.ts';
import type { DefExtent } from '../../stages/layout/index.ts';
import type { Kit } from '../../stages/kit/index.ts';
import type { Netlist } from '../../stages/netlist/index.ts';
import { defineStep, type StepContext } from '../step.ts';
import { readKitArtefact } from './chip-state.ts';
import { keepFloorplan } from './floorplan.ts';
import { keepPlaced } from './keep-placed.ts';

const INPUTS = ['kit.bin', 'netlist.bin'];
const FILES = ['def'];

type Context = Pick<StepContext, 'readArtefact' | 'readFile' | 'log'>;

async function importFor(context: Context, kit: Kit, extent: DefExtent) {
  const { importDef, readDef } = await import('../../stages/layout/index.ts');
  const netlist = unpack<Netlist>(context.readArtefact('netlist.bin'));
  const def = readDef(new TextDecoder().decode(context.readFile('def').bytes));
  const taken = importDef(def.value, netlist, kit, extent);
  [...def.diagnostics, ...taken.diagnostics].forEach(context.log);
  return taken.value;
}

const floorplanOfDef = (name: string, title: string, extent: DefExtent) =>
  defineStep({
    name,
    title,
    version: 1,
    inputs: INPUTS,
    files: FILES,
    outputs: ['floorplan.bin'],
    settings: [],
    async run(context) {
      const kit = readKitArtefact(context);
      await keepFloorplan(context, kit, await importFor(context, kit, extent));
    },
  });

export const defFloorplanStep = floorplanOfDef(
  'floorplan-of-def',
  'Die, rows and ports of the DEF; power grid, taps',
  'floorplan',
);

export const defGridStep = floorplanOfDef(
  'grid-of-def',
  'Die, rows, ports, fixed cells and power grid of the DEF',
  'place',
);

/** In place of floorplan, placement, clock tree and repair. */
export const defPlacementStep = defineStep({
  name: 'placement-of-def',
  title: 'Floorplan and placement of the DEF',
  version: 1,
  inputs: INPUTS,
  files: FILES,
  outputs: ['floorplan.bin', 'repaired.bin'],
  settings: [],
  async run(context) {
    const kit = readKitArtefact(context);
    const taken = await importFor(context, kit, 'route');
    await keepFloorplan(context, kit, taken);
    await keepPlaced(context, kit, taken);
  },
});
