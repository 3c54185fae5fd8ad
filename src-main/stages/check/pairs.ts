import type { RectTable } from './rect-table.ts';

type Boxes = Pick<RectTable, 'count' | 'x1' | 'y1' | 'x2' | 'y2'>;

const STRIPS_MAX = 1 << 16;

/**
 * Calls visit(i, j) once for every pair of rectangles whose gaps in x and in y are both at most `distance`
 * (i from `a`, j from `b`; within one table in either order, never i with itself). Strips run along the axis
 * in which shapes are long; in each a pair is found from the member that starts first, so that a long shape
 * costs only its own neighbours. Cost: entries times neighbours.
 */
export function forEachPair(
  a: Boxes,
  b: Boxes,
  distance: number,
  alongX: boolean,
  stripSize: number,
  visit: (i: number, j: number) => void,
): void {
  if (a.count === 0 || b.count === 0) return;
  const sideA = sideOf(a, alongX, distance);
  const low = Math.min(least(sideA.from), least(alongX ? b.y1 : b.x1)) - distance;
  const high = Math.max(most(sideA.to), most(alongX ? b.y2 : b.x2)) + distance;
  const size = Math.max(stripSize, Math.ceil((high - low) / STRIPS_MAX));
  const frame: Frame = { low, size, count: Math.floor((high - low) / size) + 1, distance };
  enterStrips(sideA, frame);
  if (a === b) {
    for (let strip = 0; strip < frame.count; strip++) sweep(sideA, sideA, strip, frame, 0, visit);
    return;
  }
  // Two gaps of at most `distance` mean that a, grown by it, touches b: only one side is grown.
  const sideB = sideOf(b, alongX, 0);
  enterStrips(sideB, frame);
  const turned = (j: number, i: number): void => visit(i, j);
  for (let strip = 0; strip < frame.count; strip++) {
    sweep(sideA, sideB, strip, frame, 1, visit);
    sweep(sideB, sideA, strip, frame, 2, turned);
  }
}

interface Frame {
  readonly low: number;
  readonly size: number;
  readonly count: number;
  readonly distance: number;
}

/** A table seen along the strips: lo..hi along, from..to across, entered grown by `grow`. */
interface Side {
  readonly lo: Int32Array;
  readonly hi: Int32Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly grow: number;
  start: Int32Array;
  items: Int32Array;
}

function sideOf(t: Boxes, alongX: boolean, grow: number): Side {
  const [lo, hi, from, to] = alongX ? [t.x1, t.x2, t.y1, t.y2] : [t.y1, t.y2, t.x1, t.x2];
  return { lo, hi, from, to, grow, start: new Int32Array(0), items: new Int32Array(0) };
}

/**
 * Pairs of one strip whose member of `a` starts first (kind 0: within one table; 1: or at the same place;
 * 2: strictly). A pair counts in the first strip that both its members enter.
 */
function sweep(
  a: Side,
  b: Side,
  strip: number,
  frame: Frame,
  kind: 0 | 1 | 2,
  visit: (i: number, j: number) => void,
): void {
  const { distance } = frame;
  const stripFrom = frame.low + strip * frame.size;
  const stripTo = stripFrom + frame.size;
  const end = b.start[strip + 1]!;
  let first = b.start[strip]!;
  for (let p = a.start[strip]!; p < a.start[strip + 1]!; p++) {
    const i = a.items[p]!;
    const lo = a.lo[i]!;
    if (kind === 0) first = p + 1;
    else if (kind === 1) while (first < end && b.lo[b.items[first]!]! < lo) first++;
    else while (first < end && b.lo[b.items[first]!]! <= lo) first++;
    const reach = a.hi[i]! + distance;
    const from = a.from[i]! - distance;
    const to = a.to[i]! + distance;
    const entersA = a.from[i]! - a.grow;
    for (let q = first; q < end; q++) {
      const j = b.items[q]!;
      if (b.lo[j]! > reach) break;
      if (b.from[j]! > to || b.to[j]! < from) continue;
      const enters = Math.max(entersA, b.from[j]! - b.grow);
      if (enters >= stripFrom && enters < stripTo) visit(i, j);
    }
  }
}

function least(values: Int32Array): number {
  let found = Infinity;
  for (let i = 0; i < values.length; i++) if (values[i]! < found) found = values[i]!;
  return found;
}

function most(values: Int32Array): number {
  let found = -Infinity;
  for (let i = 0; i < values.length; i++) if (values[i]! > found) found = values[i]!;
  return found;
}

/** CSR of strips, in each the rectangles by ascending start along it. */
function enterStrips(side: Side, { low, size, count }: Frame): void {
  const { from, to, grow } = side;
  const n = from.length;
  const order = orderBy(side.lo);
  const start = new Int32Array(count + 1);
  for (let i = 0; i < n; i++) {
    const last = Math.floor((to[i]! + grow - low) / size);
    for (let s = Math.floor((from[i]! - grow - low) / size); s <= last; s++) start[s + 1]!++;
  }
  for (let s = 0; s < count; s++) start[s + 1]! += start[s]!;
  const items = new Int32Array(start[count]!);
  const next = start.slice(0, count);
  for (let k = 0; k < n; k++) {
    const i = order[k]!;
    const last = Math.floor((to[i]! + grow - low) / size);
    for (let s = Math.floor((from[i]! - grow - low) / size); s <= last; s++) items[next[s]!++] = i;
  }
  side.start = start;
  side.items = items;
}

/** Indices by ascending value: value and index share one double (32 + 21 bits), sorted natively. */
function orderBy(values: Int32Array): Int32Array {
  const n = values.length;
  const order = new Int32Array(n);
  const BITS = 2 ** 21;
  if (n > BITS) {
    for (let i = 0; i < n; i++) order[i] = i;
    return order.sort((p, q) => values[p]! - values[q]! || p - q);
  }
  const keys = new Float64Array(n);
  for (let i = 0; i < n; i++) keys[i] = values[i]! * BITS + i;
  keys.sort();
  for (let k = 0; k < n; k++) order[k] = keys[k]! - Math.floor(keys[k]! / BITS) * BITS;
  return order;
}
