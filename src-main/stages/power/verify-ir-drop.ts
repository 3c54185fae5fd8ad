/** Judge of an IR-drop report: Kirchhoff's current law at every node, by its own sums over the mesh. */
import type { Diagnostic } from '../../base/diagnostic.ts';
import type { IrDropReport, PowerReport, SupplyDrop } from './types.ts';

/** Of the whole current. */
const TOLERANCE = 1e-6;

function currentOf({ mesh, dropMv }: SupplyDrop): { worstMa: number; padMa: number } {
  // Current that leaves each node through the mesh towards the cells; drops rise away from the pads.
  const net = Float64Array.from(mesh.drawMa, (ma) => -ma);
  mesh.edgeA.forEach((a, e) => {
    const ma = (dropMv[mesh.edgeB[e]] - dropMv[a]) / mesh.edgeOhm[e];
    net[a] -= ma;
    net[mesh.edgeB[e]] += ma;
  });
  let [worstMa, padMa] = [0, 0];
  net.forEach((ma, n) => {
    if (mesh.isPad[n]) padMa -= ma;
    else worstMa = Math.max(worstMa, Math.abs(ma));
  });
  return { worstMa, padMa };
}

/**
 * POWER-011: current is lost or made at a node, or a pad has a drop; -012: the pads do not deliver the power over the
 * voltage; -013: a cell's or the worst drop is not that of its nodes.
 */
export function verifyIrDrop(report: IrDropReport, power: PowerReport): Diagnostic[] {
  const problems: Diagnostic[] = [];
  const add = (code: string, message: string, place: string): void => {
    problems.push({ code, severity: 'error', message, place });
  };
  const wantedMa = power.totalMw / report.voltageV;
  for (const side of [report.supply, report.ground]) {
    const { worstMa, padMa } = currentOf(side);
    const { net, isPad, unplacedMa } = side.mesh;
    if (!(worstMa <= TOLERANCE * Math.max(wantedMa, 1e-9)))
      add('POWER-011', `${worstMa} mA are lost at a node`, net);
    if (side.dropMv.some((mv, n) => isPad[n] === 1 && mv !== 0)) add('POWER-011', 'a pad has a drop', net);
    if (!(Math.abs(padMa + unplacedMa - wantedMa) <= 1e-5 * wantedMa + 1e-12))
      add('POWER-012', `pads deliver ${padMa} mA of ${wantedMa} mA`, net);
  }
  let worst = 0;
  report.instDropMv.forEach((mv, i) => {
    const [a, b] = [report.supply.mesh.instNode[i], report.ground.mesh.instNode[i]];
    const own = a < 0 || b < 0 ? 0 : report.supply.dropMv[a] + report.ground.dropMv[b];
    if (Math.abs(own - mv) > 1e-5 * Math.max(1, own))
      add('POWER-013', `drop ${mv} mV is not ${own} mV`, `${i}`);
    worst = Math.max(worst, mv);
  });
  if (worst !== report.worstMv || worst !== report.map.mv.reduce((a, b) => Math.max(a, b), 0))
    add('POWER-013', 'the worst drop is not the largest', 'worst');
  return problems;
}
