/**
 * What a path surely still costs: the exact distance on an empty lattice without borders. To go dx and dy one needs a
 * layer for each direction (or jogs on a layer of the other one) and the vias that lead there and to the goal; the
 * bound is the least over all choices of layers. After the future costs of Hetzel (DATE 1998), layers weighted.
 */
import type { Lattice } from './lattice.ts';

/** CSR by layer: choices of layers, each costing perX * dx + perY * dy + vias. */
export interface Bounds {
  readonly start: Int32Array;
  /** Cost per DBU. */
  readonly perX: Float64Array;
  readonly perY: Float64Array;
  readonly vias: Float64Array;
}

interface Choice {
  readonly perX: number;
  readonly perY: number;
  readonly vias: number;
}

/** Vias from layer `from` over all of `visit` to the nearest layer of [low, high]. */
function climb(from: number, visit: readonly number[], low: number, high: number): number {
  const bottom = Math.min(from, ...visit);
  const top = Math.max(from, ...visit);
  const toGoal = (l: number): number => Math.max(0, low - l, l - high);
  return top - bottom + Math.min(from - bottom + toGoal(top), top - from + toGoal(bottom));
}

function choices(lattice: Lattice, viaCost: number, from: number, low: number, high: number): Choice[] {
  const { layers, dbuPerCost } = lattice;
  const out: Choice[] = [];
  const add = (perX: number, perY: number, visit: readonly number[]): void => {
    const c = {
      perX: perX / dbuPerCost,
      perY: perY / dbuPerCost,
      vias: climb(from, visit, low, high) * viaCost,
    };
    if (!out.some((o) => o.perX <= c.perX && o.perY <= c.perY && o.vias <= c.vias)) out.push(c);
  };
  const jog = (l: number): number => {
    const g = layers[l];
    return g.jogCost < 0 ? 1e6 : (g.jogCost * dbuPerCost) / (g.tracks[1] - g.tracks[0]);
  };
  for (let l = 0; l < layers.length; l++) {
    const { vertical, weight } = layers[l];
    add(vertical ? jog(l) : weight, vertical ? weight : jog(l), [l]);
    for (let m = 0; m < layers.length; m++) {
      if (vertical && !layers[m].vertical) add(layers[m].weight, weight, [l, m]);
    }
  }
  return out.filter(
    (c) => !out.some((o) => o !== c && o.perX <= c.perX && o.perY <= c.perY && o.vias <= c.vias),
  );
}

/** Bounds by the range of layers of the goal, each worked out once. */
export function makeBounds(lattice: Lattice, viaCost: number): (low: number, high: number) => Bounds {
  const known = new Map<number, Bounds>();
  return (low, high) => {
    const key = low * 64 + high;
    const has = known.get(key);
    if (has) return has;
    const start = [0];
    const all: Choice[] = [];
    for (let l = 0; l < lattice.layers.length; l++) {
      all.push(...choices(lattice, viaCost, l, low, high));
      start.push(all.length);
    }
    const made: Bounds = {
      start: Int32Array.from(start),
      perX: Float64Array.from(all, (c) => c.perX),
      perY: Float64Array.from(all, (c) => c.perY),
      vias: Float64Array.from(all, (c) => c.vias),
    };
    known.set(key, made);
    return made;
  };
}
