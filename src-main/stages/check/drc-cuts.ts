import type { CutLayer, Kit } from '../kit/types.ts';
import { STRIP_UM } from './connectivity.ts';
import type { Findings } from './findings.ts';
import type { FlatLayout } from './flatten.ts';
import { forEachPair } from './pairs.ts';
import type { RectTable } from './rect-table.ts';
import { covers } from './slabs.ts';

/**
 * Cuts: size, spacing and enclosure. The NanGate45 LEF states no enclosure rule; what its vias and via rules
 * draw is taken for it: a cut must have on each metal one of the overhangs that some via of the kit has.
 */
export function checkCuts(
  flat: FlatLayout,
  kit: Kit,
  netName: (node: number) => string,
  found: Findings,
): void {
  kit.tech.layers.forEach((layer, l) => {
    if (layer.kind !== 'cut') return;
    const t = flat.layers[l]!;
    checkSize(flat, t, layer, l, netName, found);
    checkSpacing(flat, kit, t, layer, l, netName, found);
    for (const side of ['below', 'above'] as const) checkEnclosure(flat, kit, t, l, side, netName, found);
  });
}

type NetName = (node: number) => string;

function checkSize(
  flat: FlatLayout,
  t: RectTable,
  layer: CutLayer,
  l: number,
  netName: NetName,
  found: Findings,
): void {
  const size = layer.widthDbu * flat.scale;
  let count = 0;
  for (let i = 0; i < t.count; i++) {
    if (t.owner[i] !== -1) continue;
    count++;
    const [w, h] = [t.x2[i]! - t.x1[i]!, t.y2[i]! - t.y1[i]!];
    if (w !== size || h !== size)
      found.add(
        'cut-size',
        l,
        t.x1[i]!,
        t.y1[i]!,
        [netName(t.node[i]!)],
        `${found.um(w)} x ${found.um(h)}, not ${found.um(size)}`,
      );
  }
  found.checked('cut-size', count);
}

function checkSpacing(
  flat: FlatLayout,
  kit: Kit,
  t: RectTable,
  layer: CutLayer,
  l: number,
  netName: NetName,
  found: Findings,
): void {
  const spacing = layer.spacingDbu * flat.scale;
  forEachPair(t, t, spacing, true, STRIP_UM * kit.tech.dbuPerUm * flat.scale, (i, j) => {
    if (t.owner[i] !== -1 && t.owner[j] !== -1) return;
    const dx = Math.max(t.x1[i]!, t.x1[j]!) - Math.min(t.x2[i]!, t.x2[j]!);
    const dy = Math.max(t.y1[i]!, t.y1[j]!) - Math.min(t.y2[i]!, t.y2[j]!);
    const distance = Math.hypot(Math.max(0, dx), Math.max(0, dy));
    // The same cut drawn twice is one cut; it is remarked on as a duplicate.
    const isSame = t.x1[i] === t.x1[j] && t.y1[i] === t.y1[j] && t.x2[i] === t.x2[j] && t.y2[i] === t.y2[j];
    if (distance >= spacing || isSame) return;
    const nets = [netName(t.node[i]!), netName(t.node[j]!)];
    const [x, y] = [Math.max(t.x1[i]!, t.x1[j]!), Math.max(t.y1[i]!, t.y1[j]!)];
    found.add('cut-spacing', l, x, y, nets, `${found.um(distance)} where ${found.um(spacing)} is required`);
  });
  found.checked('cut-spacing', t.count);
}

/** Overhangs [x, y] that the kit's vias and via rules give a cut on one side, none implied by another. */
function allowedEnclosures(kit: Kit, cut: number, side: 'below' | 'above'): [number, number][] {
  const all: [number, number][] = [];
  for (const via of kit.tech.vias) {
    if (via.cut !== cut || via.cutRects.length !== 1) continue;
    const [metal, hole] = [side === 'below' ? via.belowRect : via.aboveRect, via.cutRects[0]!];
    all.push([
      Math.min(hole.x1 - metal.x1, metal.x2 - hole.x2),
      Math.min(hole.y1 - metal.y1, metal.y2 - hole.y2),
    ]);
  }
  for (const rule of kit.tech.viaRules) {
    if (rule.cut !== cut) continue;
    const [x, y] = side === 'below' ? rule.belowEnclosureDbu : rule.aboveEnclosureDbu;
    all.push([x, y]);
  }
  const isImplied = ([x, y]: [number, number], k: number): boolean =>
    all.some(([u, v], q) => q !== k && u <= x && v <= y && (u < x || v < y || q < k));
  return all.filter((e, k) => !isImplied(e, k));
}

function checkEnclosure(
  flat: FlatLayout,
  kit: Kit,
  t: RectTable,
  l: number,
  side: 'below' | 'above',
  netName: NetName,
  found: Findings,
): void {
  const options = allowedEnclosures(kit, l, side);
  if (options.length === 0 || t.count === 0) return;
  const metalLayer = side === 'below' ? l - 1 : l + 1;
  const metal = flat.layers[metalLayer]!;
  const reach = Math.max(...options.flat()) * flat.scale;
  const near: (number[] | undefined)[] = new Array(t.count);
  const isEnclosed = new Uint8Array(t.count);
  const holds = (i: number, j: number, [ex, ey]: [number, number]): boolean =>
    metal.x1[j]! <= t.x1[i]! - ex * flat.scale &&
    metal.x2[j]! >= t.x2[i]! + ex * flat.scale &&
    metal.y1[j]! <= t.y1[i]! - ey * flat.scale &&
    metal.y2[j]! >= t.y2[i]! + ey * flat.scale;
  forEachPair(t, metal, reach, true, STRIP_UM * kit.tech.dbuPerUm * flat.scale, (i, j) => {
    if (isEnclosed[i]) return;
    if (options.some((option) => holds(i, j, option))) isEnclosed[i] = 1;
    else (near[i] ??= []).push(j);
  });
  let count = 0;
  for (let i = 0; i < t.count; i++) {
    if (t.owner[i] !== -1) continue;
    count++;
    if (isEnclosed[i]) continue;
    const isJointly = options.some(([ex, ey]) => {
      const [x, y] = [ex * flat.scale, ey * flat.scale];
      return covers(metal, near[i] ?? [], t.x1[i]! - x, t.y1[i]! - y, t.x2[i]! + x, t.y2[i]! + y);
    });
    if (!isJointly)
      found.add(
        'enclosure',
        l,
        t.x1[i]!,
        t.y1[i]!,
        [netName(t.node[i]!)],
        `${kit.tech.layers[metalLayer]!.name} does not enclose the cut`,
      );
  }
  found.checked('enclosure', count);
}
