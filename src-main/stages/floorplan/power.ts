import type { Rect } from '../../base/geometry.ts';
import { IngotError } from '../../base/diagnostic.ts';
import type { Kit, Master, RoutingLayer, Tech, ViaDef } from '../kit/types.ts';
import type { Frame } from './rows.ts';
import type { PowerShape, PowerVia } from './types.ts';
import { makeViaStack } from './power-via.ts';
import type { CutArray } from './power-via.ts';

/** One level of straps above the rails. A power and a ground strap stand half a pitch apart. */
export interface StrapLevel {
  readonly layer: string;
  readonly widthUm: number;
  readonly pitchUm: number;
  /** From the core's edge to the centre of the first strap. */
  readonly offsetUm: number;
  /** Largest cut array of the via stacks down to the level below. */
  readonly cuts: CutArray;
  /** Straps reach the die's edge (where the supply comes in) and not only the core's. */
  readonly toDieEdge: boolean;
}

export interface PowerGridOptions {
  /** metal1 rails over every row boundary. */
  readonly railLayer: string;
  readonly railWidthUm: number;
  /** Bottom up; directions alternate, the rails count as horizontal. */
  readonly levels: readonly StrapLevel[];
}

/** The usual NanGate45 grid: metal4 0.48 at 56, metal7 1.40 at 30 (figures of OpenROAD-flow-scripts). */
export const DEFAULT_POWER_GRID: PowerGridOptions = {
  railLayer: 'metal1',
  railWidthUm: 0.17,
  levels: [
    {
      layer: 'metal4',
      widthUm: 0.48,
      pitchUm: 56,
      offsetUm: 2,
      cuts: { columns: 3, rows: 1 },
      toDieEdge: false,
    },
    {
      layer: 'metal7',
      widthUm: 1.4,
      pitchUm: 30,
      offsetUm: 2,
      cuts: { columns: 2, rows: 2 },
      toDieEdge: true,
    },
  ],
};

export interface PowerGrid {
  readonly powerShapes: PowerShape[];
  readonly powerVias: PowerVia[];
  readonly powerViaDefs: ViaDef[];
}

interface Level {
  readonly layer: number;
  readonly horizontal: boolean;
  readonly widthDbu: number;
  readonly shapes: PowerShape[];
}

function layerIndex(tech: Tech, name: string): number {
  const index = tech.layers.findIndex((l) => l.kind === 'routing' && l.name === name);
  if (index < 0)
    throw new IngotError('FLOOR-002', `the kit has no routing layer ${name}`, {
      place: name,
      remedy: 'name a layer of the technology LEF in the power grid options',
    });
  return index;
}

const routing = (tech: Tech, index: number): RoutingLayer => tech.layers[index] as RoutingLayer;

/** True if the masters' power rail is at the top when placed as drawn; read from their pin shapes. */
function powerRailOnTop(kit: Kit): boolean {
  const middle = (m: Master, use: string): number | null => {
    const rects = m.pins.filter((p) => p.use === use).flatMap((p) => p.shapes.map((s) => s.rect));
    if (rects.length === 0) return null;
    // Stubs reach into the cell: the rail is the outermost edge.
    const low = Math.min(...rects.map((r) => r.y1));
    const high = Math.max(...rects.map((r) => r.y2));
    return low < 0 ? 0 : high > m.heightDbu ? m.heightDbu : (low + high) / 2;
  };
  for (const m of kit.masters) {
    const power = middle(m, 'power');
    const ground = middle(m, 'ground');
    if (power !== null && ground !== null && power !== ground) return power > ground;
  }
  throw new IngotError('FLOOR-001', 'no cell of the kit has both a power and a ground rail', {
    remedy: 'check that the LEF marks USE POWER and USE GROUND pins',
  });
}

/** Row boundary k (0 = bottom of row 0) carries ground or power, alternating, as N and FS rows share rails. */
function makeRails(kit: Kit, frame: Frame, layer: number, widthDbu: number): PowerShape[] {
  const onTop = powerRailOnTop(kit);
  const half = widthDbu / 2;
  const shapes: PowerShape[] = [];
  for (let k = 0; k <= frame.rows.length; k++) {
    const y = frame.core.y1 + k * kit.tech.rowHeightDbu;
    const net = (k % 2 === 1) === onTop ? 'power' : 'ground';
    const rect = { x1: frame.core.x1, y1: y - half, x2: frame.core.x2, y2: y + half };
    shapes.push({ net, layer, rect, kind: 'followpin' });
  }
  return shapes;
}

/** Spacing a wide, long strap needs to a signal wire beside it. */
function strapSpacingDbu(layer: RoutingLayer, widthDbu: number, lengthDbu: number): number {
  let spacing = layer.spacingDbu;
  for (const w of layer.wideSpacing) {
    if (widthDbu >= w.widthDbu && lengthDbu >= w.prlDbu) spacing = Math.max(spacing, w.spacingDbu);
  }
  return spacing;
}

/** How many tracks of `layer` a shape of half-width `half` about `centre` takes from the signals. */
function blockedTracks(layer: RoutingLayer, centre: number, half: number, spacing: number): number {
  const reach = half + spacing + layer.widthDbu / 2;
  const low = Math.floor((centre - reach - layer.offsetDbu) / layer.pitchDbu) + 1;
  const high = Math.ceil((centre + reach - layer.offsetDbu) / layer.pitchDbu) - 1;
  return Math.max(0, high - low + 1);
}

/**
 * The centre near `wanted` that takes the fewest signal tracks: of the strap's own layer and, under via stacks,
 * of the layers between that run the same way.
 */
function bestCentre(
  kit: Kit,
  level: Level,
  stack: readonly ViaDef[],
  wanted: number,
  low: number,
  high: number,
): number {
  const { tech, roles } = kit;
  const minSignal = layerIndex(tech, roles.minSignalLayer);
  const maxSignal = layerIndex(tech, roles.maxSignalLayer);
  const direction = level.horizontal ? 'H' : 'V';
  const cost = (centre: number): number => {
    let blocked = 0;
    if (level.layer >= minSignal && level.layer <= maxSignal) {
      const own = routing(tech, level.layer);
      blocked +=
        4 * blockedTracks(own, centre, level.widthDbu / 2, strapSpacingDbu(own, level.widthDbu, 1e9));
    }
    for (const via of stack) {
      const pad = routing(tech, via.above);
      if (via.above >= level.layer || via.above < minSignal || via.above > maxSignal) continue;
      if (pad.direction !== direction) continue;
      const half = level.horizontal ? via.aboveRect.y2 : via.aboveRect.x2;
      blocked += blockedTracks(pad, centre, half, pad.spacingDbu);
    }
    return blocked;
  };
  const grid = Math.max(2, 2 * tech.gridDbu);
  const window = 14 * tech.siteWidthDbu;
  let best = Math.min(high, Math.max(low, Math.round(wanted / grid) * grid));
  let bestCost = cost(best);
  for (let d = grid; d <= window; d += grid) {
    for (const c of [Math.round((wanted - d) / grid) * grid, Math.round((wanted + d) / grid) * grid]) {
      if (c < low || c > high || cost(c) >= bestCost) continue;
      bestCost = cost(c);
      best = c;
    }
  }
  return best;
}

/** Wanted centres of alternating power and ground straps over a core of `span`; at least one pair. */
function wantedCentres(span: number, offset: number, halfPitch: number): number[] {
  const centres: number[] = [];
  for (let at = offset; at <= span - offset; at += halfPitch) centres.push(at);
  if (centres.length >= 2) return centres;
  return [span / 4, (3 * span) / 4];
}

function makeStraps(
  kit: Kit,
  frame: Frame,
  below: Level,
  spec: StrapLevel,
): { level: Level; stack: ViaDef[] } {
  const { tech } = kit;
  const { core, die } = frame;
  const layer = layerIndex(tech, spec.layer);
  const dbu = (um: number): number =>
    Math.round((um * tech.dbuPerUm) / (2 * tech.gridDbu)) * 2 * tech.gridDbu;
  const horizontal = routing(tech, layer).direction === 'H';
  if (horizontal === below.horizontal)
    throw new IngotError('FLOOR-006', `power straps on ${spec.layer} run along the level below`, {
      place: spec.layer,
      remedy: 'choose strap layers whose directions alternate',
    });
  const level: Level = { layer, horizontal, widthDbu: dbu(spec.widthUm), shapes: [] };
  const stack = makeViaStack(
    tech,
    {
      lowerLayer: below.layer,
      upperLayer: layer,
      lowerWidthDbu: below.widthDbu,
      upperWidthDbu: level.widthDbu,
    },
    spec.cuts,
  );
  const [from, to] = horizontal ? [core.y1, core.y2] : [core.x1, core.x2];
  const half = level.widthDbu / 2;
  const step = level.widthDbu + strapSpacingDbu(routing(tech, layer), level.widthDbu, 1e9);
  const wanted = wantedCentres(to - from, dbu(spec.offsetUm), dbu(spec.pitchUm) / 2);
  const ends = spec.toDieEdge ? die : { ...core };
  // Straps that stop at the core still cover the outermost shapes of the level below.
  const over = spec.toDieEdge ? 0 : below.widthDbu / 2;
  let low = from + half;
  wanted.forEach((at, k) => {
    // Room for the straps still to come, and none nearer to the one before than the spacing.
    const high = to - half - (wanted.length - 1 - k) * step;
    if (low > high)
      throw new IngotError(
        'FLOOR-011',
        `the core is too small for ${wanted.length} straps on ${spec.layer}`,
        {
          place: spec.layer,
          remedy: 'choose a larger die, or power straps that are narrower or farther apart',
        },
      );
    const c = bestCentre(kit, level, stack, from + at, low, high);
    low = c + step;
    const rect: Rect = horizontal
      ? { x1: ends.x1 - over, y1: c - half, x2: ends.x2 + over, y2: c + half }
      : { x1: c - half, y1: ends.y1 - over, x2: c + half, y2: ends.y2 + over };
    level.shapes.push({ net: k % 2 === 0 ? 'power' : 'ground', layer, rect, kind: 'strap' });
  });
  return { level, stack };
}

/** Least width and height of a core that holds a power and a ground strap of every level, DBU. */
export function leastCore(kit: Kit, options: PowerGridOptions): { widthDbu: number; heightDbu: number } {
  const { tech } = kit;
  const least = { H: 0, V: 0 };
  for (const spec of options.levels) {
    const layer = routing(tech, layerIndex(tech, spec.layer));
    const width = Math.ceil(spec.widthUm * tech.dbuPerUm);
    const span = 2 * width + strapSpacingDbu(layer, width, 1e9) + 4 * tech.gridDbu;
    least[layer.direction] = Math.max(least[layer.direction], span);
  }
  return { widthDbu: least.V, heightDbu: least.H };
}

/** Rails, straps and the via stacks at every crossing of neighbouring levels of the same net. */
export function makePowerGrid(kit: Kit, frame: Frame, options: PowerGridOptions): PowerGrid {
  const { tech } = kit;
  const railLayer = layerIndex(tech, options.railLayer);
  const railWidth = Math.round(options.railWidthUm * tech.dbuPerUm);
  let below: Level = {
    layer: railLayer,
    horizontal: true,
    widthDbu: railWidth,
    shapes: makeRails(kit, frame, railLayer, railWidth),
  };
  const powerShapes = [...below.shapes];
  const powerVias: PowerVia[] = [];
  const powerViaDefs: ViaDef[] = [];
  for (const spec of options.levels) {
    const { level, stack } = makeStraps(kit, frame, below, spec);
    const firstDef = powerViaDefs.length;
    powerViaDefs.push(...stack);
    for (const upper of level.shapes) {
      for (const lower of below.shapes) {
        if (upper.net !== lower.net) continue;
        const [v, h] = level.horizontal ? [lower, upper] : [upper, lower];
        const xDbu = (v.rect.x1 + v.rect.x2) / 2;
        const yDbu = (h.rect.y1 + h.rect.y2) / 2;
        stack.forEach((_, k) => powerVias.push({ net: upper.net, via: firstDef + k, xDbu, yDbu }));
      }
    }
    powerShapes.push(...level.shapes);
    below = level;
  }
  return { powerShapes, powerVias, powerViaDefs };
}
