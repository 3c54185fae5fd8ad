/** OpenROAD's DEF and Verilog as the chip that the embedded engine's steps go on with. */
import type { Kit } from '../../../stages/kit/index.ts';
import type { DefDesign } from '../../../stages/layout/index.ts';
import type { StepContext } from '../../step.ts';
import { judged, type ChipState } from '../chip-state.ts';

type Context = Pick<StepContext, 'readText' | 'log' | 'proof'>;

/** Reads `<name>.def` and `<name>.v`; its power grid and netlist are judged, with a fixed line in the proof sheet. */
export async function readBack(
  context: Context,
  kit: Kit,
  name: string,
): Promise<ChipState & { readonly def: DefDesign }> {
  const { importDef, readDef } = await import('../../../stages/layout/index.ts');
  const { markClocks, readNetlist, verifyNetlist } = await import('../../../stages/netlist/index.ts');
  const { verifyPowerGrid } = await import('../../../stages/floorplan/index.ts');
  const read = readNetlist(context.readText(`${name}.v`), kit);
  read.diagnostics.forEach(context.log);
  const mapped = markClocks(read.value, kit);
  const def = readDef(context.readText(`${name}.def`), kit.tech);
  const taken = importDef(def.value, mapped, kit, 'route');
  for (const found of [...def.diagnostics, ...taken.diagnostics])
    if (found.severity !== 'info') context.log(found);
  const { netlist, floorplan, placement } = taken.value;
  context.proof({
    name: 'every cell is of the library and every net has one driver',
    judge: 'verifyNetlist',
    result: judged(context, verifyNetlist(netlist, kit)),
    detail: `${netlist.instNames.length} cells, ${netlist.netNames.length} nets of OpenROAD’s Verilog`,
  });
  const grid = verifyPowerGrid(floorplan, kit);
  context.proof({
    name: 'the power grid is whole',
    judge: 'verifyPowerGrid',
    result: judged(context, grid.problems),
    detail: `${floorplan.rows.length} rows, ${floorplan.powerShapes.length} rails and straps, ${floorplan.powerVias.length} via arrays: one piece a net, widths, spacing, enclosure`,
  });
  return { netlist, floorplan, placement, routing: null, def: def.value };
}
