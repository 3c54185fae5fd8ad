/**
 * Judge of parasitics, from the definition and by other means than the extractor: trees are walked node by
 * node, totals are summed straight from the wires by a sweep (verify-sums.ts).
 */
import type { Diagnostic } from '../../base/diagnostic.ts';
import type { Kit } from '../kit/types.ts';
import { NONE } from '../netlist/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Floorplan } from '../floorplan/types.ts';
import type { Routing } from '../routing/types.ts';
import { sumsOfWires } from './verify-sums.ts';
import type { Parasitics } from './types.ts';

const RELATIVE = 1e-6;

const bad = (code: string, message: string, place: string): Diagnostic => ({
  code,
  severity: 'error',
  message,
  place,
});

/**
 * EXTRACT-020 arrays that do not fit; -021 not a tree; -022 a pin is missing, foreign or twice; -023 negative
 * or no number; -024 total capacitance differs from the wires' sum; -026 a coupling within a net or above its nodes' capacitance. `estimated`: nets excused from -024.
 */
export function verifyParasitics(
  parasitics: Parasitics,
  netlist: Netlist,
  kit: Kit,
  metal: { readonly routing: Routing; readonly floorplan: Floorplan } | null,
  estimated: ReadonlySet<string> = new Set(),
): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const nets = netlist.netNames.length;
  if (parasitics.nodeStart.length !== nets + 1)
    return [
      bad('EXTRACT-020', `${parasitics.nodeStart.length - 1} nets for a netlist of ${nets}`, netlist.top),
    ];
  const sums = metal && sumsOfWires(metal.routing, metal.floorplan, nets, kit);
  found.push(...wrongCouplings(parasitics, netlist));
  for (let n = 0; n < nets; n++) {
    const name = netlist.netNames[n];
    const first = parasitics.nodeStart[n];
    const count = parasitics.nodeStart[n + 1] - first;
    if (count === 0) continue;
    const wanted = [...netlist.netPins.subarray(netlist.netPinStart[n], netlist.netPinStart[n + 1])].sort();
    const pins = [...parasitics.nodePin.subarray(first, first + count)].filter((p) => p !== NONE).sort();
    if (wanted.join() !== pins.join()) found.push(bad('EXTRACT-022', 'the nodes are not the net pins', name));
    if (parasitics.nodePin[first] !== netlist.netPins[netlist.netPinStart[n]])
      found.push(bad('EXTRACT-022', 'node 0 is not the driver', name));
    let total = 0;
    for (let k = 0; k < count; k++) {
      const parent = parasitics.nodeParent[first + k];
      if (k === 0 ? parent !== -1 : !(parent >= 0 && parent < k))
        found.push(bad('EXTRACT-021', `node ${k} has parent ${parent}`, name));
      const r = parasitics.nodeResKohm[first + k];
      const c = parasitics.nodeCapFf[first + k];
      if (!(r >= 0) || !(c >= 0) || !Number.isFinite(r) || !Number.isFinite(c))
        found.push(bad('EXTRACT-023', `node ${k} has ${r} kOhm, ${c} fF`, name));
      total += c;
    }
    if (!sums || estimated.has(name)) continue;
    const sum = sums[n];
    if (Math.abs(sum - total) > RELATIVE * Math.max(sum, 1))
      found.push(bad('EXTRACT-024', `${total} fF in the tree, ${sum} fF by the wires`, name));
  }
  return found;
}

/** What readSpef gave against what writeSpef got: total capacitance, resistance and Elmore delay to every pin. */
export function verifySpef(
  read: Parasitics,
  parasitics: Parasitics,
  netlist: Netlist,
): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const couplingFf = (p: Parasitics): number => p.coupling.fF.reduce((sum, fF) => sum + fF, 0);
  const [written, back] = [couplingFf(parasitics), couplingFf(read)];
  if (
    parasitics.coupling.a.length !== read.coupling.a.length ||
    !(Math.abs(written - back) <= 1e-5 * written)
  )
    found.push(bad('EXTRACT-025', `couplings of ${written} fF became ${back} fF in the SPEF`, netlist.top));
  for (let n = 0; n < netlist.netNames.length; n++) {
    const a = netFigures(parasitics, n);
    const b = netFigures(read, n);
    if (a.size !== b.size) {
      found.push(bad('EXTRACT-025', 'pins were lost in the SPEF', netlist.netNames[n]));
      continue;
    }
    for (const [key, value] of a)
      if (!(Math.abs(value - (b.get(key) ?? Number.NaN)) <= 1e-5 * Math.max(Math.abs(value), 1e-3))) {
        found.push(
          bad('EXTRACT-025', `${key}: ${value} became ${b.get(key)} in the SPEF`, netlist.netNames[n]),
        );
        break;
      }
  }
  return found;
}

function netFigures(p: Parasitics, net: number): Map<string, number> {
  const figures = new Map<string, number>();
  const first = p.nodeStart[net];
  const count = p.nodeStart[net + 1] - first;
  if (count === 0) return figures;
  const below = Float64Array.from(p.nodeCapFf.subarray(first, first + count));
  for (let k = count - 1; k > 0; k--) below[p.nodeParent[first + k]] += below[k];
  figures.set('capacitance', below[0]);
  const ohm = new Float64Array(count);
  const elmore = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    if (k > 0) {
      const parent = p.nodeParent[first + k];
      ohm[k] = ohm[parent] + p.nodeResKohm[first + k];
      elmore[k] = elmore[parent] + p.nodeResKohm[first + k] * below[k];
    }
    const pin = p.nodePin[first + k];
    if (pin === NONE) continue;
    figures.set(`resistance to pin ${pin}`, ohm[k]);
    figures.set(`delay to pin ${pin}`, elmore[k]);
  }
  return figures;
}

function wrongCouplings(parasitics: Parasitics, netlist: Netlist): Diagnostic[] {
  const { a, b, fF } = parasitics.coupling;
  const nodes = parasitics.nodePin.length;
  const netOf = new Int32Array(nodes);
  for (let n = 0; n < netlist.netNames.length; n++)
    netOf.fill(n, parasitics.nodeStart[n], parasitics.nodeStart[n + 1]);
  const left = Float64Array.from(parasitics.nodeCapFf);
  const found: Diagnostic[] = [];
  for (let i = 0; i < a.length; i++) {
    const name = netlist.netNames[netOf[a[i]] ?? 0] ?? netlist.top;
    const isPair = a[i] >= 0 && a[i] < b[i] && b[i] < nodes && netOf[a[i]] !== netOf[b[i]];
    if (!isPair || !(fF[i] > 0)) {
      found.push(bad('EXTRACT-026', `a coupling of ${fF[i]} fF between nodes ${a[i]} and ${b[i]}`, name));
      continue;
    }
    for (const node of [a[i], b[i]])
      if ((left[node] -= fF[i]) < -1e-6)
        found.push(bad('EXTRACT-026', 'couplings above the capacitance of their node', name));
  }
  return found;
}
