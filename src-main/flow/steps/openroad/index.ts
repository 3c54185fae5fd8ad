/** Steps by OpenROAD, and where they stand in a flow in place of the embedded engine's. */
import { IngotError } from '../../../base/diagnostic.ts';
import type { AnyStep, Flow } from '../../step.ts';
import { openRoadKitStep } from './kit.ts';
import { OPENROAD_PLACE, openRoadPlacementStep } from './place.ts';
import { OPENROAD_ROUTE, openRoadLoadStep, openRoadRoutedStep } from './route.ts';
import { OPENROAD_SIGN_OFF } from './sign-off.ts';

/** All of them, for the process that runs steps by name. */
export const OPENROAD_STEPS: Flow = [
  openRoadKitStep,
  ...OPENROAD_PLACE,
  openRoadPlacementStep,
  openRoadLoadStep,
  ...OPENROAD_ROUTE,
  openRoadRoutedStep,
  ...OPENROAD_SIGN_OFF,
];

/** Steps of the embedded engine that a placement by OpenROAD takes the place of. */
const PLACED: ReadonlySet<string> = new Set(['floorplan', 'place', 'clock', 'repair']);
const ROUTED: ReadonlySet<string> = new Set(['route', 'fill']);

/**
 * A flow of the embedded engine with its placement, its routing, or both by OpenROAD, as the settings ask. Both
 * engines meet in `repaired.bin` (placed) and `filled.bin` (routed), so everything after them stays as it is.
 * SETTING-004: a DEF gives the floorplan, which OpenROAD's placement does not take.
 */
export function withEngines(flow: Flow, settings: Readonly<Record<string, unknown>>): Flow {
  const has = (name: string): boolean => flow.some((step) => step.name === name);
  const isPlacing = settings['place.engine'] === 'openroad' && has('place');
  const isRouting = settings['route.engine'] === 'openroad' && has('route');
  if (isPlacing && !has('floorplan'))
    throw new IngotError(
      'SETTING-004',
      'OpenROAD places on a floorplan of its own, and a DEF gives another',
      {
        place: 'place.engine',
        remedy: 'give a utilisation or a die in place of the DEF, or leave place.engine at ingot',
      },
    );
  const steps: AnyStep[] = [];
  for (const step of flow) {
    if (isPlacing && PLACED.has(step.name)) {
      if (step.name !== 'floorplan') continue;
      steps.push(openRoadKitStep, ...OPENROAD_PLACE);
      if (!isRouting) steps.push(openRoadPlacementStep);
    } else if (isRouting && ROUTED.has(step.name)) {
      if (step.name !== 'route') continue;
      if (!isPlacing) steps.push(openRoadKitStep, openRoadLoadStep);
      steps.push(...OPENROAD_ROUTE, openRoadRoutedStep);
    } else {
      steps.push(step);
      if (isRouting && step.name === 'timing') steps.push(...OPENROAD_SIGN_OFF);
    }
  }
  return steps;
}
