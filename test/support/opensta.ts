/** OpenSTA for tests: null and a note where it is missing; INGOT_REQUIRE_TOOLS=1 makes that an error. */
import { findOpenSta } from '../../src-main/tools/opensta.ts';
import type { Kit } from '../../src-main/stages/kit/types.ts';
import type { Netlist } from '../../src-main/stages/netlist/types.ts';
import { pinInstances } from '../../src-main/stages/netlist/index.ts';
import type { TimingReport } from '../../src-main/stages/timing/index.ts';
import { NO_SLACK } from '../../src-main/stages/timing/index.ts';

export const openSta = await findOpenSta();
if (!openSta && process.env.INGOT_REQUIRE_TOOLS === '1') throw new Error('sta not found');
export const openStaNote = openSta ? '' : ' (skipped: sta not found)';

export interface Comparison {
  readonly endpoints: number;
  readonly missing: number;
  readonly maxPs: number;
  readonly meanPs: number;
}

export function compareSlacks(
  netlist: Netlist,
  kit: Kit,
  report: TimingReport,
  ours: Float64Array,
  theirs: ReadonlyMap<string, number>,
): Comparison {
  const owner = pinInstances(netlist);
  const pins = netlist.pinNet.length;
  let [endpoints, missing, maxPs, sum] = [0, 0, 0, 0];
  report.endpointPin.forEach((pin, e) => {
    if (ours[e] === NO_SLACK) return;
    const i = pin < pins ? owner[pin]! : -1;
    const name =
      i < 0
        ? netlist.ports[pin - pins]!.name
        : `${netlist.instNames[i]}/${kit.masters[netlist.instMaster[i]!]!.pins[pin - netlist.instPinStart[i]!]!.name}`;
    const their = theirs.get(name);
    endpoints++;
    if (their === undefined) missing++;
    else {
      maxPs = Math.max(maxPs, Math.abs(their - ours[e]!));
      sum += Math.abs(their - ours[e]!);
    }
  });
  return { endpoints, missing, maxPs, meanPs: sum / Math.max(endpoints - missing, 1) };
}
