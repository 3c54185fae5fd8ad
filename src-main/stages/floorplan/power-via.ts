import type { Rect } from '../../base/geometry.ts';
import { IngotError } from '../../base/diagnostic.ts';
import type { Tech, ViaDef, ViaRule } from '../kit/types.ts';

/** Columns and rows of cuts. */
export interface CutArray {
  readonly columns: number;
  readonly rows: number;
}

/** How two crossing shapes meet: sizes of the wires across their own direction, in DBU. */
export interface Crossing {
  readonly lowerLayer: number;
  readonly upperLayer: number;
  readonly lowerWidthDbu: number;
  readonly upperWidthDbu: number;
}

const cutLayersBetween = (lower: number, upper: number): number[] => {
  const cuts: number[] = [];
  for (let l = lower + 1; l < upper; l += 2) cuts.push(l);
  return cuts;
};

/**
 * The generate rule for one cut layer. Several differ only by which sides carry the enclosure; the one with the
 * least enclosure across y wins, so that the pads stay as low as one wire and block few horizontal tracks.
 */
function ruleFor(tech: Tech, cut: number): ViaRule {
  const rules = tech.viaRules.filter((r) => r.cut === cut);
  const cost = (r: ViaRule): number =>
    (r.belowEnclosureDbu[1] + r.aboveEnclosureDbu[1]) * 2 + r.belowEnclosureDbu[0] + r.aboveEnclosureDbu[0];
  const best = rules.reduce<ViaRule | null>((a, b) => (a === null || cost(b) < cost(a) ? b : a), null);
  if (best === null)
    throw new IngotError(
      'FLOOR-003',
      `the kit has no VIARULE GENERATE for layer ${tech.layers[cut]?.name ?? cut}`,
      {
        remedy: 'use a kit whose technology LEF has via generation rules, or a power grid on other layers',
      },
    );
  return best;
}

/** One array of `array` cuts by `rule`, centred on the origin; the metal pads just enclose the cuts. */
function makeViaArray(rule: ViaRule, array: CutArray, pitchX: number, pitchY: number, name: string): ViaDef {
  const halfW = (rule.cutRect.x2 - rule.cutRect.x1) / 2;
  const halfH = (rule.cutRect.y2 - rule.cutRect.y1) / 2;
  const cutRects: Rect[] = [];
  const reachX = ((array.columns - 1) * pitchX) / 2;
  const reachY = ((array.rows - 1) * pitchY) / 2;
  for (let r = 0; r < array.rows; r++) {
    for (let c = 0; c < array.columns; c++) {
      const x = c * pitchX - reachX;
      const y = r * pitchY - reachY;
      cutRects.push({ x1: x - halfW, y1: y - halfH, x2: x + halfW, y2: y + halfH });
    }
  }
  const pad = ([ex, ey]: readonly [number, number]): Rect => ({
    x1: -reachX - halfW - ex,
    y1: -reachY - halfH - ey,
    x2: reachX + halfW + ex,
    y2: reachY + halfH + ey,
  });
  return {
    name,
    below: rule.below,
    cut: rule.cut,
    above: rule.above,
    belowRect: pad(rule.belowEnclosureDbu),
    aboveRect: pad(rule.aboveEnclosureDbu),
    cutRects,
  };
}

/**
 * The via arrays that join two crossing wires through all layers between them, bottom up. All levels share one
 * array shape and one pitch (the largest of the stack), so the pads between coincide. `limit` caps the array:
 * small stacks leave the layers between to signals.
 */
export function makeViaStack(tech: Tech, crossing: Crossing, limit: CutArray): ViaDef[] {
  const cuts = cutLayersBetween(crossing.lowerLayer, crossing.upperLayer);
  const rules = cuts.map((c) => ruleFor(tech, c));
  const pitchX = Math.max(...rules.map((r) => r.cutPitchXDbu));
  const pitchY = Math.max(...rules.map((r) => r.cutPitchYDbu));
  const first = rules[0];
  const last = rules[rules.length - 1];
  if (!first || !last) throw new IngotError('FLOOR-004', 'power grid levels lie on the same layer');
  const lower = tech.layers[crossing.lowerLayer];
  const lowerIsH = lower?.kind === 'routing' && lower.direction === 'H';
  // Across its own direction a wire must enclose the cuts; along it the wire goes on.
  const fit = (span: number, cut: number, enclosure: number, pitch: number): number =>
    Math.floor((span - cut - 2 * enclosure) / pitch) + 1;
  const size = (r: ViaRule, axis: 0 | 1): number =>
    axis === 0 ? r.cutRect.x2 - r.cutRect.x1 : r.cutRect.y2 - r.cutRect.y1;
  const fitAxis = (axis: 0 | 1, pitch: number): number => {
    const lowerBinds = lowerIsH === (axis === 1);
    const rule = lowerBinds ? first : last;
    const enclosure = lowerBinds ? rule.belowEnclosureDbu[axis] : rule.aboveEnclosureDbu[axis];
    return fit(
      lowerBinds ? crossing.lowerWidthDbu : crossing.upperWidthDbu,
      size(rule, axis),
      enclosure,
      pitch,
    );
  };
  const columns = Math.min(limit.columns, fitAxis(0, pitchX));
  const rows = Math.min(limit.rows, fitAxis(1, pitchY));
  if (columns < 1 || rows < 1)
    throw new IngotError('FLOOR-005', 'a power strap is too narrow for one via', {
      remedy: 'widen the straps',
    });
  return rules.map((rule) => {
    const cutName = tech.layers[rule.cut]?.name ?? 'via';
    return makeViaArray(rule, { columns, rows }, pitchX, pitchY, `POWER_${cutName}_${columns}x${rows}`);
  });
}
