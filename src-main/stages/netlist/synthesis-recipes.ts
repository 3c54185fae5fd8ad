/**
 * How logic is mapped: each recipe says what stays whole and what abc is asked to do. `area` covers choices of
 * structure with least area at the depth that is there (&dch, &nf); the other two rebuild logic for depth first and
 * map for delay (Chatterjee et al., "Reducing structural bias in technology mapping", ICCAD 2005).
 */

/** `area` smallest; `fast` mapped for delay; `fastest` with logic rebuilt for depth before it, larger than `fast`. */
export type SynthesisRecipe = 'area' | 'fast' | 'fastest';

export const SYNTHESIS_RECIPES: readonly SynthesisRecipe[] = ['area', 'fast', 'fastest'];

export interface RecipeDetails {
  /** Full adders as cells: small, but abc sees no path through them. */
  readonly keepsAdders: boolean;
  /** Flops with enable as scan flops: smaller than a multiplexer, with a long setup time. */
  readonly keepsEnables: boolean;
  /** Carries by a parallel prefix tree of least depth in place of Yosys's own. */
  readonly hasPrefixCarries: boolean;
  /** Part of the clock period that gates are sized for; the rest goes to flops, ports and wires. */
  readonly sizingShare: number;
  /** Commands before buffering and sizing; null = Yosys's own script. */
  readonly commands: readonly string[] | null;
}

/** abc merges nodes of equal function, and removes what is redundant. */
const CLEAN = ['strash', 'ifraig', 'scorr', 'dc2', 'strash'];
/** Mapping by delay among structural choices; -B lets gates be a little larger where it helps. */
const MAP = ['dch', 'map -B 0.9', 'topo'];

export const RECIPES: Readonly<Record<SynthesisRecipe, RecipeDetails>> = {
  area: {
    keepsAdders: true,
    keepsEnables: true,
    hasPrefixCarries: false,
    sizingShare: 1,
    commands: null,
  },
  fast: {
    keepsAdders: false,
    keepsEnables: false,
    hasPrefixCarries: true,
    sizingShare: 0.5,
    commands: ['strash', ...MAP],
  },
  fastest: {
    keepsAdders: false,
    keepsEnables: false,
    hasPrefixCarries: true,
    sizingShare: 0.5,
    // Cuts of six inputs, restructured by factoring for arrival times (if -g), before and after choices.
    commands: [...CLEAN, 'if -g -K 6', 'strash', 'dch', 'if -g', 'strash', ...MAP],
  },
};

/** Yosys's own commands for Liberty with constraints, for where one of the later ones is changed. */
const OWN = [
  'strash',
  '&get -n',
  '&fraig -x',
  '&put',
  'scorr',
  'dc2',
  'dretime',
  'strash',
  '&get -n',
  '&dch -f',
  '&nf {D}',
  '&put',
];

/** abc's commands as Yosys takes them on one line; null = its own. */
export function abcCommands(recipe: SynthesisRecipe, maxFanout: number | undefined): string | null {
  const { commands } = RECIPES[recipe];
  if (commands === null && maxFanout === undefined) return null;
  const buffer = maxFanout === undefined ? ['buffer -c', 'topo'] : [`buffer -N ${Math.round(maxFanout)}`];
  const all = [...(commands ?? OWN), ...buffer, 'upsize {D}', 'dnsize {D}', 'stime -p'];
  return `+${all.join(';').replaceAll(' ', ',')}`;
}
