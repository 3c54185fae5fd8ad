import type { Floorplan } from '../floorplan/types.ts';
import { IngotError } from '../../base/diagnostic.ts';
import { masterIndex } from '../kit/index.ts';
import type { Kit } from '../kit/types.ts';
import { editNetlist } from '../netlist/index.ts';
import type { Netlist } from '../netlist/types.ts';
import { extendPlacement, type AddedCell } from '../placement/index.ts';
import type { Placement } from '../placement/types.ts';

export interface FillResult {
  readonly netlist: Netlist;
  /** Fillers behind all other instances, fixed. */
  readonly placement: Placement;
  /** Fillers by master name, widest first. */
  readonly counts: readonly { readonly master: string; readonly count: number }[];
}

interface Gap {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly orient: number;
}

/** What no instance covers, row by row from the left. */
function findGaps(netlist: Netlist, kit: Kit, floorplan: Floorplan, placement: Placement): Gap[] {
  const site = kit.tech.siteWidthDbu;
  const rowOf = new Map(floorplan.rows.map((r, k) => [r.yDbu, k]));
  const cells = floorplan.rows.map(() => [] as number[]);
  placement.yDbu.forEach((y, i) => {
    const k = rowOf.get(y);
    if (k === undefined)
      throw new IngotError('FILL-001', 'a cell stands outside the rows', {
        place: netlist.instNames[i],
        remedy: 'legalise the placement first',
      });
    cells[k].push(i);
  });
  const gaps: Gap[] = [];
  floorplan.rows.forEach((row, k) => {
    let end = row.xDbu;
    const close = (x: number): void => {
      if (x > end) gaps.push({ x: end, y: row.yDbu, width: x - end, orient: row.orient });
    };
    for (const i of cells[k].sort((a, b) => placement.xDbu[a] - placement.xDbu[b])) {
      close(placement.xDbu[i]);
      end = Math.max(end, placement.xDbu[i] + kit.masters[netlist.instMaster[i]].widthDbu);
    }
    close(row.xDbu + row.sites * site);
  });
  return gaps;
}

/**
 * Fills every gap of every row with the kit's fillers, widest first, so that wells and rails run through. The
 * kit's list leaves out cells whose drawn width differs from the LEF's (FILLCELL_X2 of NanGate45).
 * Errors: FILL-001 illegal placement, FILL-002 no filler fits a gap.
 */
export function insertFillers(
  netlist: Netlist,
  kit: Kit,
  floorplan: Floorplan,
  placement: Placement,
): FillResult {
  const index = masterIndex(kit);
  const fillers = kit.roles.fillers
    .map((name) => ({
      name,
      master: index.get(name) ?? -1,
      width: kit.masters[index.get(name) ?? -1]?.widthDbu ?? 0,
    }))
    .filter((f) => f.master >= 0)
    .sort((a, b) => b.width - a.width);
  const counts = fillers.map(() => 0);
  const editor = editNetlist(netlist, kit);
  const added: AddedCell[] = [];
  for (const gap of findGaps(netlist, kit, floorplan, placement)) {
    let x = gap.x;
    let rest = gap.width;
    while (rest > 0) {
      const k = fillers.findIndex((f) => f.width <= rest);
      if (k < 0)
        throw new IngotError('FILL-002', `no filler is as narrow as ${rest} DBU`, {
          place: `x ${x}, y ${gap.y}`,
        });
      editor.addInstance(editor.freshName('fill'), fillers[k].master);
      added.push({ xDbu: x, yDbu: gap.y, orient: gap.orient, isFixed: true });
      counts[k]++;
      x += fillers[k].width;
      rest -= fillers[k].width;
    }
  }
  return {
    netlist: editor.finish(),
    placement: extendPlacement(placement, added),
    counts: fillers.map((f, k) => ({ master: f.name, count: counts[k] })),
  };
}
