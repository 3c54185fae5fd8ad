import type { Rect } from '../../base/geometry.ts';
import type { CutLayer, Kit, RoutingLayer } from '../kit/types.ts';

/** Metal about a cut: overhang along x and along y, um. */
type OverhangUm = readonly [number, number];

export interface MetalRules {
  readonly name: string;
  readonly gds: number;
  readonly kind: 'routing';
  /** um */
  readonly width: number;
  readonly spacing: number;
  /** [width, parallel run, spacing], each from so much on */
  readonly wide: readonly (readonly [number, number, number])[];
}

export interface CutRules {
  readonly name: string;
  readonly gds: number;
  readonly kind: 'cut';
  readonly width: number;
  readonly spacing: number;
  /** One of these, in either orientation, must be there. */
  readonly below: readonly OverhangUm[];
  readonly above: readonly OverhangUm[];
}

/** The technology's rules as an outside checker (resources/klayout/routing_rules.py) reads them; all um. */
export interface RoutingRules {
  readonly grid: number;
  /** Bottom up, metals and cuts alternating. */
  readonly layers: readonly (MetalRules | CutRules)[];
}

/** From the technology alone: widths, spacing tables, cut sizes, and the overhangs its vias and via rules have. */
export function routingRules({ tech }: Kit): RoutingRules {
  const um = (dbu: number): number => +(dbu / tech.dbuPerUm).toFixed(6);
  const metal = (l: RoutingLayer): MetalRules => ({
    name: l.name,
    gds: l.gdsLayer,
    kind: 'routing',
    width: um(l.widthDbu),
    spacing: um(l.spacingDbu),
    wide: l.wideSpacing.map((w) => [um(w.widthDbu), um(w.prlDbu), um(w.spacingDbu)] as const),
  });
  const cut = (l: CutLayer, index: number): CutRules => ({
    name: l.name,
    gds: l.gdsLayer,
    kind: 'cut',
    width: um(l.widthDbu),
    spacing: um(l.spacingDbu),
    below: smallest(overhangs(tech, index, 'below')).map(([x, y]) => [um(x), um(y)] as const),
    above: smallest(overhangs(tech, index, 'above')).map(([x, y]) => [um(x), um(y)] as const),
  });
  return {
    grid: um(tech.gridDbu),
    layers: tech.layers.map((l, i) => (l.kind === 'routing' ? metal(l) : cut(l, i))),
  };
}

type Overhang = readonly [number, number];

function overhangs(tech: Kit['tech'], cutLayer: number, side: 'below' | 'above'): Overhang[] {
  const about = (pad: Rect, cut: Rect): Overhang => [
    Math.min(cut.x1 - pad.x1, pad.x2 - cut.x2),
    Math.min(cut.y1 - pad.y1, pad.y2 - cut.y2),
  ];
  const fixed = tech.vias
    .filter((v) => v.cut === cutLayer)
    .flatMap((v) => v.cutRects.map((c) => about(side === 'below' ? v.belowRect : v.aboveRect, c)));
  const generated = tech.viaRules
    .filter((r) => r.cut === cutLayer)
    .map((r) => (side === 'below' ? r.belowEnclosureDbu : r.aboveEnclosureDbu));
  return [...fixed, ...generated].map(([x, y]) => [Math.min(x, y), Math.max(x, y)] as const);
}

/** Those that no other is contained in: a cut that has a larger overhang has the smaller one as well. */
function smallest(all: readonly Overhang[]): Overhang[] {
  const unique = [...new Map(all.map((o) => [o.join(' '), o])).values()];
  return unique.filter((o) => !unique.some((other) => other !== o && other[0] <= o[0] && other[1] <= o[1]));
}
