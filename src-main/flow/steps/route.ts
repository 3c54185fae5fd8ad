import { IngotError } from '../../base/diagnostic.ts';
import { pack } from '../../base/pack.ts';
import type { RouteProgress } from '../../stages/routing/index.ts';
import { defineStep } from '../step.ts';
import { Curves, livePicture } from './live.ts';
import { judged, packChip, readChip, readKitArtefact } from './chip-state.ts';

export const routeStep = defineStep({
  name: 'route',
  title: 'Route',
  version: 7,
  inputs: ['kit.bin', 'repaired.bin'],
  outputs: ['routed.bin', 'route-stats.bin'],
  settings: ['route.maxRounds', 'route.seed', 'route.threads'],
  async run(context) {
    const { routeChip, verifyRouting } = await import('../../stages/routing/index.ts');
    const { makeRoutePool } = await import('../../tools/route-pool.ts');
    const { freeMemory } = await import('../../tools/free-memory.ts');
    const kit = readKitArtefact(context);
    const { netlist: given, floorplan, placement: before } = readChip(context, 'repaired.bin');
    const options = { maxRounds: context.settings['route.maxRounds'], seed: context.settings['route.seed'] };
    const threads = context.settings['route.threads'];
    const pool = threads > 1 ? makeRoutePool(threads) : undefined;
    const curves = new Curves(['Nets in conflict', '']);
    const watch = (p: RouteProgress): void => {
      context.progress(0.97 * p.overall, `${p.phase}, round ${p.round}, ${p.conflicts} nets in conflict`);
      if (p.phase === 'negotiate') curves.add(p.phase, p.conflicts);
      const { wires, phase } = p;
      if (wires)
        context.picture(() =>
          livePicture({
            step: 'route',
            phase,
            kit,
            floorplan,
            netlist: given,
            placement: before,
            wires: wires(),
            curves,
          }),
        );
    };
    const { value, diagnostics } = routeChip(given, floorplan, before, kit, options, watch, pool);
    await pool?.close();
    diagnostics.forEach(context.log);
    const { routing, netlist, placement, stats } = value;
    context.writeArtefact('routed.bin', packChip({ netlist, floorplan, placement, routing }));
    context.writeArtefact('route-stats.bin', pack(stats));
    context.metric('wirelengthUm', stats.wirelengthUm, 'um');
    context.metric('wirelengthPerHpwl', stats.wirelengthUm / stats.hpwlUm);
    context.metric('vias', stats.vias);
    context.metric('viasPerPin', stats.vias / stats.pins);
    context.metric('antennaHops', stats.antennaHops);
    context.metric('antennaDiodes', stats.antennaDiodes);
    context.metric('antennaViolations', stats.antennaViolations);
    context.metric('routeRounds', stats.rounds);
    if (routing.failedNets.length > 0) {
      const crowded = diagnostics.find((d) => d.code === 'ROUTE-023')?.place;
      throw new IngotError('ROUTE-022', `${routing.failedNets.length} nets could not be routed`, {
        place: crowded ?? netlist.netNames[routing.failedNets[0]!]!,
        remedy: 'lower floorplan.utilization, or raise route.maxRounds',
      });
    }
    context.progress(0.97, 'verifying');
    // The router's lattice goes before the judge's shapes come.
    freeMemory();
    context.proof({
      name: 'every net is routed without conflict',
      judge: 'verifyRouting',
      result: judged(context, verifyRouting(netlist, floorplan, placement, kit, routing)),
      detail: `${netlist.netNames.length} nets, ${routing.wires.length / 5} wires, ${routing.vias.length / 3} vias: connection, spacing, cut spacing, grid`,
    });
  },
});
