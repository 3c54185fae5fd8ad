import { IngotError } from '../../base/diagnostic.ts';
import { validateChip, type Chip } from '../chip/index.ts';
import type { Program } from '../compiler/index.ts';
import { activationMemory, activationModule } from './activation.ts';
import { arrayModule, peModule } from './array.ts';
import { controlModule } from './control.ts';
import { drainModule, requantizerModule, writebackModule } from './drain.ts';
import { axiModule, loaderModule } from './host-axi.ts';
import { spiModule } from './host-spi.ts';
import { countersModule, hostWrites, topOf } from './host.ts';
import { macroBlackBox, macroModel, macroOf, memoryModules, type Memory } from './memory.ts';
import {
  bakedProgramModule,
  biasMemory,
  configurationModule,
  parametersModule,
  programMemory,
  programModule,
  scaleMemory,
  weightMemory,
  weightsModule,
} from './program.ts';
import { queueModule, sequencerModule, transferModule } from './sequencer.ts';
import { shapeOf, type Shape } from './shape.ts';
import { tensorsHex, testbenchModule } from './testbench.ts';
import { topModule } from './top.ts';
import type { Macro, RtlDesign, SourceFile } from './types.ts';
import { walkerModule } from './walker.ts';
import { weightLoadModule } from './weight-load.ts';

/** Modules of one chip: suffix of the name and text. */
function modulesOf(s: Shape): readonly (readonly [suffix: string, text: string])[] {
  const baked = s.program !== null;
  const { host } = s.chip;
  return [
    ...(host === 'axi' ? ([['_axi', axiModule(s)]] as const) : []),
    ...(host === 'spi' ? ([['_spi', spiModule(s)]] as const) : []),
    ...(host === 'stream' ? [] : ([['_loader', loaderModule(s)]] as const)),
    ['', topModule(s)],
    ['_sequencer', sequencerModule(s)],
    ...(s.chip.queueDepth > 0 ? ([['_queue', queueModule(s)]] as const) : []),
    ...(s.weightStream ? ([['_weight_load', weightLoadModule(s)]] as const) : []),
    ['_transfer', transferModule(s)],
    ['_walker', walkerModule(s)],
    ['_control', controlModule(s)],
    ['_pe', peModule(s)],
    ['_array', arrayModule(s)],
    ['_drain', drainModule(s)],
    ['_requantizer', requantizerModule(s)],
    ['_writeback', writebackModule(s)],
    ['_activation', activationModule(s)],
    ['_program', baked ? bakedProgramModule(s) : programModule(s)],
    ...(baked
      ? []
      : ([
          ['_configuration', configurationModule(s)],
          ['_counters', countersModule(s)],
        ] as const)),
    ['_weights', weightsModule(s)],
    ['_parameters', parametersModule(s)],
  ];
}

function memoriesOf(s: Shape): Memory[] {
  const constant = s.program !== null;
  return [
    activationMemory(s),
    ...(constant ? [] : [programMemory(s), weightMemory(s), biasMemory(s), scaleMemory(s)]),
  ];
}

/**
 * SystemVerilog for a chip, one module a file. A baked chip needs its program (RTL-001; RTL-002 if the program
 * needs what the chip has not); for a programmable one the program is loaded through the host port while rst_n is
 * low.
 */
export function generateRtl(chip: Chip, program: Program | null): RtlDesign {
  validateChip(chip);
  if (chip.bake && !program)
    throw new IngotError('RTL-001', 'a baked chip needs a program', {
      place: 'chip.bake',
      remedy: 'compile a model first, or set bake to false',
    });
  const shape = shapeOf(chip, program);
  const memories = memoriesOf(shape);
  const macros = new Map<string, Macro>();
  for (const m of memories) {
    const macro = macroOf(m);
    if (macro) macros.set(macro.name, macro);
  }
  const modules = modulesOf(shape).map(([suffix, text]) => ({ name: `${chip.name}${suffix}.sv`, text }));
  return {
    top: topOf(chip),
    chip,
    sources: [...modules, ...memories.flatMap(memoryModules)],
    macros: [...macros.values()],
    models: [...macros.values()].map(macroModel),
    blackBoxes: [...macros.values()].map(macroBlackBox),
    testbench: [{ name: `${chip.name}_tb.sv`, text: testbenchModule(chip) }],
  };
}

/** What a run of the testbench needs: the files it reads and its plusargs (without the leading `+`). */
export interface RtlStimuli {
  readonly files: readonly SourceFile[];
  readonly plusargs: readonly string[];
}

/**
 * Stimuli for the testbench: stimulus.hex, expected.hex and, for a programmable chip, host.hex.
 * gaps: cycles in_valid, and out_ready, stay low after each beat.
 * weightStream: what LDW and LDP take in a pass, the same in each.
 */
export function rtlStimuli(
  program: Program,
  inputs: readonly Int8Array[],
  expected: readonly Int8Array[],
  gaps: { readonly input: number; readonly output: number; readonly weights?: number } = {
    input: 0,
    output: 0,
  },
  weightStream: Int8Array = new Int8Array(0),
): RtlStimuli {
  const files = [
    { name: 'stimulus.hex', text: tensorsHex(inputs) },
    { name: 'expected.hex', text: tensorsHex(expected) },
  ];
  const plusargs = [
    `count=${inputs.length}`,
    `in_bytes=${program.inputBytes}`,
    `out_bytes=${program.outputBytes}`,
    `in_gap=${gaps.input}`,
    `out_gap=${gaps.output}`,
  ];
  if (program.chip.bake) return { files, plusargs };
  const host = hostWrites(program.chip, program).map((w) =>
    ((BigInt(w.region) << 59n) | (BigInt(w.word) << 39n) | (BigInt(w.part) << 32n) | BigInt(w.data)).toString(
      16,
    ),
  );
  return {
    files: [
      ...files,
      ...(weightStream.length > 0 ? [{ name: 'weights.hex', text: tensorsHex([weightStream]) }] : []),
      { name: 'host.hex', text: host.join('\n') + '\n' },
    ],
    plusargs: [
      ...plusargs,
      `host_words=${host.length}`,
      `w_bytes=${weightStream.length}`,
      `w_gap=${gaps.weights ?? 0}`,
    ],
  };
}
