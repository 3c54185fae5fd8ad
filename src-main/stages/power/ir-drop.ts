/** Static IR drop: what the supplies' resistance takes from each cell at its average current. */
import { IngotError } from '../../base/diagnostic.ts';
import type { Floorplan } from '../floorplan/types.ts';
import type { Kit } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Placement } from '../placement/types.ts';
import { buildPowerMesh } from './power-mesh.ts';
import { solveMesh } from './solve-mesh.ts';
import type { IrDropReport, PowerMesh, PowerReport, SupplyDrop } from './types.ts';

/** Tiles of the map along the longer side of the die. */
const MAP_TILES = 64;

/** Drops of all nodes of a mesh, mV. Throws POWER-010 if a node that draws current hangs on no pad. */
export function solveDrops(mesh: PowerMesh): SupplyDrop {
  const nodes = mesh.isPad.length;
  const row = new Int32Array(nodes).fill(-1);
  const adjacent: number[][] = Array.from({ length: nodes }, () => []);
  mesh.edgeA.forEach((a, e) => {
    adjacent[a].push(e);
    adjacent[mesh.edgeB[e]].push(e);
  });
  const other = (e: number, n: number): number => (mesh.edgeA[e] === n ? mesh.edgeB[e] : mesh.edgeA[e]);
  // Only what hangs on a pad, in the order of a walk along the strips, depth first.
  const order: number[] = [];
  const seen = new Uint8Array(nodes);
  const stack: number[] = [];
  for (let n = nodes - 1; n >= 0; n--) if (mesh.isPad[n]) stack.push(n);
  while (stack.length > 0) {
    const n = stack.pop()!;
    if (seen[n]) continue;
    seen[n] = 1;
    if (!mesh.isPad[n]) row[n] = order.push(n) - 1;
    for (const e of adjacent[n]) if (!seen[other(e, n)]) stack.push(other(e, n));
  }
  const lost = mesh.drawMa.findIndex((ma, n) => ma > 0 && !seen[n]);
  if (lost >= 0)
    throw new IngotError('POWER-010', `cells hang on a piece of ${mesh.net} that no pad reaches`, {
      place: `${mesh.xDbu[lost]},${mesh.yDbu[lost]}`,
      remedy: 'make the core larger than the power straps are apart',
    });
  const rowStart = new Int32Array(order.length + 1);
  const column: number[] = [];
  const value: number[] = [];
  order.forEach((n, i) => {
    const lower = new Map<number, number>();
    let diagonal = 0;
    for (const e of adjacent[n]) {
      const conductance = 1 / mesh.edgeOhm[e];
      diagonal += conductance;
      const j = row[other(e, n)];
      if (j >= 0 && j < i) lower.set(j, (lower.get(j) ?? 0) - conductance);
    }
    for (const [j, v] of [...lower].sort((a, b) => a[0] - b[0])) {
      column.push(j);
      value.push(v);
    }
    column.push(i);
    value.push(diagonal);
    rowStart[i + 1] = column.length;
  });
  const matrix = { rowStart, column: Int32Array.from(column), value: Float64Array.from(value) };
  const { x, iterations, residual } = solveMesh(
    matrix,
    Float64Array.from(order, (n) => mesh.drawMa[n]),
  );
  const dropMv = new Float64Array(nodes);
  order.forEach((n, i) => (dropMv[n] = x[i]));
  return { mesh, dropMv, worstMv: x.reduce((a, b) => Math.max(a, b), 0), iterations, residual };
}

/**
 * Drop of supply and rise of ground under average power (`analyzePower`). Zero-length resistors do not occur: nodes
 * of a strip differ in place. 40k cells take some tenths of a second.
 */
export function analyzeIrDrop(
  netlist: Netlist,
  kit: Kit,
  floorplan: Floorplan,
  placement: Placement,
  power: PowerReport,
): IrDropReport {
  const instMw = power.instSwitchingMw.map((mw, i) => mw + power.instInternalMw[i] + power.instLeakageMw[i]);
  const solve = (net: 'power' | 'ground'): SupplyDrop =>
    solveDrops(buildPowerMesh(net, kit, floorplan, netlist, placement, instMw));
  const [supply, ground] = [solve('power'), solve('ground')];
  const instDropMv = new Float32Array(netlist.instMaster.length);
  const { die } = floorplan;
  const tileDbu = Math.ceil(Math.max(die.x2 - die.x1, die.y2 - die.y1) / MAP_TILES);
  const columns = Math.ceil((die.x2 - die.x1) / tileDbu);
  const rows = Math.ceil((die.y2 - die.y1) / tileDbu);
  const mapMv = new Float32Array(columns * rows);
  let worstInst = -1;
  for (let i = 0; i < instDropMv.length; i++) {
    const [a, b] = [supply.mesh.instNode[i], ground.mesh.instNode[i]];
    if (a < 0 || b < 0) continue;
    instDropMv[i] = supply.dropMv[a] + ground.dropMv[b];
    const tile =
      Math.floor((placement.yDbu[i] - die.y1) / tileDbu) * columns +
      Math.floor((placement.xDbu[i] - die.x1) / tileDbu);
    mapMv[tile] = Math.max(mapMv[tile], instDropMv[i]);
    if (worstInst < 0 || instDropMv[i] > instDropMv[worstInst]) worstInst = i;
  }
  return {
    voltageV: kit.voltageV,
    worstMv: worstInst < 0 ? 0 : instDropMv[worstInst],
    worstInst,
    instDropMv,
    map: { columns, rows, tileDbu, mv: mapMv },
    supply,
    ground,
    modelled: [
      'ideal supply at both ends of every strap of the top layer',
      'average current over the workload; no package, no decoupling, no inductance',
    ],
  };
}
