/** Fixed shapes on the lattice: the power grid, obstructions, and shapes that belong to one net alone. */
import { placeRect, type Rect } from '../../base/geometry.ts';
import type { Floorplan } from '../floorplan/types.ts';
import type { CutLayer, Kit, ViaDef } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Placement } from '../placement/types.ts';
import { lastAtMost, lowerBound, type Lattice, type LatticeLayer } from './lattice.ts';
import { BLOCKED, CUT_BLOCKED, claimNode, type RouterState } from './state.ts';

/** Spacing that the wide-metal table asks of a shape towards a wire beside it that may run along all of it. */
function sideSpacing(g: LatticeLayer, r: Rect): number {
  const w = r.x2 - r.x1;
  const h = r.y2 - r.y1;
  const width = Math.min(w, h);
  const run = Math.max(w, h);
  let spacing = g.spacingDbu;
  for (const e of g.wideSpacing) {
    if (width >= e.widthDbu && run >= e.prlDbu) spacing = Math.max(spacing, e.spacingDbu);
  }
  return spacing;
}

/** Calls `visit` for every node whose wire or pad would come too near to a fixed rectangle of its layer. */
function forNodesNear(g: LatticeLayer, r: Rect, visit: (node: number) => void): void {
  const [c1, c2, a1, a2] = g.vertical ? [r.x1, r.x2, r.y1, r.y2] : [r.y1, r.y2, r.x1, r.x2];
  const side = g.halfWidthDbu + sideSpacing(g, r);
  const end = g.padHalfDbu + g.spacingDbu;
  const tLast = lowerBound(g.tracks, c2 + side);
  const pLast = lowerBound(g.positions, a2 + end);
  const pFirst = lastAtMost(g.positions, a1 - end) + 1;
  for (let t = lastAtMost(g.tracks, c1 - side) + 1; t < tLast; t++) {
    for (let p = pFirst; p < pLast; p++) visit(g.base + t * g.posCount + p);
  }
}

const layerIndex = (lattice: Lattice, layer: number): number =>
  lattice.layers.findIndex((g) => g.layer === layer);

function blockRect(state: RouterState, layer: number, r: Rect): void {
  const l = layerIndex(state.lattice, layer);
  if (l < 0) return;
  forNodesNear(state.lattice.layers[l], r, (n) => {
    state.info[n] |= BLOCKED;
  });
}

/** A shape that is part of a net (a port): other nets keep away from it. */
export function claimRect(state: RouterState, layer: number, r: Rect, net: number): void {
  const l = layerIndex(state.lattice, layer);
  if (l < 0) return;
  forNodesNear(state.lattice.layers[l], r, (n) => claimNode(state, n, net));
}

/** Fixed cut: vias of the same cut layer keep their distance. */
function blockCut(state: RouterState, kit: Kit, cutLayer: number, r: Rect): void {
  const l = layerIndex(state.lattice, cutLayer - 1);
  if (l < 0 || l + 1 >= state.lattice.layers.length) return;
  const g = state.lattice.layers[l];
  const cut = kit.tech.layers[cutLayer] as CutLayer;
  const reach = cut.widthDbu / 2 + cut.spacingDbu;
  const [c1, c2, a1, a2] = g.vertical ? [r.x1, r.x2, r.y1, r.y2] : [r.y1, r.y2, r.x1, r.x2];
  const tLast = lowerBound(g.tracks, c2 + reach);
  const pLast = lowerBound(g.positions, a2 + reach);
  for (let t = lastAtMost(g.tracks, c1 - reach) + 1; t < tLast; t++) {
    for (let p = lastAtMost(g.positions, a1 - reach) + 1; p < pLast; p++) {
      state.info[g.base + t * g.posCount + p] |= CUT_BLOCKED;
    }
  }
}

const shift = (r: Rect, x: number, y: number): Rect => ({
  x1: r.x1 + x,
  y1: r.y1 + y,
  x2: r.x2 + x,
  y2: r.y2 + y,
});

function blockVia(state: RouterState, kit: Kit, via: ViaDef, x: number, y: number): void {
  blockRect(state, via.below, shift(via.belowRect, x, y));
  blockRect(state, via.above, shift(via.aboveRect, x, y));
  for (const c of via.cutRects) blockCut(state, kit, via.cut, shift(c, x, y));
}

/** Power grid, obstructions and power pins of cells. Signal pins above the pin layer are claimed elsewhere. */
export function blockFixedShapes(
  state: RouterState,
  netlist: Netlist,
  floorplan: Floorplan,
  placement: Placement,
  kit: Kit,
): void {
  for (const s of floorplan.powerShapes) blockRect(state, s.layer, s.rect);
  for (const v of floorplan.powerVias) {
    blockVia(state, kit, floorplan.powerViaDefs[v.via], v.xDbu, v.yDbu);
  }
  const lowest = state.lattice.layers[0].layer;
  kit.masters.forEach((master, m) => {
    const fixed = [
      ...master.obstructions,
      ...master.pins.filter((p) => p.use === 'power' || p.use === 'ground').flatMap((p) => p.shapes),
    ].filter((s) => s.layer >= lowest);
    if (fixed.length === 0) return;
    for (let i = 0; i < netlist.instMaster.length; i++) {
      if (netlist.instMaster[i] !== m) continue;
      for (const s of fixed) {
        const r = placeRect(
          s.rect,
          master.widthDbu,
          master.heightDbu,
          placement.orient[i],
          placement.xDbu[i],
          placement.yDbu[i],
        );
        blockRect(state, s.layer, r);
      }
    }
  });
}
