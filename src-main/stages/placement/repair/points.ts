interface Place {
  readonly x: number;
  readonly y: number;
}

/** A place in the plane with a load, to be driven. */
export interface Point extends Place {
  readonly capFf: number;
  /** Instance pin id. */
  readonly pin: number;
}

const PRIM_LIMIT = 128;

function extent(points: readonly Place[]): { width: number; height: number } {
  let x1 = Infinity;
  let x2 = -Infinity;
  let y1 = Infinity;
  let y2 = -Infinity;
  for (const p of points) {
    x1 = Math.min(x1, p.x);
    x2 = Math.max(x2, p.x);
    y1 = Math.min(y1, p.y);
    y2 = Math.max(y2, p.y);
  }
  return { width: x2 - x1, height: y2 - y1 };
}

/**
 * Modelled wire length over points, DBU: spanning tree (Prim) up to 128 points times 0.92 (a Steiner tree is some
 * 8 to 12 % shorter), beyond that the usual growth of the half perimeter with the square root of the count.
 */
export function wireLength(points: readonly Place[]): number {
  const n = points.length;
  if (n < 2) return 0;
  const { width, height } = extent(points);
  const half = width + height;
  if (n <= 3) return half;
  if (n > PRIM_LIMIT) return half * Math.max(1, 0.37 * Math.sqrt(n));
  const distance = new Float64Array(n).fill(Infinity);
  const done = new Uint8Array(n);
  let last = 0;
  let sum = 0;
  for (let k = 1; k < n; k++) {
    done[last] = 1;
    let next = -1;
    for (let i = 0; i < n; i++) {
      if (done[i]) continue;
      const d = Math.abs(points[i].x - points[last].x) + Math.abs(points[i].y - points[last].y);
      if (d < distance[i]) distance[i] = d;
      if (next < 0 || distance[i] < distance[next]) next = i;
    }
    sum += distance[next];
    last = next;
  }
  return Math.max(half, 0.92 * sum);
}

/**
 * Cuts points into `parts` groups of nearly equal size by recursive bisection across the longer side; ties by
 * pin id, so the result does not depend on the order given.
 */
export function bisect<T extends Place & { readonly pin: number }>(
  points: readonly T[],
  parts: number,
): T[][] {
  if (parts <= 1 || points.length <= 1) return [[...points]];
  const { width, height } = extent(points);
  const sorted =
    width >= height
      ? [...points].sort((a, b) => a.x - b.x || a.y - b.y || a.pin - b.pin)
      : [...points].sort((a, b) => a.y - b.y || a.x - b.x || a.pin - b.pin);
  const left = parts >> 1;
  const at = Math.round((points.length * left) / parts);
  return [...bisect(sorted.slice(0, at), left), ...bisect(sorted.slice(at), parts - left)];
}

/** Median of each coordinate: the point with the least sum of distances. */
export function medianPoint(points: readonly Place[]): {
  x: number;
  y: number;
} {
  const middle = (v: number[]): number => {
    v.sort((a, b) => a - b);
    return (v[(v.length - 1) >> 1] + v[v.length >> 1]) / 2;
  };
  return { x: middle(points.map((p) => p.x)), y: middle(points.map((p) => p.y)) };
}
