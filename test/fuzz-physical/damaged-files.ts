/** Files of every format, of one small chip, and what their readers make of damage. */
import { IngotError } from '../../src-main/base/diagnostic.ts';
import { buildClockTree } from '../../src-main/stages/clock/index.ts';
import { extractParasitics, readSpef, writeSpef } from '../../src-main/stages/extraction/index.ts';
import { makeFloorplan } from '../../src-main/stages/floorplan/index.ts';
import { readKit } from '../../src-main/stages/kit/index.ts';
import type { Kit } from '../../src-main/stages/kit/types.ts';
import { readDef, readGds, writeDef, writeGds } from '../../src-main/stages/layout/index.ts';
import { markClocks, readNetlist, writeVerilog } from '../../src-main/stages/netlist/index.ts';
import { placeChip } from '../../src-main/stages/placement/index.ts';
import { routeChip } from '../../src-main/stages/routing/index.ts';
import { readSdc } from '../../src-main/stages/timing/index.ts';
import { damageBytes, damageText } from './mutate.ts';
import { randomChip } from './random-chip.ts';

export interface Format {
  readonly name: string;
  /** Reads a file damaged by this seed. */
  readonly read: (seed: number) => void;
}

export interface FileEnd {
  readonly format: string;
  readonly seed: number;
  readonly end: 'read' | 'refused' | 'broken';
  readonly code: string;
  readonly detail: string;
  readonly seconds: number;
}

export const SLOW_SECONDS = 5;
/** A chip of some cells, flops among them. */
const CHIP_SEED = 4;
const GATES = [
  'INV_X1',
  'NAND2_X1',
  'XOR2_X1',
  'DFF_X1',
  'DFFR_X1',
  'FA_X1',
  'CLKGATE_X1',
  'AOI21_X1',
  'TBUF_X1',
];

/** Blocks `head NAME ...` up to their end that `keep` does not want are left out. */
function without(
  text: string,
  head: RegExp,
  end: (name: string, from: number) => number,
  keep: (n: string) => boolean,
) {
  let out = '';
  let from = 0;
  for (let m = head.exec(text); m; m = head.exec(text)) {
    const to = end(m[1]!, m.index + m[0].length);
    if (!keep(m[1]!)) {
      out += text.slice(from, m.index);
      from = to;
    }
    head.lastIndex = to;
  }
  return out + text.slice(from);
}

function closingBrace(text: string, from: number): number {
  let depth = 1;
  let at = from;
  for (; depth > 0 && at < text.length; at++)
    if (text[at] === '{') depth++;
    else if (text[at] === '}') depth--;
  return at;
}

export interface KitTexts {
  readonly techLef: string;
  readonly cellLef: string;
  readonly liberty: string;
}

/** The kit with the cells it cannot do without and a few gates: what reads in milliseconds. */
function smallKit(texts: KitTexts, kit: Kit): KitTexts {
  const r = kit.roles;
  const names = new Set([
    r.tieHigh.master, r.tieLow.master, r.tap, r.antennaDiode, ...r.fillers, ...r.buffers, ...r.clockBuffers, ...GATES,
  ]); // prettier-ignore
  const keep = (name: string): boolean => names.has(name);
  const lefEnd = (name: string, from: number): number =>
    texts.cellLef.indexOf(`END ${name}`, from) + `END ${name}`.length;
  return {
    techLef: texts.techLef,
    cellLef: without(texts.cellLef, /\bMACRO (\S+)/g, lefEnd, keep),
    liberty: without(
      texts.liberty,
      /\bcell \((\w+)\) \{/g,
      (_, from) => closingBrace(texts.liberty, from),
      keep,
    ),
  };
}

const SDC = `# constraints of the fuzzed chip
create_clock -name clk -period 1.25 [get_ports clk]
set_propagated_clock [get_clocks {clk}]
set_clock_uncertainty -setup 0.02 [get_clocks clk]
set_clock_transition 0.03 [all_clocks]
set_input_delay -max 0.2 -clock clk [all_inputs -no_clocks]
set_input_delay -min 0.1 -clock clk [get_ports {in0 in1 \\
  in2}]
set_output_delay 0.25 -clock [get_clocks {clk}] [all_outputs]
set_input_transition 0.02 [all_inputs]; set_load 4.5 [all_outputs]
set_driving_cell -lib_cell BUF_X2 -pin Z [get_ports "in0 in1"]
set_false_path -from [get_ports in0]
set_multicycle_path -setup 2 -to [get_pins {u1/D}]
set_max_transition 0.2 [current_design]
set_max_fanout 20 [current_design]
`;

export function formats(kit: Kit, kitGds: Uint8Array, texts: KitTexts): Format[] {
  const small = smallKit(texts, kit);
  const read = (changed: Partial<KitTexts>): void => void readKit({ name: kit.name, ...small, ...changed });
  read({});
  const chip = randomChip(CHIP_SEED, kit);
  const mapped = markClocks(readNetlist(chip.verilog, kit).value, kit);
  const plan = makeFloorplan(mapped, kit, chip.floorplan);
  const placed = placeChip(plan.netlist, kit, plan.floorplan, plan.placement);
  const { floorplan } = placed;
  const clocked = buildClockTree(placed.netlist, kit, floorplan, placed.placement);
  const routed = routeChip(clocked.netlist, floorplan, clocked.placement, kit).value;
  const { netlist, placement, routing } = routed;
  const verilog = writeVerilog(netlist, kit, { physicalCells: false });
  const def = writeDef(netlist, floorplan, placement, routing, kit);
  const gds = writeGds({ netlist, floorplan, placement, routing, kit }, kitGds);
  const wires = extractParasitics(netlist, placement, floorplan, routing, kit).value;
  const spef = writeSpef(wires, netlist, kit);
  return [
    { name: 'technology LEF', read: (s) => read({ techLef: damageText(small.techLef, s) }) },
    { name: 'cell LEF', read: (s) => read({ cellLef: damageText(small.cellLef, s) }) },
    { name: 'Liberty', read: (s) => read({ liberty: damageText(small.liberty, s) }) },
    { name: 'Verilog', read: (s) => void readNetlist(damageText(verilog, s), kit) },
    { name: 'DEF', read: (s) => void readDef(damageText(def, s)) },
    { name: 'SDC', read: (s) => void readSdc(damageText(SDC, s)) },
    { name: 'SPEF', read: (s) => void readSpef(damageText(spef, s), netlist, kit) },
    { name: 'GDS', read: (s) => void readGds(damageBytes(gds, s)) },
  ];
}

/** `file:line:column` for texts, a byte offset for GDS. */
const PLACE = /[: ]\d+:\d+$/;
const GDS_PLACE = /byte \d+$/;

export function readDamaged(format: Format, seed: number): FileEnd {
  const start = performance.now();
  const close = (end: FileEnd['end'], code: string, detail: string): FileEnd => {
    const seconds = (performance.now() - start) / 1000;
    if (seconds > SLOW_SECONDS)
      return {
        format: format.name,
        seed,
        end: 'broken',
        code,
        detail: `took ${seconds.toFixed(1)} s`,
        seconds,
      };
    return { format: format.name, seed, end, code, detail, seconds };
  };
  try {
    format.read(seed);
    return close('read', '', '');
  } catch (error) {
    if (!(error instanceof IngotError))
      return close('broken', '', String((error as Error).stack).slice(0, 600));
    const { code, message, place } = error.diagnostic;
    const isPlaced = (format.name === 'GDS' ? GDS_PLACE : PLACE).test(place ?? '');
    return isPlaced
      ? close('refused', code, `${message} (${place})`)
      : close('broken', code, `no line and column: ${message.slice(0, 200)} (${place})`);
  }
}
