import type { AxisNets } from './wirelength.ts';

/** Nets with more pins than this are left out of the quadratic start. */
const MAX_DEGREE = 1000;

/** Linear springs between connections; fixed ends fold into diagonal and right side. */
interface Springs {
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly stiffness: Float64Array;
  count: number;
  readonly diagonal: Float64Array;
  readonly rightSide: Float64Array;
}

function addSpring(s: Springs, axis: AxisNets, p: number, q: number, w: number): void {
  const a = axis.object[p];
  const b = axis.object[q];
  if (a === b) return;
  const d = axis.offset[q] - axis.offset[p];
  if (a >= 0) {
    s.diagonal[a] += w;
    s.rightSide[a] += w * d;
  }
  if (b >= 0) {
    s.diagonal[b] += w;
    s.rightSide[b] -= w * d;
  }
  if (a >= 0 && b >= 0) {
    s.from[s.count] = a;
    s.to[s.count] = b;
    s.stiffness[s.count++] = w;
  }
}

/**
 * Bound-to-bound net model (Spindler, Schlichtmann, Johannes, "Kraftwerk2", TCAD 2008): every pin is tied to the
 * two extreme pins of its net with stiffness that makes the quadratic form equal HPWL at the current point.
 */
function buildSprings(
  axis: AxisNets,
  objects: number,
  centre: Float64Array,
  minDistance: number,
  first: boolean,
): Springs {
  const connections = axis.netStart[axis.nets];
  const s: Springs = {
    from: new Int32Array(2 * connections),
    to: new Int32Array(2 * connections),
    stiffness: new Float64Array(2 * connections),
    count: 0,
    diagonal: new Float64Array(objects).fill(1e-9),
    rightSide: new Float64Array(objects),
  };
  for (let k = 0; k < objects; k++) s.rightSide[k] = 1e-9 * centre[k];
  const at = (p: number): number =>
    axis.object[p] >= 0 ? centre[axis.object[p]] + axis.offset[p] : axis.offset[p];
  for (let e = 0; e < axis.nets; e++) {
    const from = axis.netStart[e];
    const to = axis.netStart[e + 1];
    const degree = to - from;
    if (degree < 2 || degree > MAX_DEGREE) continue;
    let high = from;
    let low = from;
    for (let p = from; p < to; p++) {
      if (at(p) > at(high)) high = p;
      if (at(p) < at(low)) low = p;
    }
    if (high === low) low = high === from ? from + 1 : from;
    const c = (2 * axis.netWeight[e]) / (degree - 1);
    const tie = (p: number, q: number): void =>
      addSpring(
        s,
        axis,
        p,
        q,
        first ? c / minDistance : c / Math.max(Math.abs(at(p) - at(q)), minDistance / 2),
      );
    tie(high, low);
    for (let p = from; p < to; p++) {
      if (p === high || p === low) continue;
      tie(p, high);
      tie(p, low);
    }
  }
  return s;
}

/** Conjugate gradients with Jacobi preconditioner; `x` is start and result. */
function solve(s: Springs, x: Float64Array, objects: number, maxSteps: number): void {
  const multiply = (v: Float64Array, out: Float64Array): void => {
    for (let k = 0; k < objects; k++) out[k] = s.diagonal[k] * v[k];
    for (let i = 0; i < s.count; i++) {
      const a = s.from[i];
      const b = s.to[i];
      out[a] -= s.stiffness[i] * v[b];
      out[b] -= s.stiffness[i] * v[a];
    }
  };
  const r = new Float64Array(objects);
  const z = new Float64Array(objects);
  const p = new Float64Array(objects);
  const ap = new Float64Array(objects);
  multiply(x, ap);
  let rz = 0;
  for (let k = 0; k < objects; k++) {
    r[k] = s.rightSide[k] - ap[k];
    z[k] = r[k] / s.diagonal[k];
    p[k] = z[k];
    rz += r[k] * z[k];
  }
  const goal = 1e-12 * rz;
  for (let step = 0; step < maxSteps && rz > goal; step++) {
    multiply(p, ap);
    let curvature = 0;
    for (let k = 0; k < objects; k++) curvature += p[k] * ap[k];
    if (!(curvature > 0)) break;
    const alpha = rz / curvature;
    let next = 0;
    for (let k = 0; k < objects; k++) {
      x[k] += alpha * p[k];
      r[k] -= alpha * ap[k];
      z[k] = r[k] / s.diagonal[k];
      next += r[k] * z[k];
    }
    const beta = next / rz;
    rz = next;
    for (let k = 0; k < objects; k++) p[k] = z[k] + beta * p[k];
  }
}

/**
 * Places `objects` movables on one axis by repeated quadratic programs, in place. Objects without any tie stay.
 * `minDistance` (DBU) bounds the stiffness of short ties.
 */
export function quadraticStart(
  axis: AxisNets,
  objects: number,
  centre: Float64Array,
  minDistance: number,
  rounds = 6,
): void {
  for (let round = 0; round < rounds; round++) {
    const springs = buildSprings(axis, objects, centre, minDistance, round === 0);
    solve(springs, centre.subarray(0, objects), objects, 100);
  }
}
