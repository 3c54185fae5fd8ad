/** The chip between physical steps, as one artefact. Each step reads the last one's and writes its own. */
import { pack, unpack } from '../../base/pack.ts';
import type { Floorplan } from '../../stages/floorplan/index.ts';
import type { Kit } from '../../stages/kit/index.ts';
import type { Netlist } from '../../stages/netlist/index.ts';
import type { Placement } from '../../stages/placement/index.ts';
import type { Routing } from '../../stages/routing/index.ts';
import { withPropagatedClocks, type Constraints } from '../../stages/timing/index.ts';
import type { StepContext } from '../step.ts';

export interface ChipState {
  readonly netlist: Netlist;
  readonly floorplan: Floorplan;
  readonly placement: Placement;
  /** null before the route step. */
  readonly routing: Routing | null;
}

type Reader = Pick<StepContext, 'readArtefact'>;

export const readChip = (context: Reader, name: string): ChipState =>
  unpack<ChipState>(context.readArtefact(name));

export const readKitArtefact = (context: Reader): Kit => unpack<Kit>(context.readArtefact('kit.bin'));

/** With the clocks as their trees make them, which is what holds from the clock step on. */
export const readConstraints = (context: Reader): Constraints =>
  withPropagatedClocks(unpack<Constraints>(context.readArtefact('constraints.bin')));

export const packChip = (chip: ChipState): Uint8Array =>
  // Named one by one, so that the bytes do not depend on how the object was made.
  pack({
    netlist: chip.netlist,
    floorplan: chip.floorplan,
    placement: chip.placement,
    routing: chip.routing,
  });

/** Logs what a verifier found and says whether it found no error. */
export function judged(
  context: Pick<StepContext, 'log'>,
  found: readonly Parameters<StepContext['log']>[0][],
): 'pass' | 'fail' {
  found.forEach(context.log);
  return found.some((d) => d.severity === 'error') ? 'fail' : 'pass';
}
