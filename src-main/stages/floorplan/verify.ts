/**
 * Independent check of a floorplan and its power grid: looks only at the finished shapes, shares no code with
 * their makers. Union-find over all power metal; cuts join what they overlap above and below.
 */
import type { Diagnostic } from '../../base/diagnostic.ts';
import type { Rect } from '../../base/geometry.ts';
import { placeRect } from '../../base/geometry.ts';
import type { Kit, Layer, RoutingLayer } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Floorplan, Placement } from './types.ts';

export interface PowerGridReport {
  readonly problems: readonly Diagnostic[];
  /** Connected components of metal per net; 1 each in a sound grid. */
  readonly components: { readonly power: number; readonly ground: number };
  readonly shapes: number;
  readonly cuts: number;
  /** Power pins of placed instances that were looked up in the grid. */
  readonly pinsChecked: number;
}

interface Shape {
  readonly net: 'power' | 'ground';
  readonly layer: number;
  readonly rect: Rect;
  readonly what: string;
}

const LIMIT = 200;

class Findings {
  readonly list: Diagnostic[] = [];
  add(code: string, message: string, place?: string): void {
    if (this.list.length < LIMIT)
      this.list.push({ code, severity: 'error', message, ...(place ? { place } : {}) });
  }
}

const touches = (a: Rect, b: Rect): boolean => a.x1 <= b.x2 && b.x1 <= a.x2 && a.y1 <= b.y2 && b.y1 <= a.y2;
const contains = (a: Rect, b: Rect): boolean => a.x1 <= b.x1 && a.y1 <= b.y1 && a.x2 >= b.x2 && a.y2 >= b.y2;
const text = (r: Rect): string => `(${r.x1} ${r.y1} ${r.x2} ${r.y2})`;
const shift = (r: Rect, x: number, y: number): Rect => ({
  x1: r.x1 + x,
  y1: r.y1 + y,
  x2: r.x2 + x,
  y2: r.y2 + y,
});

/** All shapes of the grid, via pads and cuts as rectangles of their own. */
function flatten(floorplan: Floorplan): Shape[] {
  const shapes: Shape[] = floorplan.powerShapes.map((s) => ({
    net: s.net,
    layer: s.layer,
    rect: s.rect,
    what: s.kind,
  }));
  for (const v of floorplan.powerVias) {
    const def = floorplan.powerViaDefs[v.via];
    if (!def) continue;
    const add = (layer: number, rect: Rect, what: string): void => {
      shapes.push({ net: v.net, layer, rect: shift(rect, v.xDbu, v.yDbu), what });
    };
    add(def.below, def.belowRect, `${def.name} pad`);
    add(def.above, def.aboveRect, `${def.name} pad`);
    for (const c of def.cutRects) add(def.cut, c, `${def.name} cut`);
  }
  return shapes;
}

/** Calls `visit` for every pair on one layer whose boxes, grown by `reach`, meet. Sweep along x. */
function nearPairs(shapes: readonly Shape[], reach: number, visit: (a: number, b: number) => void): void {
  const order = shapes.map((_, i) => i).sort((a, b) => shapes[a].rect.x1 - shapes[b].rect.x1);
  const byRow = new Map<number, number[]>();
  const cell = 20000;
  for (const i of order) {
    const s = shapes[i];
    const seen = new Set<number>();
    for (let r = Math.floor((s.rect.y1 - reach) / cell); r <= Math.floor((s.rect.y2 + reach) / cell); r++) {
      let active = byRow.get(r);
      if (!active) byRow.set(r, (active = []));
      let kept = 0;
      for (const j of active) {
        const t = shapes[j].rect;
        if (t.x2 + reach < s.rect.x1) continue;
        active[kept++] = j;
        if (seen.has(j) || t.y2 + reach < s.rect.y1 || s.rect.y2 + reach < t.y1) continue;
        seen.add(j);
        visit(j, i);
      }
      active.length = kept;
      active.push(i);
    }
  }
}

function find(parent: Int32Array, i: number): number {
  let r = i;
  while (parent[r] !== r) r = parent[r];
  while (parent[i] !== r) {
    const next = parent[i];
    parent[i] = r;
    i = next;
  }
  return r;
}

/** Spacing two shapes of one routing layer need, from the layer's parallel-run-length table. */
function neededSpacing(layer: RoutingLayer, a: Rect, b: Rect): number {
  const width = Math.max(Math.min(a.x2 - a.x1, a.y2 - a.y1), Math.min(b.x2 - b.x1, b.y2 - b.y1));
  const run = Math.max(
    Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1),
    Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1),
    0,
  );
  let need = layer.spacingDbu;
  for (const row of layer.wideSpacing)
    if (width >= row.widthDbu && run >= row.prlDbu) need = Math.max(need, row.spacingDbu);
  return need;
}

function gap(a: Rect, b: Rect): number {
  const dx = Math.max(a.x1 - b.x2, b.x1 - a.x2, 0);
  const dy = Math.max(a.y1 - b.y2, b.y1 - a.y2, 0);
  return Math.hypot(dx, dy);
}

function checkShapes(
  shapes: readonly Shape[],
  layers: readonly Layer[],
  die: Rect,
  grid: number,
  out: Findings,
): void {
  for (const s of shapes) {
    const { x1, y1, x2, y2 } = s.rect;
    const layer = layers[s.layer];
    const place = `${layer?.name ?? s.layer} ${text(s.rect)}`;
    if (!layer) {
      out.add('FLOOR-101', `${s.what} lies on no layer of the kit`, place);
      continue;
    }
    if ([x1, y1, x2, y2].some((v) => v % grid !== 0))
      out.add('FLOOR-102', `${s.what} is off the manufacturing grid`, place);
    if (Math.min(x2 - x1, y2 - y1) < layer.widthDbu)
      out.add('FLOOR-103', `${s.what} is narrower than ${layer.widthDbu}`, place);
    if (!contains(die, s.rect)) out.add('FLOOR-104', `${s.what} leaves the die`, place);
  }
}

/** Electrical components, shorts and spacing on one pass over near pairs of each layer. */
function connect(shapes: readonly Shape[], layers: readonly Layer[], out: Findings): Int32Array {
  const parent = Int32Array.from(shapes, (_, i) => i);
  const byLayer = layers.map(() => [] as number[]);
  shapes.forEach((s, i) => byLayer[s.layer]?.push(i));
  byLayer.forEach((ids, l) => {
    const layer = layers[l];
    const own = ids.map((i) => shapes[i]);
    const reach =
      layer.kind === 'cut'
        ? layer.spacingDbu
        : Math.max(layer.spacingDbu, ...layer.wideSpacing.map((w) => w.spacingDbu));
    nearPairs(own, reach, (a, b) => {
      const [p, q] = [own[a], own[b]];
      const place = `${layer.name} ${text(p.rect)} ${text(q.rect)}`;
      if (layer.kind === 'cut') {
        if (gap(p.rect, q.rect) < layer.spacingDbu) out.add('FLOOR-105', 'two cuts are too near', place);
      } else if (touches(p.rect, q.rect)) {
        if (p.net !== q.net) out.add('FLOOR-106', 'power and ground touch', place);
        else parent[find(parent, ids[a])] = find(parent, ids[b]);
      } else if (p.net !== q.net && gap(p.rect, q.rect) < neededSpacing(layer, p.rect, q.rect)) {
        out.add('FLOOR-107', 'power and ground are too near', place);
      }
    });
  });
  return parent;
}

/** Every cut must lie inside metal of its own net below and above; it joins the two. */
function joinCuts(
  shapes: readonly Shape[],
  layers: readonly Layer[],
  parent: Int32Array,
  out: Findings,
): void {
  const cell = 5600;
  const metal = new Map<string, number[]>();
  const keys = (layer: number, r: Rect): string[] => {
    const list: string[] = [];
    for (let x = Math.floor(r.x1 / cell); x <= Math.floor(r.x2 / cell); x++)
      for (let y = Math.floor(r.y1 / cell); y <= Math.floor(r.y2 / cell); y++)
        list.push(`${layer} ${x} ${y}`);
    return list;
  };
  shapes.forEach((s, i) => {
    if (layers[s.layer]?.kind !== 'routing') return;
    for (const k of keys(s.layer, s.rect)) {
      const list = metal.get(k);
      if (list) list.push(i);
      else metal.set(k, [i]);
    }
  });
  shapes.forEach((s, i) => {
    if (layers[s.layer]?.kind !== 'cut') return;
    for (const l of [s.layer - 1, s.layer + 1]) {
      const holders = keys(l, s.rect)
        .flatMap((k) => metal.get(k) ?? [])
        .filter((j) => contains(shapes[j].rect, s.rect) && shapes[j].net === s.net);
      if (holders.length === 0)
        out.add('FLOOR-108', `cut without metal on ${layers[l]?.name ?? l}`, text(s.rect));
      for (const j of holders) parent[find(parent, j)] = find(parent, i);
    }
  });
}

/** Rows must tile the core, alternate, and each have its two rails over the whole width. */
function checkRows(floorplan: Floorplan, kit: Kit, shapes: readonly Shape[], out: Findings): void {
  const { rows, core, die } = floorplan;
  const { siteWidthDbu: site, rowHeightDbu: height } = kit.tech;
  if (!contains(die, core)) out.add('FLOOR-110', 'the core leaves the die', text(core));
  rows.forEach((row, r) => {
    if (row.xDbu % site !== 0 || row.yDbu % height !== 0)
      out.add('FLOOR-111', 'row off the track lattice', row.name);
    if (row.yDbu !== core.y1 + r * height || row.xDbu < core.x1 || row.xDbu + row.sites * site > core.x2)
      out.add('FLOOR-112', 'row is not where it belongs in the core', row.name);
    const before = rows[r - 1];
    if (before && before.orient === row.orient)
      out.add('FLOOR-113', 'neighbouring rows have one orientation', row.name);
    const nets = [row.yDbu, row.yDbu + height].map((y) => {
      const rail = shapes.find(
        (s) =>
          s.what === 'followpin' &&
          s.rect.y1 < y &&
          s.rect.y2 > y &&
          s.rect.x1 <= row.xDbu &&
          s.rect.x2 >= row.xDbu + row.sites * site,
      );
      if (!rail) out.add('FLOOR-114', 'row has no rail over its whole width', `${row.name} at y ${y}`);
      return rail?.net;
    });
    if (nets[0] && nets[0] === nets[1]) out.add('FLOOR-115', 'both rails of a row are one net', row.name);
  });
  for (const t of floorplan.tracks) {
    const layer = kit.tech.layers[t.layer];
    const high = layer?.kind === 'routing' && layer.direction === 'V' ? die.x2 : die.y2;
    if (t.count < 1 || t.startDbu < 0 || t.startDbu + (t.count - 1) * t.stepDbu > high)
      out.add('FLOOR-116', 'tracks leave the die', layer?.name ?? String(t.layer));
  }
}

/** Every power pin of every placed instance must touch metal of its own net in the grid. */
function checkPins(
  shapes: readonly Shape[],
  kit: Kit,
  netlist: Netlist,
  placement: Placement,
  out: Findings,
): number {
  const rails = shapes.filter((s) => s.what === 'followpin');
  const byY = new Map<number, Shape[]>();
  const height = kit.tech.rowHeightDbu;
  for (const s of rails) {
    const k = Math.round((s.rect.y1 + s.rect.y2) / 2 / height);
    const list = byY.get(k);
    if (list) list.push(s);
    else byY.set(k, [s]);
  }
  let checked = 0;
  netlist.instMaster.forEach((m, i) => {
    const master = kit.masters[m];
    for (const pin of master.pins) {
      if (pin.use !== 'power' && pin.use !== 'ground') continue;
      checked++;
      const ok = pin.shapes.some(({ layer, rect }) => {
        const r = placeRect(
          rect,
          master.widthDbu,
          master.heightDbu,
          placement.orient[i],
          placement.xDbu[i],
          placement.yDbu[i],
        );
        for (let k = Math.floor(r.y1 / height); k <= Math.ceil(r.y2 / height); k++)
          if (byY.get(k)?.some((s) => s.layer === layer && s.net === pin.use && touches(s.rect, r)))
            return true;
        return false;
      });
      if (!ok)
        out.add(
          'FLOOR-120',
          `${pin.use} pin is on no rail of its net`,
          `${netlist.instNames[i] ?? i}/${pin.name}`,
        );
    }
  });
  return checked;
}

/**
 * Rows, tracks, rails, straps and vias. With netlist and placement also: every instance's supply pins sit on
 * rails of the right net. No problem found = sound.
 */
export function verifyPowerGrid(
  floorplan: Floorplan,
  kit: Kit,
  placed?: { readonly netlist: Netlist; readonly placement: Placement },
): PowerGridReport {
  const out = new Findings();
  const { layers, gridDbu } = kit.tech;
  const shapes = flatten(floorplan);
  checkShapes(shapes, layers, floorplan.die, gridDbu, out);
  checkRows(floorplan, kit, shapes, out);
  const parent = connect(shapes, layers, out);
  joinCuts(shapes, layers, parent, out);
  const roots = { power: new Set<number>(), ground: new Set<number>() };
  shapes.forEach((s, i) => roots[s.net].add(find(parent, i)));
  for (const net of ['power', 'ground'] as const)
    if (roots[net].size !== 1) out.add('FLOOR-109', `${net} metal falls into ${roots[net].size} parts`);
  const pinsChecked = placed ? checkPins(shapes, kit, placed.netlist, placed.placement, out) : 0;
  return {
    problems: out.list,
    components: { power: roots.power.size, ground: roots.ground.size },
    shapes: shapes.length,
    cuts: shapes.filter((s) => layers[s.layer]?.kind === 'cut').length,
    pinsChecked,
  };
}
