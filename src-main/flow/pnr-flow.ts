/** From a mapped netlist to GDS without a model: the physical steps of the product's flow behind another beginning. */
import { FLOW } from './flow.ts';
import type { AnyStep, Flow } from './step.ts';
import { defFloorplanStep, defGridStep, defPlacementStep } from './steps/def.ts';
import { metricsStep } from './steps/metrics.ts';
import { netlistStep } from './steps/netlist.ts';

/**
 * What is given beside netlist and constraints. `size`: utilisation or a die; `def`: die, rows and ports of a DEF;
 * `place`: its fixed cells and power grid too; `route`: its placement.
 */
export type PnrStart = 'size' | 'def' | 'place' | 'route';

/** The steps that are not of the product's flow. */
export const PNR_STEPS: Flow = [netlistStep, defFloorplanStep, defGridStep, defPlacementStep, metricsStep];

const PLACED = ['place', 'clock', 'repair'];
const ROUTED = ['route', 'fill', 'timing', 'layout', 'check'];

export function pnrFlow(start: PnrStart): Flow {
  const product = (names: readonly string[]): AnyStep[] => FLOW.filter((step) => names.includes(step.name));
  const beginnings: Record<PnrStart, readonly AnyStep[]> = {
    size: product(['floorplan', ...PLACED]),
    def: [defFloorplanStep, ...product(PLACED)],
    place: [defGridStep, ...product(PLACED)],
    route: [defPlacementStep],
  };
  return [...product(['kit']), netlistStep, ...beginnings[start], ...product(ROUTED), metricsStep];
}
