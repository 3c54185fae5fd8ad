/** One random chip through the whole physical flow, judged by our checkers at every step. */
import { IngotError, type Diagnostic } from '../../src-main/base/diagnostic.ts';
import { checkLayout } from '../../src-main/stages/check/index.ts';
import { buildClockTree } from '../../src-main/stages/clock/index.ts';
import {
  extractParasitics,
  type Parasitics,
  readSpef,
  verifyParasitics,
  verifySpef,
  writeSpef,
} from '../../src-main/stages/extraction/index.ts';
import { insertFillers } from '../../src-main/stages/fill/index.ts';
import { makeFloorplan, verifyPowerGrid } from '../../src-main/stages/floorplan/index.ts';
import type { Kit } from '../../src-main/stages/kit/types.ts';
import { readGds, verifyLayoutFiles, writeDef, writeGds } from '../../src-main/stages/layout/index.ts';
import { markClocks, readNetlist, verifyNetlist, type Netlist } from '../../src-main/stages/netlist/index.ts';
import { placeChip, verifyBuffering, verifyPlacement } from '../../src-main/stages/placement/index.ts';
import { routeChip, verifyRouting } from '../../src-main/stages/routing/index.ts';
import { analyzeTiming, defaultConstraints, verifyTiming } from '../../src-main/stages/timing/index.ts';
import { repairTiming } from '../../src-main/stages/timing-repair/index.ts';
import type { RandomChip } from './random-chip.ts';

export interface ChipEnd {
  readonly seed: number;
  /** legal: to a GDS our checkers pass; refused: by a typed error or nets the router names; broken: neither. */
  readonly end: 'legal' | 'refused' | 'broken';
  readonly stage: string;
  /** Of the refusal. */
  readonly code: string;
  readonly detail: string;
  readonly cells: number;
  readonly seconds: number;
  readonly gds: Uint8Array | null;
}

const PERIOD_PS = 2000;
/** Of the processor: how busy the machine is says nothing. */
const SLOW_SECONDS = 60;

class Broken extends Error {}

const judge = (who: string, found: readonly Diagnostic[]): void => {
  const first = found[0];
  if (first)
    throw new Broken(
      `${who}: ${found.length} findings, first ${first.code} ${first.message} (${first.place})`,
    );
};

export function runChip(chip: RandomChip, kit: Kit, kitGds: Uint8Array): ChipEnd {
  const start = process.cpuUsage();
  const at = { stage: 'netlist', cells: 0 };
  const close = (
    end: ChipEnd['end'],
    code: string,
    detail: string,
    gds: Uint8Array | null = null,
  ): ChipEnd => {
    const used = process.cpuUsage(start);
    const seconds = (used.user + used.system) / 1e6;
    const slow = seconds > SLOW_SECONDS;
    return {
      seed: chip.seed,
      end: slow ? 'broken' : end,
      stage: at.stage,
      code,
      detail: slow ? `took ${seconds.toFixed(0)} s` : detail,
      cells: at.cells,
      seconds,
      gds,
    };
  };
  try {
    const done = build(chip, kit, kitGds, at);
    if (chip.mustRefuse) return close('broken', '', `was to be refused with ${chip.mustRefuse}`);
    return done.gds ? close('legal', '', '', done.gds) : close('refused', done.code, done.detail);
  } catch (error) {
    if (error instanceof IngotError) {
      const { code, message, place } = error.diagnostic;
      if (chip.mustRefuse && chip.mustRefuse !== code)
        return close('broken', code, `was to be refused with ${chip.mustRefuse}: ${message}`);
      return close('refused', code, `${message} (${place ?? 'no place'})`);
    }
    const detail = error instanceof Broken ? error.message : String((error as Error).stack);
    return close('broken', '', detail);
  }
}

interface Built {
  readonly gds: Uint8Array | null;
  readonly code: string;
  readonly detail: string;
}

function build(chip: RandomChip, kit: Kit, kitGds: Uint8Array, at: { stage: string; cells: number }): Built {
  const mapped = markClocks(readNetlist(chip.verilog, kit).value, kit);
  judge('verifyNetlist', verifyNetlist(mapped, kit));
  at.cells = mapped.instMaster.length;

  at.stage = 'floorplan';
  const plan = makeFloorplan(mapped, kit, chip.floorplan);
  judge('verifyPowerGrid', verifyPowerGrid(plan.floorplan, kit).problems);

  at.stage = 'place';
  const placed = placeChip(plan.netlist, kit, plan.floorplan, plan.placement, { seed: chip.seed });
  const { floorplan, paddingSites } = placed;
  const fixed = { before: plan.placement };
  judge('verifyPlacement', verifyPlacement(placed.netlist, kit, floorplan, placed.placement, fixed).problems);
  judge('verifyBuffering', verifyBuffering(plan.netlist, placed.netlist, kit));

  at.stage = 'clock';
  const tree = buildClockTree(placed.netlist, kit, floorplan, placed.placement, { paddingSites });
  judge('verifyPlacement', verifyPlacement(tree.netlist, kit, floorplan, tree.placement, fixed).problems);

  at.stage = 'repair';
  const repaired = chip.hasClock ? repair(tree, kit, floorplan) : tree;
  judge(
    'verifyPlacement',
    verifyPlacement(repaired.netlist, kit, floorplan, repaired.placement, fixed).problems,
  );
  judge('verifyBuffering', verifyBuffering(tree.netlist, repaired.netlist, kit));

  at.stage = 'route';
  const routed = routeChip(repaired.netlist, floorplan, repaired.placement, kit, {}).value;
  const { routing } = routed;
  if (routing.failedNets.length > 0)
    return { gds: null, code: 'ROUTE-022', detail: `${routing.failedNets.length} nets not routed` };
  judge('verifyRouting', verifyRouting(routed.netlist, floorplan, routed.placement, kit, routing));

  at.stage = 'fill';
  const { netlist, placement } = insertFillers(routed.netlist, kit, floorplan, routed.placement);
  judge(
    'verifyPlacement',
    verifyPlacement(netlist, kit, floorplan, placement, { ...fixed, full: true }).problems,
  );
  judge('verifyPowerGrid', verifyPowerGrid(floorplan, kit, { netlist, placement }).problems);
  judge('verifyNetlist', verifyNetlist(netlist, kit));

  at.stage = 'timing';
  const parasitics = extractParasitics(netlist, placement, floorplan, routing, kit).value;
  judge('verifyParasitics', verifyParasitics(parasitics, netlist, kit, { routing, floorplan }));
  const spef = readSpef(writeSpef(parasitics, netlist, kit), netlist, kit);
  judge('verifySpef', verifySpef(spef, parasitics, netlist));
  if (chip.hasClock) time(netlist, kit, parasitics);

  at.stage = 'layout';
  const design = { netlist, floorplan, placement, routing, kit };
  const def = writeDef(netlist, floorplan, placement, routing, kit);
  const gds = writeGds(design, kitGds);
  judge('verifyLayoutFiles', verifyLayoutFiles(design, def, gds).diagnostics);

  at.stage = 'check';
  const { violations } = checkLayout(readGds(gds).value, netlist, kit);
  const first = violations[0];
  if (first)
    throw new Broken(
      `checkLayout: ${violations.length} violations, first ${first.rule} ${first.layer} ${first.detail} at (${first.xDbu}, ${first.yDbu}) of ${first.nets.join(' ')}`,
    );
  return { gds, code: '', detail: '' };
}

const CONSTRAINTS = { ...defaultConstraints('clk', PERIOD_PS), isClockPropagated: true };

/** What timing refuses (loops, say) is finished without it, as a user would go on. */
function unlessRefused<T>(timing: () => T): T | null {
  try {
    return timing();
  } catch (error) {
    if (error instanceof IngotError && error.diagnostic.code.startsWith('TIMING-')) return null;
    throw error;
  }
}

function time(netlist: Netlist, kit: Kit, parasitics: Parasitics): void {
  const report = unlessRefused(() => analyzeTiming(netlist, kit, parasitics, CONSTRAINTS, {}));
  // Pins on a loop are not timed, as the report says; what its judge would see of them is not defined.
  if (report?.diagnostics.every((d) => d.severity !== 'error'))
    judge('verifyTiming', verifyTiming(netlist, kit, parasitics, CONSTRAINTS, report));
}

function repair(
  tree: ReturnType<typeof buildClockTree>,
  kit: Kit,
  floorplan: ReturnType<typeof placeChip>['floorplan'],
): Pick<ReturnType<typeof buildClockTree>, 'netlist' | 'placement'> {
  const repaired = unlessRefused(() =>
    repairTiming(tree.netlist, kit, floorplan, tree.placement, CONSTRAINTS),
  );
  return repaired ?? tree;
}
