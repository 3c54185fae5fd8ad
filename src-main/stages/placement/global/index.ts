import type { Rect } from '../../../base/geometry.ts';
import { IngotError } from '../../../base/diagnostic.ts';
import { makeRng } from '../../../base/rng.ts';
import type { Floorplan } from '../../floorplan/types.ts';
import type { Kit } from '../../kit/types.ts';
import type { Netlist } from '../../netlist/types.ts';
import { makePlaceModel } from '../model.ts';
import { choosePadding } from '../padding.ts';
import type { Placement } from '../types.ts';
import { makeDensity } from './density.ts';
import { makeVector, startNesterov, stepNesterov } from './nesterov.ts';
import type { NesterovState, Objective, Vector } from './nesterov.ts';
import { makeProblem } from './problem.ts';
import type { Problem } from './problem.ts';
import { quadraticStart } from './quadratic.ts';
import { addWirelengthGradient, makeScratch } from './wirelength.ts';

export interface GlobalOptions {
  readonly seed: number;
  /** Density the cells may reach, 0 = utilisation + 0.15 (at most 0.95). */
  readonly density: number;
  /** Stop at this overflow. */
  readonly targetOverflow: number;
  readonly maxIterations: number;
  /** 'current': from where the cells stand, to refine an earlier result (with other weights or padding). */
  readonly start: 'quadratic' | 'current';
  /** [nets] weights, for timing. */
  readonly netWeights?: Float64Array;
  /** [insts] sites of padding per cell; chosen by pin density if absent. */
  readonly paddingSites?: Uint8Array;
  /** Called each iteration; only looks on. Centres of cells are in instance order of movables. */
  readonly observe?: (progress: GlobalProgress) => void;
}

const DEFAULT_GLOBAL: GlobalOptions = {
  seed: 1,
  density: 0,
  targetOverflow: 0.08,
  maxIterations: 1200,
  start: 'quadratic',
};

export interface GlobalProgress {
  readonly iteration: number;
  readonly overflow: number;
  readonly hpwlDbu: number;
  /** Where the cells stand now; made when it is called. */
  readonly placement: () => Placement;
}

export interface GlobalResult {
  /** Cells at DBU positions that may overlap and be off rows. */
  readonly placement: Placement;
  readonly hpwlDbu: number;
  readonly overflow: number;
  readonly iterations: number;
  readonly gradients: number;
  readonly bins: number;
  readonly density: number;
}

/** Share of the wires' pull that the density's push has at the start; then it grows by at most 5 % a step. */
const FIRST_PUSH = 0.02;
/** The same from a random start, where wires need time to order the cells first. */
const FIRST_PUSH_UNORDERED = 8e-4;
/** The same from an earlier result, already spread. */
const FIRST_PUSH_REFINED = 0.3;
/**
 * Smoothing of wires at overflow 0.1, in tenths of a bin (100 times that at full overflow). RePlAce has 8: 5, with a first
 * push of a quarter of what suits 8, gave 0.8 to 1 % shorter wires on the public DEFs.
 */
const SMOOTHING = 5;
/** Growth of wirelength per step, relative, at which the push stays as it is. */
const HPWL_GROWTH = 0.006;

/**
 * Bins of about two cells: finer ones (the paper's one per cell) cost time and gave 1 to 3 % longer wires here.
 * `room` is how many times the core could hold the cells at their density: cells that gather in a part of the core
 * need bins for that part (1.3 is what the default density gives at half utilisation).
 */
function chooseBins(cells: number, room: number): number {
  let bins = 32;
  while (bins < 1024 && bins * bins < cells * 0.35 * Math.max(1, room / 1.3)) bins *= 2;
  return bins;
}

/** Cell area with padding over free core area. */
function paddedUtilization(
  p: { width: Int32Array; height: Int32Array; fixed: Uint8Array; pad: Int32Array },
  core: Rect,
): number {
  let cells = 0;
  let free = (core.x2 - core.x1) * (core.y2 - core.y1);
  for (let i = 0; i < p.width.length; i++) {
    if (p.fixed[i]) free -= p.width[i] * p.height[i];
    else cells += (p.width[i] + p.pad[i]) * p.height[i];
  }
  if (cells > free)
    throw new IngotError('PLACE-001', `the cells need ${((100 * cells) / free).toFixed(1)} % of the core`, {
      remedy: 'lower the utilisation',
    });
  return cells / free;
}

interface Cost {
  readonly gradient: (at: Vector, into: Vector) => void;
  readonly state: { overflow: number; hpwl: number; lambda: number; gradients: number };
}

/** Wirelength + lambda * density, its gradient divided by (pins + lambda * area) per object. */
function makeCost(problem: Problem, density: ReturnType<typeof makeDensity>, firstPush: number): Cost {
  const { cells, objects, axisX, axisY } = problem;
  const wire = makeVector(objects);
  const push = makeVector(objects);
  const scratch = makeScratch(axisX);
  const state = { overflow: 1, hpwl: 0, lambda: 0, gradients: 0 };
  const binArea = density.binWidth * density.binHeight;
  const area = Float64Array.from(
    { length: objects },
    (_, k) => (problem.width[k] * problem.height[k]) / binArea,
  );
  function gradient(at: Vector, into: Vector): void {
    state.gradients++;
    state.overflow = density.solve(at.x, at.y);
    density.force(at.x, at.y, push.x, push.y);
    // RePlAce's schedule, sharper: smooth while cells overlap much, sharp at the end.
    const gamma = Math.max(
      1,
      SMOOTHING * density.binWidth * Math.pow(10, (20 / 9) * (state.overflow - 0.1) - 1),
    );
    wire.x.fill(0);
    wire.y.fill(0);
    state.hpwl =
      addWirelengthGradient(axisX, at.x, gamma, wire.x, scratch) +
      addWirelengthGradient(axisY, at.y, gamma, wire.y, scratch);
    if (state.lambda === 0) {
      let w = 0;
      let d = 0;
      for (let k = 0; k < cells; k++) w += Math.abs(wire.x[k]) + Math.abs(wire.y[k]);
      for (let k = 0; k < objects; k++) d += Math.abs(push.x[k]) + Math.abs(push.y[k]);
      state.lambda = (firstPush * Math.max(w, 1e-9)) / Math.max(d, 1e-9);
    }
    const { lambda } = state;
    for (let k = 0; k < objects; k++) {
      const scale = 1 / Math.max(1, problem.pins[k] + lambda * area[k]);
      into.x[k] = (wire.x[k] - lambda * push.x[k]) * scale;
      into.y[k] = (wire.y[k] - lambda * push.y[k]) * scale;
    }
  }
  return { gradient, state };
}

function makeClamp(
  problem: Problem,
  spreadWidth: Float64Array,
  spreadHeight: Float64Array,
): (at: Vector) => void {
  const { core, objects } = problem;
  const bounds = (low: number, high: number, size: Float64Array): [Float64Array, Float64Array] => {
    const from = size.map((s) => Math.min(low + s / 2, (low + high) / 2));
    const to = size.map((s) => Math.max(high - s / 2, (low + high) / 2));
    return [from, to];
  };
  const [x1, x2] = bounds(core.x1, core.x2, spreadWidth);
  const [y1, y2] = bounds(core.y1, core.y2, spreadHeight);
  return ({ x, y }) => {
    for (let k = 0; k < objects; k++) {
      if (!(x[k] >= x1[k])) x[k] = x1[k];
      else if (x[k] > x2[k]) x[k] = x2[k];
      if (!(y[k] >= y1[k])) y[k] = y1[k];
      else if (y[k] > y2[k]) y[k] = y2[k];
    }
  };
}

/**
 * About two thirds of what wires usually end up at: one cell pitch per connection. A floor for the scale of
 * wirelength growth: while cells lie in a heap, growth relative to the present length says nothing.
 */
function expectedHpwl(problem: Problem): number {
  const { core, cells, axisX } = problem;
  return axisX.object.length * Math.sqrt(((core.x2 - core.x1) * (core.y2 - core.y1)) / Math.max(1, cells));
}

/**
 * Quadratic placement between the fixed pins; returns the first push. Without any (ports not placed yet) that would collapse to a point,
 * where neither wires nor charges tell a direction: then cells start at random places around the middle.
 */
function startPoint(problem: Problem, binWidth: number, seed: number): number {
  const { core, cells, x, y, axisX } = problem;
  const random = makeRng(seed ^ 0x51ed27);
  const anchored = axisX.object.includes(-1);
  if (anchored) {
    quadraticStart(problem.axisX, cells, x, binWidth);
    quadraticStart(problem.axisY, cells, y, binWidth);
  }
  const reach = anchored ? 0.01 : 0.5;
  for (let k = 0; k < cells; k++) {
    x[k] += (random() - 0.5) * (core.x2 - core.x1) * reach;
    y[k] += (random() - 0.5) * (core.y2 - core.y1) * reach;
  }
  return anchored ? FIRST_PUSH : FIRST_PUSH_UNORDERED;
}

/** Cells where they stand; returns the first push for that. */
function currentPoint(problem: Problem, placement: Placement): number {
  problem.inst.forEach((i, k) => {
    problem.x[k] = placement.xDbu[i] + problem.width[k] / 2;
    problem.y[k] = placement.yDbu[i] + problem.height[k] / 2;
  });
  return FIRST_PUSH_REFINED;
}

/**
 * Nesterov steps until the overflow is reached; returns their number. Should the overflow get stuck while wires
 * grow (the push then outruns everything), the best point so far is taken.
 */
function iterate(
  objective: Objective,
  cost: Cost['state'],
  state: NesterovState,
  problem: Problem,
  o: GlobalOptions,
  placement: () => Placement,
): number {
  const scratch = {
    u: makeVector(problem.objects),
    v: makeVector(problem.objects),
    gradient: makeVector(problem.objects),
  };
  const expected = expectedHpwl(problem);
  const best = { overflow: 0.3, hpwl: Infinity, iteration: 0, u: makeVector(problem.objects) };
  let before = cost.hpwl;
  let iteration = 0;
  for (; iteration < o.maxIterations && problem.cells > 0; iteration++) {
    stepNesterov(objective, state, scratch);
    const growth = cost.hpwl - before;
    before = cost.hpwl;
    const factor = Math.pow(1.05, 1 - growth / (HPWL_GROWTH * Math.max(cost.hpwl, expected)));
    cost.lambda *= growth < 0 ? 1.05 : Math.max(0.95, Math.min(1.05, factor));
    o.observe?.({ iteration, overflow: cost.overflow, hpwlDbu: cost.hpwl, placement });
    if (cost.overflow < o.targetOverflow && iteration > 50) break;
    if (cost.overflow < best.overflow) {
      Object.assign(best, { overflow: cost.overflow, hpwl: cost.hpwl, iteration });
      best.u.x.set(state.u.x);
      best.u.y.set(state.u.y);
    } else if (best.iteration > 0 && iteration > best.iteration + 40 && cost.hpwl > 1.1 * best.hpwl) {
      state.u = best.u;
      cost.overflow = best.overflow;
      cost.hpwl = best.hpwl;
      break;
    }
  }
  return iteration;
}

/**
 * Global placement by ePlace with RePlAce's schedules (Cheng, Kahng, Kang, Wang, TCAD 2019): where cells would
 * like to stand, evenly spread, not yet legal. Fixed instances stay. Pure and deterministic for a seed.
 * Errors: PLACE-001 when the cells do not fit.
 */
export function placeGlobal(
  netlist: Netlist,
  kit: Kit,
  floorplan: Floorplan,
  placement: Placement,
  options: Partial<GlobalOptions> = {},
): GlobalResult {
  const o = { ...DEFAULT_GLOBAL, ...options };
  const model = makePlaceModel(netlist, kit, floorplan, placement, { netWeights: o.netWeights });
  const sites = o.paddingSites ?? choosePadding(netlist, kit, floorplan, placement);
  const pad = Int32Array.from(sites, (s) => s * kit.tech.siteWidthDbu);
  const { core } = floorplan;
  const used = paddedUtilization(
    { width: model.widthDbu, height: model.heightDbu, fixed: model.isFixed, pad },
    core,
  );
  const target = o.density > 0 ? Math.max(o.density, Math.min(1, used + 0.01)) : Math.min(0.95, used + 0.15);
  const problem = makeProblem(model, placement, core, pad, target, o.seed);
  const bins = chooseBins(problem.cells, used > 0 ? target / used : 1);
  const density = makeDensity(
    core,
    bins,
    { count: problem.objects, cells: problem.cells, width: problem.width, height: problem.height },
    problem.fixed,
    target,
  );
  const push =
    o.start === 'current' ? currentPoint(problem, placement) : startPoint(problem, density.binWidth, o.seed);
  const { gradient, state: cost } = makeCost(problem, density, push);
  const objective = { gradient, clamp: makeClamp(problem, density.spreadWidth, density.spreadHeight) };
  const state = startNesterov(objective, problem, 0.1 * density.binWidth);
  const placed = (): Placement => {
    const xDbu = placement.xDbu.slice();
    const yDbu = placement.yDbu.slice();
    problem.inst.forEach((i, k) => {
      // The padding lies to the right of the cell.
      xDbu[i] = Math.round(state.u.x[k] - problem.width[k] / 2);
      yDbu[i] = Math.round(state.u.y[k] - problem.height[k] / 2);
    });
    return { ...placement, xDbu, yDbu };
  };
  const iteration = iterate(objective, cost, state, problem, o, placed);
  return {
    placement: placed(),
    hpwlDbu: cost.hpwl,
    overflow: cost.overflow,
    iterations: iteration,
    gradients: cost.gradients,
    bins,
    density: target,
  };
}
