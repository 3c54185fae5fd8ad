/** Which recipe of synthesis: the smallest, unless it misses the clock. */
import { IngotError } from '../../base/diagnostic.ts';
import type { Kit } from '../../stages/kit/index.ts';
import type { Netlist, SynthesisRecipe } from '../../stages/netlist/index.ts';
import type { Constraints } from '../../stages/timing/index.ts';
import type { Synthesis, SynthesizeInput, YosysRunOptions } from '../../tools/yosys.ts';
import type { StepContext } from '../step.ts';

export type SynthesisStrategy = 'auto' | 'area' | 'speed';

/** Recipes in the order of trial: the next is tried while the clock is missed. */
const TRIALS: Readonly<Record<SynthesisStrategy, readonly SynthesisRecipe[]>> = {
  auto: ['area', 'fast', 'fastest'],
  area: ['area'],
  speed: ['fast', 'fastest'],
};

interface Trial {
  readonly recipe: SynthesisRecipe;
  readonly synthesis: Synthesis;
  /** Worst setup slack with wires modelled by fan-out. */
  readonly slackPs: number;
}

/** The better worst slack; what meets the clock is judged by area alone. */
function isBetter(a: Trial, b: Trial): boolean {
  const [slackA, slackB] = [Math.min(0, a.slackPs), Math.min(0, b.slackPs)];
  return (
    slackA > slackB || (slackA === slackB && a.synthesis.statistics.areaUm2 < b.synthesis.statistics.areaUm2)
  );
}

/**
 * Synthesises by one recipe after another until the clock is met on wires modelled by fan-out, with an ideal clock, and
 * says which was kept (SYNTH-003). Errors: those of `synthesize`, and of the constraints.
 */
export async function synthesizeByStrategy(
  context: Pick<StepContext, 'log'>,
  strategy: SynthesisStrategy,
  input: SynthesizeInput & YosysRunOptions,
  constraintsOf: (netlist: Netlist) => Constraints,
): Promise<Trial> {
  const { synthesize } = await import('../../tools/yosys.ts');
  const trials: Trial[] = [];
  for (const recipe of TRIALS[strategy]) {
    let synthesis: Synthesis;
    try {
      synthesis = await synthesize({ ...input, recipe });
    } catch (error) {
      if (trials.length === 0 || !(error instanceof IngotError) || input.signal?.aborted) throw error;
      context.log({ ...error.diagnostic, severity: 'warning' });
      continue;
    }
    const slackPs = await worstSlackPs(synthesis.netlist, input.kit, constraintsOf);
    trials.push({ recipe, synthesis, slackPs });
    if (slackPs >= 0) break;
  }
  const best = trials.reduce((a, b) => (isBetter(b, a) ? b : a));
  const told = trials.map(
    ({ recipe, slackPs, synthesis }) =>
      `${recipe} ${slackPs.toFixed(0)} ps, ${synthesis.statistics.areaUm2.toFixed(0)} µm²`,
  );
  context.log({
    code: 'SYNTH-003',
    severity: 'info',
    message: `recipe ${best.recipe} kept (synthesis.strategy ${strategy}); slack on wires modelled by fan-out: ${told.join('; ')}`,
  });
  return best;
}

async function worstSlackPs(
  read: Netlist,
  kit: Kit,
  constraintsOf: (netlist: Netlist) => Constraints,
): Promise<number> {
  const { markClocks } = await import('../../stages/netlist/index.ts');
  const { estimateByFanout } = await import('../../stages/extraction/index.ts');
  const { analyzeTiming, withPropagatedClocks } = await import('../../stages/timing/index.ts');
  const netlist = markClocks(read, kit);
  const constraints = withPropagatedClocks(constraintsOf(netlist), false);
  const wires = estimateByFanout(netlist, kit);
  return analyzeTiming(netlist, kit, wires, constraints, { pathCount: 0 }).setup.worstSlackPs;
}
