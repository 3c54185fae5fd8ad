/**
 * Which wires run beside which, and the capacitance between them.
 *
 * Modelled: the split into ground and coupling by the spacing to the nearest neighbour on either side follows Sakurai
 * and Tamaru, "Simple formulas for two- and three-dimensional capacitances", IEEE Trans. Electron Devices ED-30,
 * 1983, for lines above a plane; the scale is the kit's own fF/um, which was fitted to routed designs and therefore
 * holds for a typical neighbourhood (TYPICAL_NEIGHBOURS). Power metal shields: what runs beside it couples to ground.
 * Differs from the paper: no plane above, minimum width for all wires, nothing beyond RANGE_PITCHES.
 */
import type { Floorplan } from '../floorplan/types.ts';
import type { Kit, RoutingLayer } from '../kit/types.ts';
import type { Routing } from '../routing/types.ts';

/** Spacing up to which a neighbour is seen, in pitches of the layer. */
const RANGE_PITCHES = 4;

/**
 * The neighbourhood that gets the kit's average: one side at minimum spacing, the other free. So much, in sum over both
 * sides, is what wires of a routed chip have on average (measured, see README).
 */
const TYPICAL_NEIGHBOURS = 1;

/** Coupling below this stays with both wires as capacitance to ground, as OpenRCX has it by default (0.1 fF). */
export const COUPLING_MIN_FF = 0.1;

export interface LayerCapacitance {
  /** To ground, both sides of the line included; all there is where the layer's shape is not known. */
  readonly groundFfPerUm: number;
  /** To one neighbour, by the spacing from edge to edge in DBU. */
  couplingFfPerUm(spacingDbu: number): number;
}

/** Per routing layer; null for cuts. */
export function layerCapacitances(kit: Kit): readonly (LayerCapacitance | null)[] {
  const { layers, dbuPerUm } = kit.tech;
  let belowTopUm = 0;
  return layers.map((layer) => {
    if (layer.kind !== 'routing') return null;
    const gapUm = layer.heightUm - belowTopUm;
    belowTopUm = layer.heightUm + layer.thicknessUm;
    if (!(layer.thicknessUm > 0) || !(gapUm > 0))
      return { groundFfPerUm: layer.capacitanceFfPerUm, couplingFfPerUm: () => 0 };
    const w = layer.widthDbu / dbuPerUm / gapUm;
    const t = layer.thicknessUm / gapUm;
    const ground = 1.15 * w + 2.8 * t ** 0.222;
    const side = 0.03 * w + 0.83 * t - 0.07 * t ** 0.222;
    const at = (spacingDbu: number): number => side * (spacingDbu / dbuPerUm / gapUm) ** -1.34;
    const scale = layer.capacitanceFfPerUm / (ground + TYPICAL_NEIGHBOURS * at(layer.spacingDbu));
    return {
      groundFfPerUm: ground * scale,
      couplingFfPerUm: (spacingDbu) => at(Math.max(spacingDbu, layer.spacingDbu)) * scale,
    };
  });
}

/** Stretches where two wires face each other with nothing between, struct of arrays. */
export interface Neighbours {
  readonly layer: readonly number[];
  /** 1 = the wires run along x. */
  readonly isHorizontal: readonly number[];
  /** -1 = power metal. */
  readonly netA: readonly number[];
  readonly netB: readonly number[];
  /** Centre lines, DBU. */
  readonly lineA: readonly number[];
  readonly lineB: readonly number[];
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly spacingDbu: readonly number[];
}

export const POWER = -1;

/** A stretch of metal on a line. */
interface Bar {
  readonly net: number;
  readonly line: number;
  readonly halfWidth: number;
  readonly from: number;
  to: number;
}

function barsOf(
  routing: Routing,
  floorplan: Floorplan,
  kit: Kit,
  layer: number,
  isHorizontal: boolean,
): Bar[] {
  const half = (kit.tech.layers[layer] as RoutingLayer).widthDbu >> 1;
  const bars: Bar[] = [];
  const w = routing.wires;
  for (let n = 0; n + 1 < routing.wireStart.length; n++)
    for (let i = 5 * routing.wireStart[n]; i < 5 * routing.wireStart[n + 1]; i += 5) {
      const isPoint = w[i + 1] === w[i + 3] && w[i + 2] === w[i + 4];
      if (w[i] !== layer || isPoint || (w[i + 2] === w[i + 4]) !== isHorizontal) continue;
      const [line, from, to] = isHorizontal ? [w[i + 2], w[i + 1], w[i + 3]] : [w[i + 1], w[i + 2], w[i + 4]];
      bars.push({ net: n, line, halfWidth: half, from, to });
    }
  for (const { layer: on, rect } of floorplan.powerShapes) {
    // Power metal counts along its length only.
    if (on !== layer || rect.x2 - rect.x1 > rect.y2 - rect.y1 !== isHorizontal) continue;
    const [low, high, from, to] = isHorizontal
      ? [rect.y1, rect.y2, rect.x1, rect.x2]
      : [rect.x1, rect.x2, rect.y1, rect.y2];
    bars.push({ net: POWER, line: (low + high) >> 1, halfWidth: (high - low) >> 1, from, to });
  }
  return merged(bars);
}

/** Sorted by line and start; overlapping metal of one net is one bar. */
function merged(bars: Bar[]): Bar[] {
  bars.sort((a, b) => a.line - b.line || a.net - b.net || a.from - b.from || a.to - b.to);
  const out: Bar[] = [];
  for (const bar of bars) {
    const last = out.at(-1);
    if (last && last.line === bar.line && last.net === bar.net && bar.from <= last.to)
      last.to = Math.max(last.to, bar.to);
    else out.push(bar);
  }
  return out.sort((a, b) => a.line - b.line || a.from - b.from || a.net - b.net);
}

type Found = { -readonly [K in keyof Neighbours]: number[] };

/**
 * Every stretch of two facing wires, seen from the lower or left one. From each bar the lines above are looked at one
 * by one until all of its length is covered or the range is over. O(bars * lines in range * log bars of a line).
 */
export function findNeighbours(routing: Routing, floorplan: Floorplan, kit: Kit): Neighbours {
  const found: Found = {
    layer: [],
    isHorizontal: [],
    netA: [],
    netB: [],
    lineA: [],
    lineB: [],
    from: [],
    to: [],
    spacingDbu: [],
  };
  kit.tech.layers.forEach((metal, layer) => {
    if (metal.kind !== 'routing' || !(metal.thicknessUm > 0)) return;
    for (const isHorizontal of [false, true]) {
      const bars = barsOf(routing, floorplan, kit, layer, isHorizontal);
      const lineStart = bars.flatMap((bar, b) => (b === 0 || bars[b - 1].line !== bar.line ? [b] : []));
      lineStart.push(bars.length);
      const reach = bars.reduce((most, bar) => Math.max(most, bar.halfWidth), 0);
      const before = found.layer.length;
      for (let line = 0; line + 1 < lineStart.length; line++)
        for (let b = lineStart[line]; b < lineStart[line + 1]; b++)
          lookUpwards(bars, lineStart, line, bars[b], RANGE_PITCHES * metal.pitchDbu, reach, found);
      for (let i = before; i < found.netA.length; i++) {
        found.layer.push(layer);
        found.isHorizontal.push(isHorizontal ? 1 : 0);
      }
    }
  });
  return found;
}

/** Adds all that one bar faces on the lines above its own. `reach`: half of the widest metal. */
function lookUpwards(
  bars: readonly Bar[],
  lineStart: readonly number[],
  line: number,
  bar: Bar,
  range: number,
  reach: number,
  found: Found,
): void {
  let open: [number, number][] = [[bar.from, bar.to]];
  for (let above = line + 1; above + 1 < lineStart.length && open.length > 0; above++) {
    const first = lineStart[above];
    const end = lineStart[above + 1];
    if (bars[first].line - bar.line > range + 2 * reach) break;
    const left: [number, number][] = [];
    for (const [from, to] of open) {
      let position = from;
      for (let c = firstEndingAfter(bars, first, end, from); c < end && bars[c].from < to; c++) {
        const other = bars[c];
        const begin = Math.max(position, other.from);
        const stop = Math.min(to, other.to);
        if (stop <= begin) continue;
        if (begin > position) left.push([position, begin]);
        position = stop;
        const spacing = other.line - other.halfWidth - bar.line - bar.halfWidth;
        if (other.net === bar.net || spacing > range) continue;
        found.netA.push(bar.net);
        found.netB.push(other.net);
        found.lineA.push(bar.line);
        found.lineB.push(other.line);
        found.from.push(begin);
        found.to.push(stop);
        found.spacingDbu.push(spacing);
      }
      if (position < to) left.push([position, to]);
    }
    open = left;
  }
}

/** First bar of one line, bars [first, end), that ends behind a place. Bars of a line do not overlap in a legal routing. */
function firstEndingAfter(bars: readonly Bar[], first: number, end: number, from: number): number {
  let [low, high] = [first, end];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bars[middle]!.to <= from) low = middle + 1;
    else high = middle;
  }
  return low;
}
