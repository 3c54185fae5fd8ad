import { IngotError, type Diagnostic } from '../base/diagnostic.ts';
import { trimLiberty, type Kit } from '../stages/kit/index.ts';
import {
  cellsNotForSynthesis,
  netlistStatistics,
  readNetlist,
  synthesisScript,
  verifyNetlist,
  type Netlist,
  type NetlistStatistics,
  type SynthesisRecipe,
} from '../stages/netlist/index.ts';
import type { Macro, SourceFile } from '../stages/rtl/types.ts';
import { runYosys, type YosysEngine, type YosysRun, type YosysRunOptions } from './yosys-engine.ts';

export interface SynthesizeInput {
  /** Name of the top module, synthesisable SystemVerilog, and what it takes as given: memory macros. */
  readonly design: {
    readonly top: string;
    readonly sources: readonly SourceFile[];
    readonly blackBoxes?: readonly SourceFile[];
    readonly macros?: readonly Pick<Macro, 'name'>[];
  };
  readonly kit: Kit;
  /** Text of the kit's Liberty. */
  readonly liberty: string;
  readonly clockPeriodPs: number;
  /** Default true: optimise across modules. False maps each module by itself. The result is flat either way. */
  readonly flatten?: boolean;
  readonly maxFanout?: number;
  /** Default false: see SynthesisOptions. */
  readonly clockGates?: boolean;
  /** Default `area`. */
  readonly recipe?: SynthesisRecipe;
}

export interface Synthesis {
  /** As Yosys wrote it. */
  readonly verilog: string;
  readonly netlist: Netlist;
  readonly statistics: NetlistStatistics;
  readonly engine: YosysEngine;
  readonly version: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** What Yosys is asked: script, the files it reads and the one it writes. A replay without Ingot takes the same. */
export function synthesisRun(input: SynthesizeInput): YosysRun {
  const { design, kit, liberty, clockPeriodPs, maxFanout, flatten = true, clockGates = false } = input;
  const { recipe } = input;
  const { top } = design;
  const texts = [...design.sources, ...(design.blackBoxes ?? [])];
  const sources = texts.map(({ name, text }, i) => ({ name: fileName(name, i), text }));
  const { script, files, output } = synthesisScript(kit, {
    top,
    sources: sources.map((s) => s.name),
    libertyPath: LIBERTY_FILE,
    clockPeriodPs,
    flatten,
    clockGates,
    ...(maxFanout === undefined ? {} : { maxFanout }),
    ...(recipe === undefined ? {} : { recipe }),
  });
  const cells = { name: LIBERTY_FILE, text: trimLiberty(liberty, cellsNotForSynthesis(kit)) };
  return { script, files: [...sources, cells, ...files], outputs: [output] };
}

/**
 * RTL to a flat netlist of kit cells. What Yosys says of its result is not relied on: the netlist is read with
 * our own reader, which knows no cell but the kit's, and judged by verifyNetlist.
 * Throws TOOL-02x (Yosys), NETLIST-0xx (unreadable or unmapped result), NETLIST-1xx (wrong structure), TOOL-026 when
 * the design holds memory macros that the kit has no cell for: it has been mapped then, but cannot become a layout.
 */
export async function synthesize(input: SynthesizeInput & YosysRunOptions): Promise<Synthesis> {
  const { design, kit } = input;
  const run = synthesisRun(input);
  const { outputs, engine, version } = await runYosys(run, input);
  const verilog = outputs.get(run.outputs[0]!)!;
  requireMacros(design.macros ?? [], kit);
  const { value: netlist, diagnostics } = readNetlist(verilog, kit, design.top);
  const wrong = verifyNetlist(netlist, kit)[0];
  if (wrong)
    throw new IngotError(wrong.code, `synthesis gave a netlist that is not sound: ${wrong.message}`, {
      ...(wrong.place === undefined ? {} : { place: wrong.place }),
      remedy: 'try the other Yosys (setting for the synthesis engine)',
    });
  return { verilog, netlist, statistics: netlistStatistics(netlist, kit), engine, version, diagnostics };
}

function requireMacros(macros: readonly Pick<Macro, 'name'>[], kit: Kit): void {
  const have = new Set(kit.masters.map((m) => m.name));
  const missing = macros.filter((m) => !have.has(m.name));
  if (missing.length === 0) return;
  throw new IngotError(
    'TOOL-026',
    `the chip is mapped, but its memory macros have no layout in ${kit.name}: ${missing.map((m) => m.name).join(', ')}`,
    { place: 'chip.memory', remedy: "set chip.memory to 'flops', or bake the program into the chip" },
  );
}

const LIBERTY_FILE = 'cells.lib';

/** Unique, without folders, and harmless in a script. */
function fileName(name: string, index: number): string {
  const base = name.replace(/^.*[/\\]/, '').replace(/[^A-Za-z0-9_.-]/g, '_');
  return `${index}_${base}`;
}
