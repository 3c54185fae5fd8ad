/**
 * Nesterov's method with a step length from the inverse of a local Lipschitz estimate, backtracked, as in ePlace
 * (Lu et al., TODAES 2015), on points (x, y) of all objects.
 */
export interface Vector {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

export const makeVector = (length: number): Vector => ({
  x: new Float64Array(length),
  y: new Float64Array(length),
});

export interface NesterovState {
  /** Main solution. */
  u: Vector;
  /** Reference solution, at which gradients are taken. */
  v: Vector;
  gradient: Vector;
  step: number;
  momentum: number;
}

export interface Objective {
  /** Preconditioned gradient at a point. */
  readonly gradient: (at: Vector, into: Vector) => void;
  /** Moves a point into the region, in place. */
  readonly clamp: (at: Vector) => void;
}

function distance(a: Vector, b: Vector): number {
  let s = 0;
  for (let k = 0; k < a.x.length; k++) {
    const p = a.x[k] - b.x[k];
    const q = a.y[k] - b.y[k];
    s += p * p + q * q;
  }
  return Math.sqrt(s);
}

/** First gradients and a first step length from a trial step of `trial` (DBU per unit of gradient). */
export function startNesterov(objective: Objective, from: Vector, trial: number): NesterovState {
  const n = from.x.length;
  const v = { x: from.x.slice(), y: from.y.slice() };
  objective.clamp(v);
  const gradient = makeVector(n);
  objective.gradient(v, gradient);
  const before = makeVector(n);
  for (let k = 0; k < n; k++) {
    before.x[k] = v.x[k] - trial * gradient.x[k];
    before.y[k] = v.y[k] - trial * gradient.y[k];
  }
  objective.clamp(before);
  const gradientBefore = makeVector(n);
  objective.gradient(before, gradientBefore);
  objective.gradient(v, gradient);
  const step = distance(v, before) / (distance(gradient, gradientBefore) + 1e-30);
  return { u: { x: v.x.slice(), y: v.y.slice() }, v, gradient, step, momentum: 1 };
}

export interface NesterovScratch {
  u: Vector;
  v: Vector;
  gradient: Vector;
}

/** One iteration; state and scratch swap their buffers. At most four backtracks. */
export function stepNesterov(objective: Objective, state: NesterovState, scratch: NesterovScratch): void {
  const { u, v, gradient } = state;
  const n = u.x.length;
  const momentum = (1 + Math.sqrt(4 * state.momentum * state.momentum + 1)) / 2;
  const carry = (state.momentum - 1) / momentum;
  for (let attempt = 0; attempt < 4; attempt++) {
    for (let k = 0; k < n; k++) {
      scratch.u.x[k] = v.x[k] - state.step * gradient.x[k];
      scratch.u.y[k] = v.y[k] - state.step * gradient.y[k];
    }
    objective.clamp(scratch.u);
    for (let k = 0; k < n; k++) {
      scratch.v.x[k] = scratch.u.x[k] + carry * (scratch.u.x[k] - u.x[k]);
      scratch.v.y[k] = scratch.u.y[k] + carry * (scratch.u.y[k] - u.y[k]);
    }
    objective.clamp(scratch.v);
    objective.gradient(scratch.v, scratch.gradient);
    const next = distance(scratch.v, v) / (distance(scratch.gradient, gradient) + 1e-30);
    const good = next >= 0.95 * state.step;
    state.step = next;
    if (good) break;
  }
  state.u = scratch.u;
  state.v = scratch.v;
  state.gradient = scratch.gradient;
  scratch.u = u;
  scratch.v = v;
  scratch.gradient = gradient;
  state.momentum = momentum;
}
