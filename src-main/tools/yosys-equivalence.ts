/**
 * Proof by Yosys that two netlists of kit cells are the same machine. Cells become their functions from the Liberty,
 * flip-flops are matched by the nets that they drive and cut open into ports (`expose -evert-dff`), and what is left,
 * combinational, is compared by abc's `&cec`: simulation, then SAT from the inputs to the outputs on nodes that look
 * alike (Mishchenko, Chatterjee, Brayton, Een: Improvements to Combinational Equivalence Checking, ICCAD 2006). Sound,
 * not complete: flip-flops that were moved through logic, latches and clock gates give "not proved".
 */
import { IngotError } from '../base/diagnostic.ts';
import type { Kit } from '../stages/kit/index.ts';
import { readNetlist } from '../stages/netlist/index.ts';
import { pairFlops } from './pair-flops.ts';
import { runYosys, type YosysRunOptions } from './yosys-engine.ts';

export interface EquivalenceInput {
  readonly top: string;
  /** Netlists as Verilog, of the kit's cells. */
  readonly gold: string;
  readonly gate: string;
  readonly kit: Kit;
  /** Functions of the cells. */
  readonly liberty: string;
}

/** `undecided`: flip-flops have no partner. */
export type EquivalenceVerdict = 'proved' | 'different' | 'undecided';

export interface Equivalence {
  readonly verdict: EquivalenceVerdict;
  readonly isProved: boolean;
  /** Flip-flops that were matched, and those of them that have another name in `gate`. */
  readonly flops: number;
  readonly renamed: number;
  /** Functions compared: outputs, and clock and next state of each flip-flop. */
  readonly points: number;
  readonly version: string;
}

/** What the script reads beside gold.v, gate.v and cells.lib. */
export const FLOPS_FILE = 'flops.v';

/**
 * Asynchronous flip-flops as plain ones, before they are cut open: Yosys would compare their pins and forget whether
 * one sets or clears. With clock C & R and data R & D (or ~R | D) both the condition and the value are compared: for
 * R = 1 they are C and D, for R = 0 the clock is still and the data is the value.
 */
export const FLOPS = `(* techmap_celltype = "$_DFF_N_" *)
module falling (input D, C, output Q);
  \\$_DFF_P_ _TECHMAP_REPLACE_ (.D(D), .C(~C), .Q(Q));
endmodule
(* techmap_celltype = "$_DFF_PN0_" *)
module cleared (input D, C, R, output Q);
  \\$_DFF_P_ _TECHMAP_REPLACE_ (.D(R & D), .C(R & C), .Q(Q));
endmodule
(* techmap_celltype = "$_DFF_PN1_" *)
module set (input D, C, R, output Q);
  \\$_DFF_P_ _TECHMAP_REPLACE_ (.D(~R | D), .C(R & C), .Q(Q));
endmodule
(* techmap_celltype = "$_DFFSR_PNN_" *)
module set_cleared (input D, C, S, R, output Q);
  \\$_DFF_P_ _TECHMAP_REPLACE_ (.D(R & (~S | D)), .C(R & S & C), .Q(Q));
endmodule
`;

/** Net of `gold` or `gate` -> name that it gets for the proof. */
type Renames = ReadonlyMap<string, string>;
const NONE: Renames = new Map();

/** Written by the script: the answer, how many functions, how many flip-flops. */
const [ANSWER, POINTS, MATCHED] = ['answer.txt', 'points.txt', 'matched.txt'] as const;

const half = (top: string, side: string, renames: Renames): string[] => [
  'read_liberty -ignore_miss_func -ignore_miss_dir cells.lib',
  `read_verilog ${side}.v`,
  `hierarchy -check -top ${top}`,
  `cd ${top}`,
  ...[...renames].map(([from, to]) => `rename \\${from} ${to}`),
  'cd ..',
  // Nets of the design keep their names; those that Yosys made up (_0123_), and pins of cells, hide theirs. Its
  // patterns have no ranges.
  `setattr -set design_net 1 ${top}/w:* ${top}/w:_[0123456789]* %d`,
  'flatten',
  'rename -hide w:* a:design_net=1 %d',
  // Ports as bits: Yosys writes them so after splitnets, Ingot as buses.
  'splitnets -ports',
  'opt_clean -purge',
  `rename ${top} ${side}`,
  `design -stash ${side}`,
  'design -reset',
];

const STATEFUL = ['t:$_*FF*', 't:$_*LATCH*', 't:$*ff', 't:$*ffe', 't:$*latch'];

/** Ends with an error when flip-flops are left over; otherwise answer.txt says what abc found. */
export const equivalenceScript = (top: string, gold: Renames = NONE, gate: Renames = NONE): string =>
  [
    ...half(top, 'gold', gold),
    ...half(top, 'gate', gate),
    'design -copy-from gold -as gold gold',
    'design -copy-from gate -as gate gate',
    `techmap -map ${FLOPS_FILE}`,
    'expose -evert-dff -dff -shared gold gate',
    `tee -q -o ${POINTS} select -count gold/o:*`,
    `tee -q -o ${MATCHED} select -count gold/o:*.d`,
    'miter -equiv -flatten gold gate miter',
    'hierarchy -top miter',
    'opt_clean -purge',
    `select -assert-none ${STATEFUL.map((type) => `miter/${type}`).join(' ')}`,
    'techmap',
    'opt_clean -purge',
    `tee -o ${ANSWER} abc -script +strash;&get,-n;&cec,-m`,
    '',
  ].join('\n');

/** How Yosys says that flip-flops are left over. */
export const LEFT_OVER = 'Assertion failed: selection is not empty';

/**
 * Flip-flops of other names are matched first (pair-flops.ts); a wrong match cannot give a wrong proof. Throws as
 * runYosys and readNetlist; TOOL-027 when nothing was compared, or the answer is not understood.
 */
export async function proveEquivalent(
  input: EquivalenceInput,
  options: YosysRunOptions = {},
): Promise<Equivalence> {
  const { top, kit, liberty } = input;
  if (!/^[A-Za-z_]\w*$/.test(top)) throw unusable(`top module ${top} is no plain name`);
  const [gold, gate] = [input.gold, input.gate].map((text) => readNetlist(text, kit, top).value);
  const pairs = pairFlops(gold!, gate!, kit);
  const run = {
    script: equivalenceScript(top, pairs.gold, pairs.gate),
    files: [
      { name: 'cells.lib', text: liberty },
      { name: FLOPS_FILE, text: FLOPS },
      { name: 'gold.v', text: input.gold },
      { name: 'gate.v', text: input.gate },
    ],
    outputs: [ANSWER, POINTS, MATCHED],
  };
  const renamed = pairs.gate.size;
  let version = '';
  let isLeftOver = false;
  const onLine = (line: string): void => {
    version ||= /^ ?(Yosys [0-9].*?) *$/.exec(line)?.[1] ?? '';
    isLeftOver ||= line.includes(LEFT_OVER);
    options.onLine?.(line);
  };
  try {
    const { outputs } = await runYosys(run, { ...options, onLine });
    const count = (name: string): number => parseCount(outputs.get(name)!);
    const verdict = parseAnswer(outputs.get(ANSWER)!);
    const points = { flops: count(MATCHED), points: count(POINTS) };
    return { verdict, isProved: verdict === 'proved', ...points, renamed, version };
  } catch (error) {
    if (!isLeftOver) throw error;
    return { verdict: 'undecided', isProved: false, flops: pairs.paired, points: 0, renamed, version };
  }
}

/** Pure: what `&cec` says in the end. */
export function parseAnswer(text: string): EquivalenceVerdict {
  if (/\bNetworks are equivalent\b/.test(text)) return 'proved';
  if (/\bNetworks are NOT EQUIVALENT\b/.test(text)) return 'different';
  if (/\bNetworks are UNDECIDED\b/.test(text)) return 'undecided';
  throw unusable('its answer is not understood');
}

/** Pure: `4052 objects.`; none is no proof. */
export function parseCount(text: string): number {
  const count = Number(/(\d+) objects/.exec(text)?.[1]);
  if (!(count > 0)) throw unusable('no points were compared');
  return count;
}

const unusable = (why: string): IngotError =>
  new IngotError('TOOL-027', `the proof of equivalence cannot be used: ${why}`, {
    place: 'yosys',
    remedy: 'see the log of Yosys',
  });
