import type { Kit } from '../kit/types.ts';
import { topStructure, type GdsLibrary } from '../layout/index.ts';
import type { Netlist } from '../netlist/types.ts';
import { checkAntennas } from './antenna.ts';
import { compareNets, connect } from './connectivity.ts';
import { checkCuts } from './drc-cuts.ts';
import { checkFrame } from './drc-frame.ts';
import { checkMetal } from './drc-metal.ts';
import { Findings } from './findings.ts';
import { flattenLayout, type FlatLayout } from './flatten.ts';
import { findTerminals } from './nets.ts';
import { layerDensity } from './density.ts';
import type { CheckReport, LayerCount } from './types.ts';

/**
 * Judges a finished layout from its file alone: does its metal connect what the netlist connects and nothing
 * else, and does it keep the technology's rules for routing. Cells' insides are trusted; what meets them
 * from outside is not. Knows nothing of how the layout was made.
 *
 * Lengths are judged in the file's own units. Throws CHECK-001 for metal that is not axis-parallel.
 */
export function checkLayout(gds: GdsLibrary, netlist: Netlist, kit: Kit): CheckReport {
  const flat = flattenLayout(gds, topStructure(gds), kit);
  const found = new Findings(kit, flat);
  checkFrame(flat, kit, found);
  const terminals = findTerminals(flat, netlist, kit, found);
  const connectivity = connect(flat, kit);
  const nets = compareNets(flat, terminals, connectivity, found);
  checkMetal(flat, kit, connectivity, nets, terminals.nameOf, found);
  const netName = (node: number): string => {
    const net = nets.netOfRoot[connectivity.sets.find(node)]!;
    return net < 0 ? '' : terminals.nameOf(net);
  };
  checkCuts(flat, kit, netName, found);
  checkAntennas(flat, kit, connectivity, netName, found);
  return {
    isClean: found.violations.length === 0,
    violations: found.violations,
    remarks: found.remarks,
    rules: found.rules(),
    layers: layerCounts(flat, kit),
    instances: flat.cells.length,
    terminals: terminals.real,
    nets: netlist.netNames.length + 2,
    components: nets.components,
  };
}

function layerCounts(flat: FlatLayout, kit: Kit): LayerCount[] {
  return kit.tech.layers.map((layer, l) => {
    const t = flat.layers[l]!;
    let cellShapes = 0;
    for (let i = 0; i < t.count; i++) if (t.owner[i] !== -1) cellShapes++;
    return {
      layer: layer.name,
      routingShapes: t.count - cellShapes,
      cellShapes,
      density: layer.kind === 'cut' || !flat.die ? null : layerDensity(t, flat.die),
    };
  });
}
