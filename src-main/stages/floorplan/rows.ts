import { ORIENT_FS, ORIENT_N } from '../../base/geometry.ts';
import type { Rect } from '../../base/geometry.ts';
import type { Tech } from '../kit/types.ts';
import type { Row, TrackSet } from './types.ts';

/** Smallest multiple of `step` that is >= value. */
const snapUp = (value: number, step: number): number => Math.ceil(value / step) * step;

export interface Frame {
  readonly die: Rect;
  readonly core: Rect;
  readonly rows: readonly Row[];
}

/**
 * Core of `areaDbu2` (DBU squared) with width / height near `aspectRatio`, snapped outwards to whole sites and
 * rows. Its origin is a multiple of site width and row height, so that every cell sees the routing tracks at the
 * same offsets and pin access can be tabulated per master. The die lies `marginDbu` or a little more around it.
 */
export function makeFrame(tech: Tech, areaDbu2: number, aspectRatio: number, marginDbu: number): Frame {
  const { siteWidthDbu: site, rowHeightDbu: height } = tech;
  const rowCount = Math.max(2, Math.round(Math.sqrt(areaDbu2 / aspectRatio) / height));
  const sites = Math.max(16, Math.ceil(areaDbu2 / (rowCount * height) / site));
  const marginX = snapUp(marginDbu, site);
  const marginY = snapUp(marginDbu, height);
  const core = { x1: marginX, y1: marginY, x2: marginX + sites * site, y2: marginY + rowCount * height };
  const die = { x1: 0, y1: 0, x2: core.x2 + marginX, y2: core.y2 + marginY };
  const rows: Row[] = [];
  for (let r = 0; r < rowCount; r++) {
    rows.push({
      name: `ROW_${r}`,
      xDbu: core.x1,
      yDbu: core.y1 + r * height,
      sites,
      orient: r % 2 === 0 ? ORIENT_N : ORIENT_FS,
    });
  }
  return { die, core, rows };
}

/** Tracks of every routing layer: all positions offset + k * pitch whose default wire stays inside the die. */
export function makeTracks(tech: Tech, die: Rect): TrackSet[] {
  const sets: TrackSet[] = [];
  tech.layers.forEach((layer, index) => {
    if (layer.kind !== 'routing') return;
    const low = layer.direction === 'V' ? die.x1 : die.y1;
    const high = layer.direction === 'V' ? die.x2 : die.y2;
    const half = layer.widthDbu / 2;
    const startDbu =
      layer.offsetDbu +
      Math.max(0, Math.ceil((low + half - layer.offsetDbu) / layer.pitchDbu)) * layer.pitchDbu;
    const count = Math.max(0, Math.floor((high - half - startDbu) / layer.pitchDbu) + 1);
    sets.push({ layer: index, startDbu, stepDbu: layer.pitchDbu, count });
  });
  return sets;
}
