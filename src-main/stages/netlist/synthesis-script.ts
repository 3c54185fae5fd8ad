/**
 * The Yosys script that turns RTL into a netlist of kit cells. Pure text; a tool runs it. Written for every
 * Yosys from 0.23 on. Cells not to be used are not named here: they are cut out of the Liberty that the script
 * reads (trimLiberty), because old versions of abc cannot be told.
 */
import { IngotError } from '../../base/diagnostic.ts';
import { functionVariables, parseFunction } from '../kit/index.ts';
import type { Kit } from '../kit/types.ts';
import { clockGateMap } from './clock-gate-map.ts';
import { constantAdderMap, enableFlopMap, fullAdderMap, prefixCarryMap } from './synthesis-maps.ts';
import { abcCommands, RECIPES, type SynthesisRecipe } from './synthesis-recipes.ts';

export interface SynthesisOptions {
  readonly top: string;
  /** File names as the script is to read them. */
  readonly sources: readonly string[];
  readonly libertyPath: string;
  readonly clockPeriodPs: number;
  /** True dissolves modules before optimisation, false only after mapping. */
  readonly flatten: boolean;
  /** True makes cells of the kit of clock gates that the RTL spells out; default false. */
  readonly clockGates?: boolean;
  /** Sinks per net above which abc buffers; absent = abc's own choice by load. */
  readonly maxFanout?: number;
  /** Default `area`. */
  readonly recipe?: SynthesisRecipe;
}

export interface SynthesisScript {
  readonly script: string;
  /** Further files the script reads. */
  readonly files: readonly { readonly name: string; readonly text: string }[];
  /** The netlist that it writes. */
  readonly output: string;
}

const CONSTRAINT_FILE = 'abc.constr';
const NETLIST_FILE = 'netlist.v';

/** Driver of inputs and load of outputs, fF: what ORFS gives abc for this kit (the load is one BUF_X4 input). */
export const OUTPUT_LOAD_FF = 3.898;

/** Constants travel along a carry chain by one adder a round; what is left is correct, only larger. */
const CONSTANT_ROUNDS = 4;

/** Throws NETLIST-040 on names that a script cannot hold and on a clock that is no time. */
export function synthesisScript(kit: Kit, options: SynthesisOptions): SynthesisScript {
  const { top, sources, libertyPath, clockPeriodPs, flatten, clockGates = false, maxFanout } = options;
  const recipe = options.recipe ?? 'area';
  const details = RECIPES[recipe];
  for (const name of [top, libertyPath, ...sources])
    if (!/^[A-Za-z0-9_./-]+$/.test(name))
      throw new IngotError('NETLIST-040', `"${name}" cannot stand in a synthesis script`, {
        remedy: 'use letters, digits, _ . / and - only',
      });
  if (
    !(clockPeriodPs > 0 && Number.isFinite(clockPeriodPs)) ||
    (maxFanout !== undefined && !(maxFanout >= 2))
  )
    throw new IngotError('NETLIST-040', 'clock period or fan-out limit is out of range', {
      remedy: 'give a period above 0 ps and a fan-out limit of at least 2',
    });
  const { tieHigh, tieLow, buffers } = kit.roles;
  const buffer = kit.masters.find((m) => m.name === buffers[0])!;
  const [bufferIn, bufferOut] = ['input', 'output'].map(
    (d) => buffer.pins.find((p) => p.direction === d)!.name,
  );
  const abc = [
    'abc',
    '-liberty',
    libertyPath,
    '-constr',
    CONSTRAINT_FILE,
    '-D',
    String(Math.round(clockPeriodPs * details.sizingShare)),
  ];
  const commands = abcCommands(recipe, maxFanout);
  if (commands !== null) abc.push('-script', commands);
  const adders = details.keepsAdders ? fullAdderMap(kit) : null;
  const constants = details.keepsAdders ? constantAdderMap(kit) : null;
  const flops = details.keepsEnables ? enableFlopMap(kit) : null;
  const carries = details.hasPrefixCarries ? prefixCarryMap() : null;
  const gates = clockGates ? clockGateMap(kit) : null;
  const lines = [
    ...sources.map((file) => `read_verilog -sv ${file}`),
    `hierarchy -check -top ${top}`,
    `synth -top ${top}${flatten ? ' -flatten' : ''} -run begin:fine`,
    // What `synth` does in its step `fine`, but with full adders kept whole (maccmap leaves $fa).
    'opt -fast -full',
    'memory_map',
    'opt -undriven -fine',
    'maccmap',
    ...(adders ? [`techmap -map ${adders.name}`] : []),
    // Together, as only Yosys's own maps bring the carries of $alu to light.
    carries ? `techmap -map ${carries.name} -map +/techmap.v` : 'techmap',
    'opt -fast',
    // Among latches, what they drive and their nets; the whole design as a graph takes gigabytes.
    ...(gates ? [`extract -map ${gates.pattern.name} t:$_DLATCH_N_ %co2 %x1`] : []),
    // `abc -fast` of old versions, spelled out: Yosys 0.6x no longer takes the option.
    'abc -script +strash;dretime;map',
    'opt -fast',
    'opt_clean',
    ...(constants
      ? Array.from({ length: CONSTANT_ROUNDS }, () => [
          `techmap -map ${constants.name}`,
          'techmap',
          'opt -fast',
        ]).flat()
      : []),
    ...(flops ? [`techmap -map ${flops.name}`] : []),
    `dfflibmap -liberty ${libertyPath}`,
    'opt -fast',
    'setundef -zero',
    abc.join(' '),
    ...(flatten ? [] : ['flatten']),
    // Later versions leave notes on the hierarchy in cells of this type.
    'delete t:$scopeinfo',
    // Tells the checks which pins drive.
    `read_liberty -lib -ignore_miss_func ${libertyPath}`,
    ...(gates ? [`read_verilog -lib ${gates.box.name}`] : []),
    'opt_clean -purge',
    'check -mapped -assert',
    // Without -singleton every constant pin gets a tie cell of its own: no net of constants across the chip.
    `hilomap -hicell ${tieHigh.master} ${tieHigh.pin} -locell ${tieLow.master} ${tieLow.pin}`,
    'splitnets -ports',
    `insbuf -buf ${buffer.name} ${bufferIn} ${bufferOut}`,
    'opt_clean -purge',
    'stat',
    `write_verilog -noattr -noexpr -nohex -nodec ${NETLIST_FILE}`,
  ];
  const constraints = `set_driving_cell ${buffer.name}\nset_load ${OUTPUT_LOAD_FF}\n`;
  return {
    script: lines.join('\n') + '\n',
    files: [
      { name: CONSTRAINT_FILE, text: constraints },
      ...[adders, constants, flops, carries, gates?.pattern, gates?.box].filter((map) => map != null),
    ],
    output: NETLIST_FILE,
  };
}

/** Masters that synthesis must not see: not to be used, physical, or of a kind that the flow does not support. */
export function cellsNotForSynthesis(kit: Kit): Set<string> {
  const isHold = (name: string): boolean => name === kit.roles.holdFlop?.master;
  const unfit = kit.masters.filter(
    (m) =>
      m.dontUse ||
      m.kind !== 'core' ||
      (m.sequential !== null &&
        (m.sequential.kind !== 'flop' || isScan(m.sequential.nextState)) &&
        !isHold(m.name)) ||
      m.pins.some((pin) => pin.threeState !== null) ||
      // Clock buffers are for the clock tree.
      kit.roles.clockBuffers.includes(m.name),
  );
  return new Set(unfit.map((m) => m.name));
}

/** A flop that picks between two data inputs; Yosys's dfflibmap cannot read its function. */
const isScan = (nextState: string): boolean => functionVariables(parseFunction(nextState)).length > 1;
