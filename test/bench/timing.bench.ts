/** Timing from anew against going on from the analysis before an edit, as timing repair does it. */
import { expect, test } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import { estimateParasitics } from '../../src-main/stages/extraction/index.ts';
import { editNetlist, markClocks, readNetlist } from '../../src-main/stages/netlist/index.ts';
import { largerDrives } from '../../src-main/stages/placement/index.ts';
import { analyzeTiming, defaultConstraints, updateTiming } from '../../src-main/stages/timing/index.ts';
import { kitFiles, kitNote, nangate45 } from '../support/kit.ts';
import { scatter } from '../support/scatter.ts';
import { meshVerilog } from './mesh.ts';
import { printTable, timeOf, type Row } from './table.ts';

const RUNS = 3;

test.skipIf(!kitFiles)(`incremental timing${kitNote}`, { timeout: 120_000 }, () => {
  const kit = nangate45();
  const netlist = markClocks(readNetlist(meshVerilog(16), kit).value, kit);
  const { placement, floorplan } = scatter(netlist, kit, 1);
  // Ideal: without a tree one resized flop would move every flop's clock.
  const constraints = defaultConstraints('clk', 1500);
  const wires = estimateParasitics(netlist, placement, kit, floorplan);
  const { state } = updateTiming(null, netlist, kit, wires, constraints);
  const larger = largerDrives(kit);
  const rng = makeRng(1);
  const rows: Row[] = [];
  for (const edits of [1, 20, 400]) {
    const editor = editNetlist(netlist, kit);
    for (let k = 0; k < edits; k++) {
      const inst = Math.floor(rng() * netlist.instMaster.length);
      const [size] = larger[netlist.instMaster[inst]!]!;
      if (size !== undefined) editor.setMaster(inst, size);
    }
    const after = editor.finish();
    const newWires = estimateParasitics(after, placement, kit, floorplan);
    const best = (run: () => void): number => Math.min(...Array.from({ length: RUNS }, () => timeOf(run)));
    let found = updateTiming(null, after, kit, newWires, constraints);
    const full = best(() => void analyzeTiming(after, kit, newWires, constraints));
    const part = best(() => void (found = updateTiming(state, after, kit, newWires, constraints)));
    expect(found.computedPins).toBeLessThan(found.outputPins);
    const share = `${((100 * found.computedPins) / found.outputPins).toFixed(1)} %`;
    rows.push([String(edits), share, full.toFixed(0), part.toFixed(0), (full / part).toFixed(1)]);
  }
  printTable(
    `Timing of ${netlist.instMaster.length} cells, ms: from anew and after resizing`,
    ['cells resized', 'outputs computed', 'anew', 'going on', 'ratio'],
    rows,
  );
});
