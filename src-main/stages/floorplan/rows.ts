import { IngotError } from '../../base/diagnostic.ts';
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
 * same offsets and pin access can be tabulated per master. `least` holds however small the area. The die lies
 * `marginDbu` or a little more around it.
 */
export function makeFrame(
  tech: Tech,
  areaDbu2: number,
  aspectRatio: number,
  marginDbu: number,
  least: { readonly widthDbu: number; readonly heightDbu: number } = { widthDbu: 0, heightDbu: 0 },
): Frame {
  const { siteWidthDbu: site, rowHeightDbu: height } = tech;
  const rowsFor = (widthDbu: number): number => Math.ceil(areaDbu2 / widthDbu / height);
  const leastRows = Math.max(2, Math.ceil(least.heightDbu / height));
  const leastSites = Math.max(16, Math.ceil(least.widthDbu / site));
  const wished = Math.max(leastRows, Math.round(Math.sqrt(areaDbu2 / aspectRatio) / height));
  // A core that has to be wider than wished is lower instead of larger.
  const rowCount = Math.max(leastRows, Math.min(wished, rowsFor(leastSites * site)));
  const sites = Math.max(leastSites, Math.ceil(areaDbu2 / (rowCount * height) / site));
  const marginX = snapUp(marginDbu, site);
  const marginY = snapUp(marginDbu, height);
  const core = { x1: marginX, y1: marginY, x2: marginX + sites * site, y2: marginY + rowCount * height };
  const die = { x1: 0, y1: 0, x2: core.x2 + marginX, y2: core.y2 + marginY };
  return { die, core, rows: makeRows(tech, core) };
}

/** Rows that tile the core, the lowest upright. */
function makeRows({ siteWidthDbu, rowHeightDbu }: Tech, core: Rect): Row[] {
  return Array.from({ length: (core.y2 - core.y1) / rowHeightDbu }, (_, r) => ({
    name: `ROW_${r}`,
    xDbu: core.x1,
    yDbu: core.y1 + r * rowHeightDbu,
    sites: (core.x2 - core.x1) / siteWidthDbu,
    orient: r % 2 === 0 ? ORIENT_N : ORIENT_FS,
  }));
}

/**
 * Core and rows of a die whose size is given (DBU): as many whole rows and sites as fit inside the margin. FLOOR-010
 * when not even two rows do.
 */
export function makeFrameInDie(tech: Tech, widthDbu: number, heightDbu: number, marginDbu: number): Frame {
  const { siteWidthDbu: site, rowHeightDbu: height, gridDbu } = tech;
  const marginX = snapUp(marginDbu, site);
  const marginY = snapUp(marginDbu, height);
  const sites = Math.floor((widthDbu - 2 * marginX) / site);
  const rowCount = Math.floor((heightDbu - 2 * marginY) / height);
  if (rowCount < 2 || sites < 16)
    throw new IngotError('FLOOR-010', 'the die has no room for two rows of cells inside its margin', {
      place: `${widthDbu} x ${heightDbu} DBU`,
      remedy: 'give a larger die',
    });
  const die = { x1: 0, y1: 0, x2: snapUp(widthDbu, 2 * gridDbu), y2: snapUp(heightDbu, 2 * gridDbu) };
  const core = { x1: marginX, y1: marginY, x2: marginX + sites * site, y2: marginY + rowCount * height };
  return { die, core, rows: makeRows(tech, core) };
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
