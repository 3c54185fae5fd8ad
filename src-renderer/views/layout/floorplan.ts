/** The die as the user would like it: snapped to sites and rows about the core's margins. */
import type { LayoutView } from '../../../src-main/base/layout-view.ts';

export interface DieSize {
  readonly widthUm: number;
  readonly heightUm: number;
  /** Cell area over core area. */
  readonly utilization: number;
}

/** More than this share of the core no placer fills. */
export const UTILIZATION_MAX = 0.95;

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/**
 * The die nearest to a wish in DBU that is whole sites wide and whole rows high and holds the cells. The lower left
 * corner stays; so do the margins between die and core.
 */
export function snapDie(view: LayoutView, widthDbu: number, heightDbu: number): DieSize {
  const { die, core, rows, masters, dbuPerUm, modules } = view;
  const site = masters.reduce((g, m) => gcd(g, m.widthDbu), 0) || 1;
  const row = rows.length >= 4 ? rows[3] - rows[1] : site;
  const [marginX, marginY] = [core[0] - die[0] + die[2] - core[2], core[1] - die[1] + die[3] - core[3]];
  const whole = (length: number, step: number): number => Math.max(1, Math.round(length / step)) * step;
  const area = modules[0].areaUm2 * dbuPerUm * dbuPerUm;
  const w = whole(widthDbu - marginX, site);
  let h = whole(heightDbu - marginY, row);
  // Too small for the cells: as high as it has to be.
  if (area > UTILIZATION_MAX * w * h) h = Math.ceil(area / (UTILIZATION_MAX * w) / row) * row;
  return {
    widthUm: (w + marginX) / dbuPerUm,
    heightUm: (h + marginY) / dbuPerUm,
    utilization: area / (w * h),
  };
}
