/** Judges the packed views against the design, counting again in other ways. */
import type { Diagnostic } from '../../base/diagnostic.ts';
import type { LayoutView } from '../../base/layout-view.ts';
import type { TimingView } from '../../base/timing-view.ts';
import type { TimingReport } from '../timing/types.ts';
import type { ViewInput } from './types.ts';

const fault = (message: string): Diagnostic => ({ code: 'VIEW-001', severity: 'error', message });

/** Every wire, via and cell once, at its place; nets and layers as the netlist has them. */
export function verifyLayoutView(view: LayoutView, input: ViewInput): Diagnostic[] {
  const { netlist, placement, routing, kit } = input;
  const out: Diagnostic[] = [];
  const nets = new Float64Array(netlist.netNames.length);
  if (routing) {
    for (let n = 0; n < nets.length; n++) {
      for (let w = routing.wireStart[n]; w < routing.wireStart[n + 1]; w++) {
        const [layer, x1, y1, x2, y2] = routing.wires.subarray(5 * w, 5 * w + 5);
        const width = (kit.tech.layers[layer] as { widthDbu: number }).widthDbu;
        nets[n] += (x2 - x1 + width) * (y2 - y1 + width);
      }
      for (let v = routing.viaStart[n]; v < routing.viaStart[n + 1]; v++) {
        const via = kit.tech.vias[routing.vias[3 * v]];
        for (const r of [via.belowRect, via.aboveRect, ...via.cutRects])
          nets[n] += (r.x2 - r.x1) * (r.y2 - r.y1);
      }
    }
  }
  const seen = new Uint8Array(view.shapeNet.length);
  for (let n = 0; n < nets.length; n++) {
    let area = 0;
    for (let k = view.netShapeStart[n]; k < view.netShapeStart[n + 1]; k++) {
      const s = view.netShapes[k];
      seen[s]++;
      const [x1, y1, x2, y2] = view.shapes.subarray(4 * s, 4 * s + 4);
      area += (x2 - x1) * (y2 - y1);
    }
    if (Math.abs(area - nets[n]) > 1e-6 * nets[n])
      out.push(
        fault(`net ${netlist.netNames[n]} has ${area} DBU2 of metal in the view, ${nets[n]} in the chip`),
      );
  }
  if (seen.some((count) => count !== 1)) out.push(fault('a shape belongs to no net or to several'));
  for (let i = 0; i < netlist.instMaster.length; i++) {
    const master = kit.masters[netlist.instMaster[i]];
    const [x1, y1, x2, y2] = view.cells.subarray(4 * i, 4 * i + 4);
    const isSame =
      x1 === placement.xDbu[i] &&
      y1 === placement.yDbu[i] &&
      x2 - x1 === master.widthDbu &&
      y2 - y1 === master.heightDbu &&
      view.masters[view.cellMaster[i]]?.name === master.name;
    if (!isSame) out.push(fault(`cell ${netlist.instNames[i]} stands elsewhere in the view`));
  }
  const counted = view.cellModule.reduce((sum, m) => sum + (m >= 0 ? 1 : 0), 0);
  if (view.modules[0]?.cells !== counted) out.push(fault('the blocks do not add up to the chip'));
  return out;
}

/** The constraints come back from SDC, whose figures are rounded. */
const SLACK_LIMIT_PS = 0.05;

/** The view's worst slacks and paths are those of the report that the timing step wrote. */
export function verifyTimingView(view: TimingView, report: TimingReport): Diagnostic[] {
  const out: Diagnostic[] = [];
  const differs = (a: number, b: number): boolean => Math.abs(a - b) > SLACK_LIMIT_PS;
  if (
    differs(view.setup.worstPs, report.setup.worstSlackPs) ||
    differs(view.hold.worstPs, report.hold.worstSlackPs)
  )
    out.push(fault('worst slacks of the view and of the timing step differ'));
  for (const path of view.paths) {
    const sum = path.stages.reduce((s, x) => s + x.delayPs, path.stages[0]?.arrivalPs ?? 0);
    if (Math.abs(sum - path.arrivalPs) > 1e-3 * Math.max(1, Math.abs(path.arrivalPs)))
      out.push(fault(`delays to ${path.endpoint} add up to ${sum} ps, it arrives at ${path.arrivalPs} ps`));
  }
  return out;
}
