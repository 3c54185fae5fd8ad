/** Sites that no cell covers, for cells that come late. */
import type { Floorplan } from '../floorplan/types.ts';
import type { Kit } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Placement } from '../placement/types.ts';

export interface FreeSite {
  readonly xDbu: number;
  readonly yDbu: number;
  readonly orient: number;
}

export interface FreeSites {
  /** Places for a cell `widthDbu` wide whose middle is within `reachDbu` of (x, y), nearest first. */
  readonly near: (x: number, y: number, widthDbu: number, reachDbu: number) => FreeSite[];
  readonly take: (site: FreeSite, widthDbu: number) => void;
}

export function findFreeSites(
  netlist: Netlist,
  kit: Kit,
  floorplan: Floorplan,
  placement: Placement,
): FreeSites {
  const { siteWidthDbu: width, rowHeightDbu: height } = kit.tech;
  const { rows } = floorplan;
  const rowOf = new Map(rows.map((r, k) => [r.yDbu, k]));
  const covered = rows.map((r) => new Uint8Array(r.sites));
  const cover = (xDbu: number, yDbu: number, widthDbu: number): void => {
    const k = rowOf.get(yDbu);
    if (k === undefined) return;
    const first = Math.max(0, Math.floor((xDbu - rows[k].xDbu) / width));
    covered[k].fill(1, first, Math.max(first, Math.ceil((xDbu + widthDbu - rows[k].xDbu) / width)));
  };
  netlist.instMaster.forEach((m, i) => {
    cover(placement.xDbu[i], placement.yDbu[i], kit.masters[m].widthDbu);
  });
  return {
    near: (x, y, widthDbu, reachDbu) => {
      const need = Math.ceil(widthDbu / width);
      const found: { site: FreeSite; far: number }[] = [];
      rows.forEach((row, k) => {
        const dy = Math.abs(row.yDbu + height / 2 - y);
        if (dy > reachDbu) return;
        const first = Math.max(0, Math.floor((x - reachDbu - row.xDbu) / width));
        const last = Math.min(row.sites - need, Math.ceil((x + reachDbu - row.xDbu) / width));
        for (let s = first; s <= last; s++) {
          if (covered[k].subarray(s, s + need).some((c) => c !== 0)) continue;
          const xDbu = row.xDbu + s * width;
          const far = dy + Math.abs(xDbu + widthDbu / 2 - x);
          if (far <= reachDbu) found.push({ site: { xDbu, yDbu: row.yDbu, orient: row.orient }, far });
        }
      });
      found.sort((a, b) => a.far - b.far || a.site.yDbu - b.site.yDbu || a.site.xDbu - b.site.xDbu);
      return found.map((f) => f.site);
    },
    take: (site, widthDbu) => cover(site.xDbu, site.yDbu, widthDbu),
  };
}
