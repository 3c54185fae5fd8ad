/**
 * Random programs as recipes: maps by number, what is done to them in which order, and nothing yet about
 * addresses, tokens or weights. A recipe can be cut and simplified and stays one; random-programs.ts makes the
 * instruction words.
 */
import { makeRng } from '../../src-main/base/rng.ts';
import type { Chip } from '../../src-main/stages/chip/index.ts';

export interface LoadStep {
  readonly kind: 'load';
  /** Number of the map it makes. */
  readonly map: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  /** One run a row, or a pixel where beats allow it, instead of one run. */
  readonly split: 'none' | 'rows' | 'pixels';
}

export interface LayerStep {
  readonly kind: 'layer';
  readonly map: number;
  readonly source: number;
  readonly mode: 'conv' | 'depthwise';
  readonly kernelH: number;
  readonly kernelW: number;
  readonly strideH: number;
  readonly strideW: number;
  readonly padTop: number;
  readonly padLeft: number;
  readonly padBottom: number;
  readonly padRight: number;
  readonly windowH: number;
  readonly windowW: number;
  /** Of the window, in pixels of the convolution. */
  readonly windowStrideH: number;
  readonly windowStrideW: number;
  /** Convolutions only; depthwise keeps the channels. */
  readonly outC: number;
  readonly hold: boolean;
  readonly share: boolean;
  readonly rnd: boolean;
  /** Weights, biases and scales come from the weight stream. */
  readonly streamed: boolean;
  /** Of weights, biases, scales, clamps and zero points. */
  readonly seed: number;
}

export interface AddStep {
  readonly kind: 'add';
  readonly map: number;
  readonly a: number;
  readonly b: number;
  readonly rnd: boolean;
  readonly seed: number;
}

export interface StoreStep {
  readonly kind: 'store';
  readonly source: number;
  readonly split: 'none' | 'rows';
}

export type RecipeStep = LoadStep | LayerStep | AddStep | StoreStep;

export interface Recipe {
  readonly chip: Chip;
  readonly steps: readonly RecipeStep[];
  /** Of the places of maps in memory. */
  readonly placeSeed: number;
}

interface Map3 {
  readonly map: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
}

export type Int = (low: number, high: number) => number;
export const intOf =
  (random: () => number): Int =>
  (low, high) =>
    low + Math.floor(random() * (high - low + 1));

/** A recipe for the chip; the same seed gives the same. */
export function randomRecipe(seed: number, chip: Chip): Recipe {
  const random = makeRng(seed * 7907 + 17);
  const int = intOf(random);
  const chance = (p: number): boolean => random() < p;
  const maps: Map3[] = [];
  const steps: RecipeStep[] = [];
  const newMap = (h: number, w: number, c: number): Map3 => {
    const made = { map: maps.length, h, w, c };
    maps.push(made);
    return made;
  };
  const channels = (): number => {
    const kind = random();
    if (kind < 0.3) return int(1, Math.min(4, chip.columns));
    if (kind < 0.6) return int(1, chip.columns);
    if (kind < 0.75) return chip.columns;
    return int(chip.columns + 1, Math.min(40, 3 * chip.columns));
  };
  const load = (h: number, w: number, c: number): void => {
    newMap(h, w, c);
    const split =
      chip.streamBytes === 1 ? (['none', 'rows', 'pixels'] as const) : (['none', 'rows'] as const);
    steps.push({ kind: 'load', map: maps.length - 1, h, w, c, split: split[int(0, split.length - 1)]! });
  };
  load(int(1, 7), int(1, 7), channels());
  const count = int(1, 6);
  for (let i = 0; i < count; i++) {
    const source = maps[chance(0.7) ? maps.length - 1 : int(0, maps.length - 1)]!;
    const equal = maps.filter(
      (m) => m !== source && m.h === source.h && m.w === source.w && m.c === source.c,
    );
    const kind = random();
    if (chip.add && kind < 0.25) {
      if (equal.length === 0) {
        load(source.h, source.w, source.c);
        equal.push(maps.at(-1)!);
      }
      const b = equal[int(0, equal.length - 1)]!;
      const made = newMap(source.h, source.w, source.c);
      const swap = chance(0.5);
      steps.push({
        kind: 'add', map: made.map, a: swap ? b.map : source.map, b: swap ? source.map : b.map,
        rnd: chance(0.2), seed: int(0, 2 ** 30),
      }); // prettier-ignore
    } else if (kind < 0.3) load(int(1, 6), int(1, 6), channels());
    else {
      const step = randomLayer(int, chance, chip, source, maps.length, channels());
      const [h, w] = outputSize(step, source);
      newMap(h, w, step.mode === 'depthwise' ? source.c : step.outC);
      steps.push(step);
    }
    if (chance(0.25)) steps.push({ kind: 'store', source: maps.length - 1, split: 'none' });
  }
  const made = maps.filter((m) =>
    steps.some((s) => s.kind !== 'store' && s.kind !== 'load' && s.map === m.map),
  );
  if (made.length > 0)
    steps.push({ kind: 'store', source: made.at(-1)!.map, split: chance(0.5) ? 'rows' : 'none' });
  return { chip, steps, placeSeed: int(0, 2 ** 30) };
}

function randomLayer(
  int: Int,
  chance: (p: number) => boolean,
  chip: Chip,
  source: Map3,
  map: number,
  outC: number,
): LayerStep {
  const mode = chip.depthwise && chance(0.4) ? 'depthwise' : 'conv';
  const isWhole = mode === 'conv' && chance(0.15);
  const kernelH = isWhole ? source.h : int(1, 4);
  const kernelW = isWhole ? source.w : int(1, 4);
  const windowed = chance(0.3);
  const window = (): number => (windowed ? int(1, 3) : 1);
  const [windowH, windowW] = [window(), window()];
  const strideW = chance(0.6) ? 1 : int(1, 3);
  return {
    kind: 'layer', map, source: source.map, mode, kernelH, kernelW, strideH: chance(0.6) ? 1 : int(1, 3), strideW,
    padTop: isWhole ? 0 : int(0, kernelH - 1), padLeft: isWhole ? 0 : int(0, kernelW - 1),
    padBottom: isWhole ? 0 : int(0, kernelH), padRight: isWhole ? 0 : int(0, kernelW),
    windowH, windowW, windowStrideH: int(1, windowH), windowStrideW: int(1, windowW), outC,
    hold: chip.depthwise && chance(mode === 'depthwise' ? 0.25 : 0.05),
    share: mode === 'depthwise' && strideW === 1 && windowH * windowW === 1 && chance(0.7),
    rnd: chance(0.2), streamed: chip.queueDepth > 0 && chance(0.2), seed: int(0, 2 ** 30),
  }; // prettier-ignore
}

/** Rows and columns a layer makes; below 1 where the map is too small for it. */
export function outputSize(
  l: LayerStep,
  source: { readonly h: number; readonly w: number },
): [number, number] {
  const along = (
    size: number,
    pad: number,
    kernel: number,
    window: number,
    stride: number,
    step: number,
  ): number => Math.floor((size + pad - kernel - (window - 1) * stride) / (stride * step)) + 1;
  return [
    along(source.h, l.padTop + l.padBottom, l.kernelH, l.windowH, l.strideH, l.windowStrideH),
    along(source.w, l.padLeft + l.padRight, l.kernelW, l.windowW, l.strideW, l.windowStrideW),
  ];
}
