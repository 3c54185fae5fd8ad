/** From a mapped netlist or RTL to GDS without a model: the physical steps of the product's flow behind another beginning. */
import { FLOW } from './flow.ts';
import type { AnyStep, Flow } from './step.ts';
import { defFloorplanStep, defGridStep, defPlacementStep } from './steps/def.ts';
import { metricsStep } from './steps/metrics.ts';
import { netlistStep } from './steps/netlist.ts';
import { rtlNetlistStep } from './steps/rtl-netlist.ts';
import { chipViewsStep } from './steps/views.ts';

/**
 * What is given beside netlist and constraints. `size`: utilisation or a die; `def`: die, rows and ports of a DEF;
 * `place`: its fixed cells and power grid too; `route`: its placement.
 */
export type PnrStart = 'size' | 'def' | 'place' | 'route';

/** The steps that are not of the product's flow. */
export const PNR_STEPS: Flow = [
  netlistStep,
  rtlNetlistStep,
  defFloorplanStep,
  defGridStep,
  defPlacementStep,
  chipViewsStep,
  metricsStep,
];

const PLACED = ['place', 'clock', 'repair'];
const ROUTED = ['route', 'fill', 'timing', 'layout', 'check'];

export const pnrFlow = (start: PnrStart): Flow => behind([netlistStep], start, []);

/** From RTL: Yosys maps it, the rest is the same; the views are made too, as such a project opens in the app. */
export const rtlFlow = (start: Exclude<PnrStart, 'route'>): Flow =>
  behind([rtlNetlistStep], start, [chipViewsStep]);

function behind(beginning: Flow, start: PnrStart, more: Flow): Flow {
  const product = (names: readonly string[]): AnyStep[] => FLOW.filter((step) => names.includes(step.name));
  const beginnings: Record<PnrStart, readonly AnyStep[]> = {
    size: product(['floorplan', ...PLACED]),
    def: [defFloorplanStep, ...product(PLACED)],
    place: [defGridStep, ...product(PLACED)],
    route: [defPlacementStep],
  };
  return [...product(['kit']), ...beginning, ...beginnings[start], ...product(ROUTED), ...more, metricsStep];
}
