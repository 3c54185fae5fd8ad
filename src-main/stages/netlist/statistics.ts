import type { Kit } from '../kit/types.ts';
import type { Netlist } from './types.ts';

export interface NetlistStatistics {
  /** All instances. */
  readonly cells: number;
  readonly flops: number;
  readonly areaUm2: number;
  readonly nets: number;
  readonly ports: number;
  /** Sinks of the largest net. */
  readonly maxFanout: number;
  /** Count by master, most frequent first, then by name. */
  readonly byMaster: readonly { readonly master: string; readonly count: number }[];
}

export function netlistStatistics(netlist: Netlist, kit: Kit): NetlistStatistics {
  const counts = new Int32Array(kit.masters.length);
  for (const master of netlist.instMaster) counts[master]!++;
  let [areaUm2, flops, maxFanout] = [0, 0, 0];
  kit.masters.forEach((master, m) => {
    areaUm2 += counts[m]! * master.areaUm2;
    if (master.sequential?.kind === 'flop') flops += counts[m]!;
  });
  for (let net = 0; net < netlist.netNames.length; net++)
    maxFanout = Math.max(maxFanout, netlist.netPinStart[net + 1]! - netlist.netPinStart[net]! - 1);
  const byMaster = kit.masters
    .flatMap((master, m) => (counts[m]! > 0 ? [{ master: master.name, count: counts[m]! }] : []))
    .sort((a, b) => b.count - a.count || (a.master < b.master ? -1 : 1));
  return {
    cells: netlist.instNames.length,
    flops,
    areaUm2,
    nets: netlist.netNames.length,
    ports: netlist.ports.length,
    maxFanout,
    byMaster,
  };
}
