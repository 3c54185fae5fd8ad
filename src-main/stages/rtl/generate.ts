import { IngotError } from '../../base/diagnostic.ts';
import { validateChip, type Chip } from '../chip/index.ts';
import type { Program } from '../compiler/index.ts';
import { activationModule } from './activation.ts';
import { arrayModule, peModule } from './array.ts';
import { controlModule } from './control.ts';
import { drainModule, requantizerModule, writebackModule } from './drain.ts';
import { hostWrites, parametersModule, programModule, weightsModule } from './program.ts';
import { sequencerModule, transferModule } from './sequencer.ts';
import { shapeOf, type Shape } from './shape.ts';
import { tensorsHex, testbenchModule } from './testbench.ts';
import { topModule } from './top.ts';
import type { RtlDesign, SourceFile } from './types.ts';
import { walkerModule } from './walker.ts';

const MODULES: readonly (readonly [suffix: string, text: (s: Shape) => string])[] = [
  ['', topModule],
  ['_sequencer', sequencerModule],
  ['_transfer', transferModule],
  ['_walker', walkerModule],
  ['_control', controlModule],
  ['_pe', peModule],
  ['_array', arrayModule],
  ['_drain', drainModule],
  ['_requantizer', requantizerModule],
  ['_writeback', writebackModule],
  ['_activation', activationModule],
  ['_program', programModule],
  ['_weights', weightsModule],
  ['_parameters', parametersModule],
];

/**
 * SystemVerilog for a chip, one module a file. A baked chip needs its program (RTL-001); for a programmable
 * one the program is loaded through the host port while rst_n is low.
 */
export function generateRtl(chip: Chip, program: Program | null): RtlDesign {
  validateChip(chip);
  if (chip.bake && !program)
    throw new IngotError('RTL-001', 'a baked chip needs a program', {
      place: 'chip.bake',
      remedy: 'compile a model first, or set bake to false',
    });
  const shape = shapeOf(chip, program);
  return {
    top: chip.name,
    sources: MODULES.map(([suffix, text]) => ({ name: `${chip.name}${suffix}.sv`, text: text(shape) })),
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
 * gaps: cycles in_valid, and out_ready, stay low after each byte.
 */
export function rtlStimuli(
  program: Program,
  inputs: readonly Int8Array[],
  expected: readonly Int8Array[],
  gaps: { readonly input: number; readonly output: number } = { input: 0, output: 0 },
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
    ((BigInt(w.region) << 54n) | (BigInt(w.word) << 38n) | (BigInt(w.part) << 32n) | BigInt(w.data)).toString(
      16,
    ),
  );
  return {
    files: [...files, { name: 'host.hex', text: host.join('\n') + '\n' }],
    plusargs: [...plusargs, `host_words=${host.length}`],
  };
}
