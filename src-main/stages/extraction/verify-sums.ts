/**
 * Capacitance of every net straight from its wires, by another way than the extractor's: per layer and direction a
 * line sweeps along the wires; at any place the metal that it cuts, ordered across, tells who faces whom. Formula and
 * constants are those of coupling.ts, written again.
 */
import type { Floorplan } from '../floorplan/types.ts';
import type { Kit, RoutingLayer } from '../kit/types.ts';
import type { Routing } from '../routing/types.ts';

/** Pitches of the layer up to which a neighbour counts, and the neighbourhood that the kit's fF/um stands for. */
const SIGHT_PITCHES = 4;
const NORMAL_SIDES = 1;

interface Cut {
  readonly net: number;
  readonly low: number;
  readonly high: number;
  readonly begin: number;
  readonly end: number;
}

/** [nets] fF */
export function sumsOfWires(routing: Routing, floorplan: Floorplan, nets: number, kit: Kit): Float64Array {
  const sums = new Float64Array(nets);
  let top = 0;
  kit.tech.layers.forEach((metal, layer) => {
    if (metal.kind !== 'routing') return;
    const gap = metal.heightUm - top;
    top = metal.heightUm + metal.thicknessUm;
    const model = metal.thicknessUm > 0 && gap > 0 ? split(metal, gap, kit.tech.dbuPerUm) : null;
    for (const isAlongX of [true, false])
      sweep(cutsOf(routing, floorplan, metal, layer, isAlongX), metal, kit.tech.dbuPerUm, model, sums);
  });
  return sums;
}

interface Split {
  readonly ground: number;
  readonly facing: (spacing: number) => number;
}

function split(metal: RoutingLayer, gapUm: number, dbuPerUm: number): Split {
  const width = metal.widthDbu / dbuPerUm / gapUm;
  const thick = metal.thicknessUm / gapUm;
  const plane = 1.15 * width + 2.8 * Math.pow(thick, 0.222);
  const face = (spacing: number): number =>
    (0.03 * width + 0.83 * thick - 0.07 * Math.pow(thick, 0.222)) /
    Math.pow(Math.max(spacing, metal.spacingDbu) / dbuPerUm / gapUm, 1.34);
  const unit = metal.capacitanceFfPerUm / (plane + NORMAL_SIDES * face(metal.spacingDbu));
  return { ground: plane * unit, facing: (spacing) => face(spacing) * unit };
}

function cutsOf(
  routing: Routing,
  floorplan: Floorplan,
  metal: RoutingLayer,
  layer: number,
  isAlongX: boolean,
): Cut[] {
  const cuts: Cut[] = [];
  const half = metal.widthDbu >> 1;
  for (let n = 0; n < routing.wireStart.length - 1; n++)
    for (let i = routing.wireStart[n]; i < routing.wireStart[n + 1]; i++) {
      const [on, x1, y1, x2, y2] = routing.wires.subarray(5 * i, 5 * i + 5);
      const runs = isAlongX ? x2 > x1 : y2 > y1;
      if (on !== layer || !runs) continue;
      const line = isAlongX ? y1 : x1;
      cuts.push({
        net: n,
        low: line - half,
        high: line + half,
        begin: isAlongX ? x1 : y1,
        end: isAlongX ? x2 : y2,
      });
    }
  for (const shape of floorplan.powerShapes) {
    const { x1, y1, x2, y2 } = shape.rect;
    const isLongX = x2 - x1 > y2 - y1;
    if (shape.layer !== layer || isLongX !== isAlongX) continue;
    cuts.push(
      isAlongX
        ? { net: -1, low: y1, high: y2, begin: x1, end: x2 }
        : { net: -1, low: x1, high: x2, begin: y1, end: y2 },
    );
  }
  return cuts;
}

function sweep(
  cuts: Cut[],
  metal: RoutingLayer,
  dbuPerUm: number,
  model: Split | null,
  sums: Float64Array,
): void {
  const middle = (c: Cut): number => (c.low + c.high) / 2;
  const events = cuts.flatMap((cut) => [
    { at: cut.begin, cut, opens: true },
    { at: cut.end, cut, opens: false },
  ]);
  events.sort((a, b) => a.at - b.at || Number(a.opens) - Number(b.opens));
  // What the line cuts now, ordered across. Metal of one net on one line is counted once, by `depth`.
  const active: { cut: Cut; depth: number; facesNextSince: number }[] = [];
  const charge = (index: number, at: number): void => {
    const [one, two] = [active[index], active[index + 1]];
    if (!one || !two || !model) return;
    const um = (at - one.facesNextSince) / dbuPerUm;
    const spacing = two.cut.low - one.cut.high;
    if (one.cut.net === two.cut.net || spacing > SIGHT_PITCHES * metal.pitchDbu) return;
    for (const { cut } of [one, two]) if (cut.net >= 0) sums[cut.net] += um * model.facing(spacing);
  };
  for (const { at, cut, opens } of events) {
    let [low, high] = [0, active.length];
    while (low < high) {
      const half = (low + high) >> 1;
      const other = active[half].cut;
      if (middle(other) < middle(cut) || (middle(other) === middle(cut) && other.net < cut.net))
        low = half + 1;
      else high = half;
    }
    const here = active[low];
    const isThere = here !== undefined && middle(here.cut) === middle(cut) && here.cut.net === cut.net;
    if (isThere && (opens || here.depth > 1)) {
      here.depth += opens ? 1 : -1;
      continue;
    }
    charge(low - 1, at);
    if (opens) active.splice(low, 0, { cut, depth: 1, facesNextSince: at });
    else {
      charge(low, at);
      const um = (at - here.cut.begin) / dbuPerUm;
      if (cut.net >= 0) sums[cut.net] += um * (model?.ground ?? metal.capacitanceFfPerUm);
      active.splice(low, 1);
    }
    if (low > 0) active[low - 1].facesNextSince = at;
  }
}
