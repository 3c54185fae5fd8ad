import { describe, expect, test } from 'vitest';
import { pack } from '../../src-main/base/pack.ts';
import { makeRng } from '../../src-main/base/rng.ts';
import { estimateParasitics } from '../../src-main/stages/extraction/index.ts';
import { editNetlist, markClocks, readNetlist, type Netlist } from '../../src-main/stages/netlist/index.ts';
import { extendPlacement, largerDrives } from '../../src-main/stages/placement/index.ts';
import type { AddedCell, Placement } from '../../src-main/stages/placement/index.ts';
import {
  analyzeTiming,
  portNames,
  readSdc,
  updateTiming,
  type TimingState,
} from '../../src-main/stages/timing/index.ts';
import { kitFiles, kitNote, nangate45 } from '../support/kit.ts';
import { multiClockVerilog } from '../support/multi-clock.ts';
import { randomVerilog } from '../support/netlists.ts';
import { scatter } from '../support/scatter.ts';

const TWO_CLOCKS = `create_clock -name a -period 1.0 [get_ports ca]
create_clock -name b -period 1.5 [get_ports cb]
create_generated_clock -name d -source [get_ports ca] -divide_by 2 [get_pins div/Q]
set_propagated_clock [all_clocks]
set_multicycle_path 2 -from [get_clocks a] -to [get_clocks b]
set_false_path -through [get_cells {g40 g41}]
set_input_delay 0.2 -clock a [get_ports in*]
set_output_delay 0.2 -clock b [get_ports out*]
`;
const ONE_CLOCK = `create_clock -name c -period 1.0 [get_ports clk]
set_input_delay 0.2 -clock c [get_ports in*]
set_output_delay 0.2 -clock c [get_ports out]
set_driving_cell -lib_cell BUF_X2 -pin Z [get_ports in*]
`;

interface Chip {
  readonly netlist: Netlist;
  readonly placement: Placement;
}

describe.skipIf(!kitFiles)(`incremental timing on NanGate45${kitNote}`, () => {
  const kit = kitFiles ? nangate45() : null!;

  /** A few cells resized, buffers put before sinks, cells moved, a sink moved to another net's copy. */
  function edit(chip: Chip, rng: () => number): Chip {
    const pick = (n: number): number => Math.floor(rng() * n);
    const { netlist } = chip;
    const editor = editNetlist(netlist, kit);
    const larger = largerDrives(kit);
    const buffer = kit.masters.findIndex((m) => m.name === 'BUF_X2');
    const pinOf = (direction: string): number =>
      kit.masters[buffer]!.pins.findIndex((p) => p.direction === direction);
    const added: AddedCell[] = [];
    for (let k = 0; k <= pick(4); k++) {
      const inst = pick(netlist.instMaster.length);
      const sizes = larger[netlist.instMaster[inst]!]!;
      if (sizes.length > 0) editor.setMaster(inst, sizes[pick(sizes.length)]!);
    }
    for (let k = 0; k < pick(4); k++) {
      const net = pick(netlist.netNames.length);
      const sinks = netlist.netPins
        .subarray(netlist.netPinStart[net]! + 1, netlist.netPinStart[net + 1])
        .filter((pin) => pin < netlist.pinNet.length && rng() < 0.6);
      if (sinks.length === 0) continue;
      const inst = editor.addInstance(editor.freshName('extra'), buffer);
      const to = editor.addNet(editor.freshName('extra_net'));
      editor.connect(inst, pinOf('input'), net);
      editor.connect(inst, pinOf('output'), to);
      for (const pin of sinks) editor.connectPin(pin, to);
      added.push({ xDbu: pick(60_000), yDbu: pick(60_000) });
    }
    const after = editor.finish();
    const placement = extendPlacement(chip.placement, added);
    for (let k = 0; k < pick(3); k++) placement.xDbu[pick(placement.xDbu.length)]! += 2000;
    return { netlist: after, placement };
  }

  test.each([
    ['one clock', randomVerilog(5, 250, 40), ONE_CLOCK],
    [
      'one clock, the clock tree edited too',
      randomVerilog(6, 200, 60),
      `${ONE_CLOCK}set_propagated_clock c\n`,
    ],
    ['two clocks, a divided one and exceptions', multiClockVerilog(4, 250, 48), TWO_CLOCKS],
  ])('40 random edits in a row give the full analysis to the bit: %s', (_name, verilog, sdc) => {
    const netlist = markClocks(readNetlist(verilog, kit).value, kit);
    const { placement, floorplan } = scatter(netlist, kit, 1);
    const constraints = readSdc(sdc, portNames(netlist));
    const rng = makeRng(netlist.instMaster.length);
    let chip: Chip = { netlist, placement };
    let state: TimingState | null = null;
    let [computed, outputs] = [0, 0];
    for (let round = 0; round < 40; round++) {
      const wires =
        round % 10 === 9 ? null : estimateParasitics(chip.netlist, chip.placement, kit, floorplan);
      const next = updateTiming(state, chip.netlist, kit, wires, constraints);
      const full = analyzeTiming(chip.netlist, kit, wires, constraints);
      expect(Buffer.compare(pack(next.report), pack(full))).toBe(0);
      if (state === null) expect(next.computedPins).toBe(next.outputPins);
      else if (round % 10 !== 9 && round % 10 !== 0) {
        computed += next.computedPins;
        outputs += next.outputPins;
      }
      state = next.state;
      chip = edit(chip, rng);
    }
    // Few edits leave most of the chip alone.
    expect(computed).toBeGreaterThan(0);
    expect(computed).toBeLessThan(0.6 * outputs);
    console.log(`${((100 * computed) / outputs).toFixed(0)} % of the outputs computed`);
  });

  test('nothing changed, nothing computed; other constraints, all computed', () => {
    const netlist = markClocks(readNetlist(randomVerilog(5, 250, 40), kit).value, kit);
    const { placement, floorplan } = scatter(netlist, kit, 1);
    const wires = estimateParasitics(netlist, placement, kit, floorplan);
    const constraints = readSdc(ONE_CLOCK, portNames(netlist));
    const first = updateTiming(null, netlist, kit, wires, constraints);
    const again = updateTiming(first.state, netlist, kit, wires, constraints);
    expect(again.computedPins).toBe(0);
    expect(again.report).toEqual(first.report);
    const slower = { ...constraints, inputSlewsPs: [{ ports: null, value: 90 }], drivingCells: [] };
    const other = updateTiming(first.state, netlist, kit, wires, slower);
    expect(other.computedPins).toBe(other.outputPins);
    expect(other.report).toEqual(analyzeTiming(netlist, kit, wires, slower));
  });
});
