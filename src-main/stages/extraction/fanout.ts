/** Wires modelled before there is a placement: each net as long as nets of its fan-out usually are. */
import type { Kit } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import { averageWires } from './estimate.ts';
import { ParasiticsBuilder } from './rc-graph.ts';
import type { Parasitics } from './types.ts';

/** Share of the rows that cells will fill; only its root counts. */
const UTILIZATION = 0.6;
/** Length per sink in cell pitches: of a small chip, and how it grows with the count of cells (Rent exponent 0.6). */
const PITCHES = 1;
const GROWTH = 0.1;

/**
 * RC trees by fan-out alone: a wire of its own to every sink. Modelled: length per sink = pitch of the cells (root of
 * their mean area over the utilisation) times cells^(p - 1/2) with Rent's exponent p = 0.6 (Donath, "Placement and
 * average interconnection lengths of computer logic", IEEE TCAS 1979). Clock nets cost no wire. O(pins).
 */
export function estimateByFanout(netlist: Netlist, kit: Kit): Parasitics {
  const wire = averageWires(kit).signal;
  const builder = new ParasiticsBuilder();
  const um = kit.tech.dbuPerUm;
  let areaUm2 = 0;
  for (const m of netlist.instMaster)
    areaUm2 += (kit.masters[m].widthDbu / um) * (kit.masters[m].heightDbu / um);
  const cells = Math.max(1, netlist.instMaster.length);
  const lengthUm = PITCHES * Math.sqrt(areaUm2 / cells / UTILIZATION) * cells ** GROWTH;
  const [capFf, kOhm] = [lengthUm * wire.fFPerUm, (lengthUm * wire.ohmPerUm) / 1000];
  const outputs = new Set<number>();
  netlist.instMaster.forEach((m, i) =>
    kit.masters[m].pins.forEach((pin, k) => {
      if (pin.direction === 'output') outputs.add(netlist.instPinStart[i] + k);
    }),
  );
  netlist.ports.forEach((port, i) => {
    if (port.direction === 'input') outputs.add(netlist.pinNet.length + i);
  });
  for (let n = 0; n < netlist.netNames.length; n++) {
    const first = netlist.netPinStart[n];
    const end = netlist.netPinStart[n + 1];
    if (first === end || !outputs.has(netlist.netPins[first])) {
      builder.finishEmpty();
      continue;
    }
    builder.addNode(netlist.netPins[first]);
    for (let q = first + 1; q < end; q++) {
      const node = builder.addNode(netlist.netPins[q]);
      const isClock = netlist.netIsClock[n] === 1;
      builder.addEdge(0, node, isClock ? 0 : kOhm);
      builder.addCap(node, isClock ? 0 : capFf / 2);
      builder.addCap(0, isClock ? 0 : capFf / 2);
    }
    builder.finishNet(0);
  }
  return builder.build('placement');
}
