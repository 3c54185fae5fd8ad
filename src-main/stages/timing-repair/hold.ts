/**
 * Hold: buffers before the endpoints that data reaches too soon, as many as are missing by the fast edge's delay
 * of the kit's slowest buffer, unless setup has no room for them (then the endpoint stays, and the report says so).
 */
import { bufferCells } from '../placement/index.ts';
import { NO_SLACK } from '../timing/index.ts';
import type { BufferCell } from '../placement/index.ts';
import { apply, pinCapFf, slewLimitPs, stateOf } from './state.ts';
import type { Design, Job, Wish } from './state.ts';
import { arcDelay } from './setup.ts';
import { countViolations } from './limits.ts';

const FAST_SLEW_PS = 5;
const SLOW_SLEW_PS = 40;
/** Wire between a hold buffer and its pin, fF: they stand side by side. */
const SHORT_WIRE_FF = 0.5;

interface DelayCell {
  readonly cell: BufferCell;
  readonly fastPs: (loadFf: number) => number;
  readonly slowPs: (loadFf: number) => number;
}

/** The buffer of most delay per width. */
function delayCell(job: Job): DelayCell | null {
  const { kit } = job;
  const slew = slewLimitPs(job);
  const cells = bufferCells(kit, [...kit.roles.buffers, ...kit.roles.clockBuffers], slew);
  const delays = cells.map((cell): DelayCell => {
    const at = (slewPs: number, loadFf: number) =>
      (['rise', 'fall'] as const).map((edge) =>
        arcDelay(kit, cell.master, cell.input, cell.output, edge, slewPs, loadFf),
      );
    return {
      cell,
      fastPs: (load) => Math.min(...at(FAST_SLEW_PS, load)),
      slowPs: (load) => Math.max(...at(SLOW_SLEW_PS, load)),
    };
  });
  const worth = (d: DelayCell): number => d.fastPs(d.cell.inputCapFf) / d.cell.widthDbu;
  return delays.reduce<DelayCell | null>((best, d) => (best && worth(best) >= worth(d) ? best : d), null);
}

function holdWishes(job: Job, design: Design, delay: DelayCell): Wish[] {
  const { netlist, report } = design;
  const { holdMarginPs, setupMarginPs } = job.options;
  const wishes: Wish[] = [];
  report.endpointPin.forEach((pin, e) => {
    const slack = report.holdSlackPs[e];
    // Output ports: a buffer would have to drive the port; the outside has its own margin there.
    if (slack === NO_SLACK || slack >= holdMarginPs || pin >= netlist.pinNet.length) return;
    const net = netlist.pinNet[pin];
    if (netlist.netIsClock[net]) return;
    const { cell } = delay;
    const last = pinCapFf(job, design, pin) + SHORT_WIRE_FF;
    const between = cell.inputCapFf + SHORT_WIRE_FF;
    const missing = holdMarginPs - slack;
    const more = Math.max(0, missing - delay.fastPs(last));
    const count = 1 + Math.ceil(more / delay.fastPs(between));
    const slowest = (count - 1) * delay.slowPs(between) + delay.slowPs(last);
    const room = report.setupSlackPs[e] === NO_SLACK ? Infinity : report.setupSlackPs[e] - setupMarginPs;
    if (slowest > room) return;
    const { master, input, output } = cell;
    wishes.push({
      kind: 'buffer',
      why: 'hold',
      master,
      input,
      output,
      net,
      sinks: [pin],
      ...design.view.at(pin),
      count,
    });
  });
  return wishes;
}

/** Rounds until every endpoint has the margin or has no room for more. */
export function repairHold(job: Job, first: Design): Design {
  const { options } = job;
  const delay = delayCell(job);
  let design = first;
  for (let round = 0; round < options.maxRounds && delay; round++) {
    if (design.report.hold.worstSlackPs >= options.holdMarginPs) break;
    const wishes = holdWishes(job, design, delay);
    if (wishes.length === 0) break;
    const next = apply(job, design, wishes);
    if (!next || next.report.setup.tnsPs < design.report.setup.tnsPs) break;
    design = next;
    const s = stateOf(design, options.maxFanout);
    options.observe?.({ phase: 'hold', round, violations: countViolations(s), ...s });
  }
  return design;
}
