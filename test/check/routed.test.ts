/** From a mapped netlist through our own floorplan, placement and router to files, and the files judged. */
import { beforeAll, describe, expect, test } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import { checkLayout } from '../../src-main/stages/check/index.ts';
import { makeFloorplan } from '../../src-main/stages/floorplan/index.ts';
import {
  readGds,
  verifyLayoutFiles,
  writeDef,
  writeGds,
  type LayoutDesign,
} from '../../src-main/stages/layout/index.ts';
import { readNetlist } from '../../src-main/stages/netlist/index.ts';
import { placeChip } from '../../src-main/stages/placement/index.ts';
import { routeChip } from '../../src-main/stages/routing/index.ts';
import { kitFiles, kitGds, kitNote, nangate45 } from '../support/kit.ts';
import { randomVerilog } from '../support/netlists.ts';

describe.skipIf(!kitFiles)(`a routed design${kitNote}`, () => {
  let design: LayoutDesign;
  const judge = (d: LayoutDesign) => checkLayout(readGds(writeGds(d, kitGds())).value, d.netlist, d.kit);

  beforeAll(() => {
    const kit = nangate45();
    const netlist = readNetlist(randomVerilog(4, 250, 24), kit).value;
    const plan = makeFloorplan(netlist, kit, { utilization: 0.5 });
    const placed = placeChip(plan.netlist, kit, plan.floorplan, plan.placement);
    const routed = routeChip(placed.netlist, placed.floorplan, placed.placement, kit).value;
    design = {
      kit,
      netlist: placed.netlist,
      floorplan: placed.floorplan,
      placement: routed.placement,
      routing: routed.routing,
    };
  });

  test('is clean, power grid and all, and the files say what was made', () => {
    expect(design.routing!.failedNets).toEqual([]);
    const report = judge(design);
    expect(report.violations).toEqual([]);
    expect(report.instances).toBe(design.netlist.instNames.length);
    const { netlist, floorplan, placement, routing, kit } = design;
    const def = writeDef(netlist, floorplan, placement, routing, kit);
    expect(verifyLayoutFiles(design, def, writeGds(design, kitGds())).diagnostics).toEqual([]);
  });

  test('a random via left out is an open of its net', () => {
    const random = makeRng(9);
    const { viaStart, vias } = design.routing!;
    for (let k = 0; k < 12; k++) {
      const gone = Math.floor(random() * (vias.length / 3));
      const net = viaStart.findLastIndex((start) => start <= gone);
      const left = Int32Array.from([...vias.subarray(0, gone * 3), ...vias.subarray(gone * 3 + 3)]);
      const report = judge({ ...design, routing: { ...design.routing!, vias: left } });
      const opens = report.violations.filter((v) => v.rule === 'open').flatMap((v) => v.nets);
      expect([gone, opens]).toEqual([gone, [design.netlist.netNames[net]]]);
    }
  });

  test('a cell shifted by a site under finished wires is found', () => {
    const random = makeRng(11);
    for (let k = 0; k < 8; k++) {
      const inst = Math.floor(random() * design.netlist.instNames.length);
      const xDbu = design.placement.xDbu.map((x, i) => (i === inst ? x + design.kit.tech.siteWidthDbu : x));
      const report = judge({ ...design, placement: { ...design.placement, xDbu } });
      const isTap = design.placement.isFixed[inst] === 1;
      expect([inst, isTap || !report.isClean]).toEqual([inst, true]);
    }
  });
});
