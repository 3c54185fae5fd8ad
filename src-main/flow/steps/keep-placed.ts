import type { Kit } from '../../stages/kit/index.ts';
import type { StepContext } from '../step.ts';
import { judged, packChip, type ChipState } from './chip-state.ts';

type Context = Pick<StepContext, 'writeArtefact' | 'metric' | 'proof' | 'log'>;

/** A placement that was taken over from outside, as the router's input, judged. `by`: what the proof adds of its maker. */
export async function keepPlaced(
  context: Context,
  kit: Kit,
  { netlist, floorplan, placement }: Omit<ChipState, 'routing'>,
  by = '',
): Promise<void> {
  const { hpwl, verifyPlacement } = await import('../../stages/placement/index.ts');
  context.writeArtefact('repaired.bin', packChip({ netlist, floorplan, placement, routing: null }));
  context.metric('hpwlUm', hpwl(netlist, kit, floorplan, placement) / kit.tech.dbuPerUm, 'um');
  const report = verifyPlacement(netlist, kit, floorplan, placement);
  context.metric('utilization', report.utilization);
  context.proof({
    name: 'the placement is legal',
    judge: 'verifyPlacement',
    result: judged(context, report.problems),
    detail: `${report.instances} cells${by}: rows, sites, orientation, overlaps`,
  });
}
