import { IngotError } from '../../base/diagnostic.ts';
import { pack } from '../../base/pack.ts';
import { defineStep } from '../step.ts';
import { judged, packChip, readChip, readKitArtefact } from './chip-state.ts';

/** Share of the step's time by phase, measured on the demo chip; for the progress bar only. */
const PHASE_START = { access: 0, initial: 0.02, negotiate: 0.4, endgame: 0.9, emit: 0.95 } as const;
const PHASE_SHARE = { access: 0.02, initial: 0.38, negotiate: 0.5, endgame: 0.05, emit: 0.05 } as const;

export const routeStep = defineStep({
  name: 'route',
  title: 'Route',
  version: 4,
  inputs: ['kit.bin', 'repaired.bin'],
  outputs: ['routed.bin', 'route-stats.bin'],
  settings: ['route.maxRounds', 'route.seed'],
  async run(context) {
    const { routeChip, verifyRouting } = await import('../../stages/routing/index.ts');
    const kit = readKitArtefact(context);
    const { netlist, floorplan, placement: before } = readChip(context, 'repaired.bin');
    const options = { maxRounds: context.settings['route.maxRounds'], seed: context.settings['route.seed'] };
    const { value, diagnostics } = routeChip(netlist, floorplan, before, kit, options, (p) =>
      context.progress(
        PHASE_START[p.phase] + PHASE_SHARE[p.phase] * p.fraction,
        `${p.phase}, round ${p.round}, ${p.conflicts} nets in conflict`,
      ),
    );
    diagnostics.forEach(context.log);
    const { routing, placement, stats } = value;
    context.writeArtefact('routed.bin', packChip({ netlist, floorplan, placement, routing }));
    context.writeArtefact('route-stats.bin', pack(stats));
    context.metric('wirelengthUm', stats.wirelengthUm, 'um');
    context.metric('vias', stats.vias);
    context.metric('routeRounds', stats.rounds);
    if (routing.failedNets.length > 0)
      throw new IngotError('ROUTE-022', `${routing.failedNets.length} nets could not be routed`, {
        place: netlist.netNames[routing.failedNets[0]!]!,
        remedy: 'lower floorplan.utilization, or raise route.maxRounds',
      });
    context.progress(0.97, 'verifying');
    context.proof({
      name: 'every net is routed without conflict',
      judge: 'verifyRouting',
      result: judged(context, verifyRouting(netlist, floorplan, placement, kit, routing)),
      detail: `${netlist.netNames.length} nets, ${routing.wires.length / 5} wires, ${routing.vias.length / 3} vias: connection, spacing, cut spacing, grid`,
    });
  },
});
