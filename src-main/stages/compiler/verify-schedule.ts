/**
 * Judge of the certificate: the chosen schedule must be the cheapest of those it lists, the first on a tie, and its
 * parts must add up to what the program promises. Whether each listed cost is right is the simulator's to say.
 */
import type { GroupRecord, Program } from './types.ts';
import { Illegal } from './verify-text.ts';

export function judgeSchedule(program: Program): void {
  const { schedule, cycles, layers } = program;
  const { variants, objective } = schedule;
  const best = variants[schedule.chosen];
  if (!best?.cycles) throw new Illegal('VERIFY-116', 'the chosen schedule is none of those compared');
  variants.forEach((v, i) => {
    const cost = v.cycles?.[objective] ?? Infinity;
    if (cost < best.cycles![objective] || (cost === best.cycles![objective] && i < schedule.chosen))
      throw new Illegal(
        'VERIFY-116',
        `${v.name} takes ${cost} cycles, the chosen ${best.name} ${best.cycles![objective]}`,
      );
  });
  for (const g of schedule.groups) judgeGroup(g, best.by);
  const core = layers.reduce((sum, l) => sum + l.cyclesPredicted, 0);
  if (best.cycles.core !== core || cycles.core !== core || cycles.latency !== best.cycles.latency)
    throw new Illegal(
      'VERIFY-116',
      `the layers take ${core} cycles, the certificate says ${best.cycles.core}`,
    );
  const chosen = schedule.groups.reduce((sum, g) => sum + g.candidates[g.chosen]!.cycles, 0);
  // Parts of a split layer fill and drain on their own.
  const isSplit = layers.some((l) => l.name.includes('#'));
  if (isSplit ? chosen > core : chosen !== core)
    throw new Illegal('VERIFY-116', `the groups take ${chosen} cycles, the layers ${core}`);
}

function judgeGroup(g: GroupRecord, by: 'cycles' | 'weightWords'): void {
  const own = g.candidates[g.chosen];
  g.candidates.forEach((c, i) => {
    if (!own || c[by] < own[by] || (c[by] === own[by] && i < g.chosen))
      throw new Illegal(
        'VERIFY-116',
        `${g.ops.join('+')}: ${c.name} has ${c[by]} ${by}, the chosen one more`,
      );
  });
}
