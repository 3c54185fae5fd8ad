/**
 * Density as electrostatics (Lu et al., "ePlace: Electrostatics-Based Placement Using Fast Fourier Transform and
 * Nesterov's Method", TODAES 2015): objects are charges, Poisson's equation with zero-flux walls is solved by
 * cosine transforms, the field pushes objects from dense to sparse places. Charge = area.
 */
import type { Rect } from '../../../base/geometry.ts';
import { makeDct } from './dct.ts';

export interface DensityObjects {
  readonly count: number;
  /** The first `cells` objects are cells, the rest fillers (which do not count as overflow). */
  readonly cells: number;
  readonly width: Float64Array;
  readonly height: Float64Array;
}

export interface Density {
  readonly bins: number;
  readonly binWidth: number;
  readonly binHeight: number;
  /** Spreads the charges and solves for the field; returns overflow: cell area above target / cell area. */
  readonly solve: (x: Float64Array, y: Float64Array) => number;
  /** Force (charge times field) on every object, for the field of the last solve. Descent direction. */
  readonly force: (x: Float64Array, y: Float64Array, forceX: Float64Array, forceY: Float64Array) => void;
  /** Smoothed extents: an object smaller than a bin is spread over sqrt 2 bins, its charge kept. */
  readonly spreadWidth: Float64Array;
  readonly spreadHeight: Float64Array;
  /** [bins * bins] row = y, density of cells and fillers of the last solve, for observers. */
  readonly charge: Float64Array;
}

interface Grid {
  readonly core: Rect;
  readonly bins: number;
  readonly binWidth: number;
  readonly binHeight: number;
}

/** Area of fixed boxes per bin, times the target density so that a blocked bin is just full. */
function fixedCharge(grid: Grid, fixed: readonly Rect[], target: number): Float64Array {
  const { core, bins, binWidth, binHeight } = grid;
  const area = new Float64Array(bins * bins);
  const clamp = (v: number): number => Math.max(0, Math.min(bins - 1, Math.floor(v)));
  for (const r of fixed) {
    const x1 = (r.x1 - core.x1) / binWidth;
    const x2 = (r.x2 - core.x1) / binWidth;
    const y1 = (r.y1 - core.y1) / binHeight;
    const y2 = (r.y2 - core.y1) / binHeight;
    for (let j = clamp(y1); j <= clamp(y2); j++) {
      const dy = Math.min(y2, j + 1) - Math.max(y1, j);
      for (let i = clamp(x1); dy > 0 && i <= clamp(x2); i++) {
        const dx = Math.min(x2, i + 1) - Math.max(x1, i);
        if (dx > 0) area[j * bins + i] += dx * dy * binWidth * binHeight * target;
      }
    }
  }
  return area;
}

/** `bins` a power of two; `target` density in (0, 1]. */
export function makeDensity(
  core: Rect,
  bins: number,
  objects: DensityObjects,
  fixed: readonly Rect[],
  target: number,
): Density {
  const binWidth = (core.x2 - core.x1) / bins;
  const binHeight = (core.y2 - core.y1) / bins;
  const binArea = binWidth * binHeight;
  const { count, cells } = objects;
  const spreadWidth = objects.width.map((w) => Math.max(w, Math.SQRT2 * binWidth));
  const spreadHeight = objects.height.map((h) => Math.max(h, Math.SQRT2 * binHeight));
  const scale = Float64Array.from(
    { length: count },
    (_, k) => (objects.width[k] * objects.height[k]) / (spreadWidth[k] * spreadHeight[k]),
  );
  let cellArea = 0;
  for (let k = 0; k < cells; k++) cellArea += objects.width[k] * objects.height[k];
  const fixedArea = fixedCharge({ core, bins, binWidth, binHeight }, fixed, target);
  const dct = makeDct(bins);
  const field = (): Float64Array => new Float64Array(bins * bins);
  const charge = field();
  const cellCharge = field();
  const fieldX = field();
  const fieldY = field();
  const spectrum = field();
  const invW = 1 / binWidth;
  const invH = 1 / binHeight;
  const last = bins - 1;

  function spread(x: Float64Array, y: Float64Array): number {
    cellCharge.fill(0);
    charge.set(fixedArea);
    for (let k = 0; k < count; k++) {
      const x1 = (x[k] - spreadWidth[k] / 2 - core.x1) * invW;
      const x2 = (x[k] + spreadWidth[k] / 2 - core.x1) * invW;
      const y1 = (y[k] - spreadHeight[k] / 2 - core.y1) * invH;
      const y2 = (y[k] + spreadHeight[k] / 2 - core.y1) * invH;
      const i1 = x1 > 0 ? x1 | 0 : 0;
      const i2 = x2 < last ? x2 | 0 : last;
      const j1 = y1 > 0 ? y1 | 0 : 0;
      const j2 = y2 < last ? y2 | 0 : last;
      const s = scale[k] * binArea;
      const into = k < cells ? cellCharge : charge;
      for (let j = j1; j <= j2; j++) {
        const q = s * ((y2 < j + 1 ? y2 : j + 1) - (y1 > j ? y1 : j));
        const row = j * bins;
        for (let i = i1; i <= i2; i++) into[row + i] += q * ((x2 < i + 1 ? x2 : i + 1) - (x1 > i ? x1 : i));
      }
    }
    let over = 0;
    const invArea = 1 / binArea;
    for (let b = 0; b < charge.length; b++) {
      const m = cellCharge[b];
      const room = Math.max(0, target * binArea - fixedArea[b]);
      if (m > room) over += m - room;
      charge[b] = (charge[b] + m) * invArea;
    }
    return cellArea > 0 ? over / cellArea : 0;
  }

  /** Field = -grad of the potential: coefficients a_uv / (wu^2 + wv^2) times wu (or wv). */
  function poisson(): void {
    spectrum.set(charge);
    dct.forwardRows(spectrum);
    dct.transpose(spectrum);
    dct.forwardRows(spectrum);
    // spectrum[u * bins + v]: u along x, v along y; a bin is one unit wide and binHeight / binWidth high.
    const norm = 4 / (bins * bins);
    const ratio = binWidth / binHeight;
    for (let u = 0; u < bins; u++) {
      const wx = (Math.PI * u) / bins;
      for (let v = 0; v < bins; v++) {
        const o = u * bins + v;
        if (o === 0) {
          fieldX[0] = fieldY[0] = 0;
          continue;
        }
        const wy = ((Math.PI * v) / bins) * ratio;
        const half = u === 0 || v === 0 ? 0.5 : 1;
        const a = (spectrum[o] * norm * half) / (wx * wx + wy * wy);
        fieldX[o] = a * wx;
        fieldY[o] = a * wy;
      }
    }
    dct.inverseRows(fieldX, false);
    dct.transpose(fieldX);
    dct.inverseRows(fieldX, true);
    dct.inverseRows(fieldY, true);
    dct.transpose(fieldY);
    dct.inverseRows(fieldY, false);
  }

  function force(x: Float64Array, y: Float64Array, forceX: Float64Array, forceY: Float64Array): void {
    for (let k = 0; k < count; k++) {
      const x1 = (x[k] - spreadWidth[k] / 2 - core.x1) * invW;
      const x2 = (x[k] + spreadWidth[k] / 2 - core.x1) * invW;
      const y1 = (y[k] - spreadHeight[k] / 2 - core.y1) * invH;
      const y2 = (y[k] + spreadHeight[k] / 2 - core.y1) * invH;
      const i1 = x1 > 0 ? x1 | 0 : 0;
      const i2 = x2 < last ? x2 | 0 : last;
      const j1 = y1 > 0 ? y1 | 0 : 0;
      const j2 = y2 < last ? y2 | 0 : last;
      let fx = 0;
      let fy = 0;
      for (let j = j1; j <= j2; j++) {
        const dy = (y2 < j + 1 ? y2 : j + 1) - (y1 > j ? y1 : j);
        const row = j * bins;
        for (let i = i1; i <= i2; i++) {
          const q = dy * ((x2 < i + 1 ? x2 : i + 1) - (x1 > i ? x1 : i));
          fx += q * fieldX[row + i];
          fy += q * fieldY[row + i];
        }
      }
      forceX[k] = fx * scale[k];
      forceY[k] = fy * scale[k];
    }
  }

  return {
    bins,
    binWidth,
    binHeight,
    solve: (x, y) => {
      const overflow = spread(x, y);
      poisson();
      return overflow;
    },
    force,
    spreadWidth,
    spreadHeight,
    charge,
  };
}
