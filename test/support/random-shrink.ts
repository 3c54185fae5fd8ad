/** From a failing recipe to a small one: cuts and simplifications, kept while it goes on failing. */
import { disassemble } from '../../src-main/stages/chip/index.ts';
import { programOf } from './random-programs.ts';
import { outputSize, type LayerStep, type Recipe, type RecipeStep } from './random-recipes.ts';

/**
 * A recipe that fails and no single change of which fails, or the best after `most` tries. `fails` is asked only
 * for recipes that have a program.
 */
export async function shrink(
  recipe: Recipe,
  fails: (recipe: Recipe) => boolean | Promise<boolean>,
  most = 400,
): Promise<Recipe> {
  let best = recipe;
  let tries = 0;
  for (let isSmaller = true; isSmaller;) {
    isSmaller = false;
    for (const candidate of simpler(best)) {
      if (tries >= most) return best;
      if (!programOf(candidate)) continue;
      tries++;
      if (!(await fails(candidate))) continue;
      best = candidate;
      isSmaller = true;
      break;
    }
  }
  return best;
}

function* simpler(recipe: Recipe): Generator<Recipe> {
  const { steps } = recipe;
  const withSteps = (changed: readonly RecipeStep[]): Recipe => ({ ...recipe, steps: changed });
  for (let i = steps.length - 1; i >= 0; i--) {
    const cut = withoutStep(steps, i);
    if (cut.length < steps.length) yield withSteps(cut);
  }
  const sizes = mapSizes(steps);
  for (const [i, s] of steps.entries())
    if (s.kind === 'layer' || s.kind === 'add') {
      const [h, w, c] = sizes.get(s.map)!;
      yield withSteps(steps.with(i, { kind: 'load', map: s.map, h, w, c, split: 'none' }));
    }
  for (const [i, s] of steps.entries())
    for (const change of simplerStep(s)) yield withSteps(steps.with(i, { ...s, ...change } as RecipeStep));
}

/** [h, w, c] of every map. */
function mapSizes(steps: readonly RecipeStep[]): Map<number, [number, number, number]> {
  const sizes = new Map<number, [number, number, number]>();
  for (const s of steps) {
    if (s.kind === 'load') sizes.set(s.map, [s.h, s.w, s.c]);
    else if (s.kind === 'add') sizes.set(s.map, sizes.get(s.a)!);
    else if (s.kind === 'layer') {
      const [h, w, c] = sizes.get(s.source)!;
      sizes.set(s.map, [...outputSize(s, { h, w }), s.mode === 'depthwise' ? c : s.outC]);
    }
  }
  return sizes;
}

/** Without a step and without what needs the map it makes. */
function withoutStep(steps: readonly RecipeStep[], i: number): RecipeStep[] {
  const gone = new Set<number>();
  return steps.filter((s, at) => {
    const needs = s.kind === 'add' ? [s.a, s.b] : s.kind === 'load' ? [] : [s.source];
    const drop = at === i || needs.some((m) => gone.has(m));
    if (drop && s.kind !== 'store') gone.add(s.map);
    return !drop;
  });
}

const PLAIN: Partial<LayerStep> = {
  mode: 'conv', kernelH: 1, kernelW: 1, strideH: 1, strideW: 1, padTop: 0, padLeft: 0, padBottom: 0, padRight: 0,
  windowH: 1, windowW: 1, windowStrideH: 1, windowStrideW: 1, outC: 1, hold: false, share: false, rnd: false,
  streamed: false,
}; // prettier-ignore

function simplerStep(s: RecipeStep): Partial<Record<string, unknown>>[] {
  if (s.kind === 'store') return s.split === 'none' ? [] : [{ split: 'none' }];
  if (s.kind === 'add') return s.rnd ? [{ rnd: false }] : [];
  if (s.kind === 'load') {
    const smaller = (['h', 'w', 'c'] as const).flatMap((n) =>
      s[n] > 1 ? [{ [n]: Math.ceil(s[n] / 2) }, { [n]: s[n] - 1 }] : [],
    );
    return s.split === 'none' ? smaller : [{ split: 'none' }, ...smaller];
  }
  return Object.entries(PLAIN).flatMap(([name, plain]) => {
    const now = s[name as keyof LayerStep];
    if (now === plain) return [];
    const next = typeof now === 'number' && now > (plain as number) + 1 ? [{ [name]: now - 1 }] : [];
    return [{ [name]: plain }, ...next];
  });
}

/** The case as text: what to rebuild it from, and its instructions. */
export function describeRecipe(recipe: Recipe): string {
  const program = programOf(recipe);
  const { chip, ...rest } = recipe;
  return [
    `# chip ${JSON.stringify(chip)}`,
    `# recipe ${JSON.stringify(rest)}`,
    program ? disassemble(program.words) : '# no program',
  ].join('\n');
}
