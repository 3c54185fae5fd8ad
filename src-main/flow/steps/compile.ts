import { pack, unpack } from '../../base/pack.ts';
import type { QuantGraph } from '../../stages/quantize/index.ts';
import { defineStep } from '../step.ts';
import { judged } from './chip-state.ts';
import { CHIP_SETTINGS, chipOf, fitChip, openChip, shapeOf } from './chip-settings.ts';

export const compileStep = defineStep({
  name: 'compile',
  title: 'Compile the program',
  version: 2,
  inputs: ['quantized.bin'],
  outputs: ['program.bin', 'program.asm'],
  exports: ['program.asm'],
  settings: CHIP_SETTINGS,
  async run(context) {
    const { compile, verifyProgram } = await import('../../stages/compiler/index.ts');
    const { assemble, disassemble } = await import('../../stages/chip/index.ts');
    const graph = unpack<QuantGraph>(context.readArtefact('quantized.bin'));
    const open = openChip(chipOf(context.settings));
    const chip = fitChip(open, compile(graph, open).value);
    const { value: program, diagnostics } = compile(graph, chip);
    diagnostics.forEach(context.log);
    const text = disassemble(program.words);
    context.writeArtefact('program.bin', pack(program));
    context.writeArtefact('program.asm', text);
    context.metric('instructions', program.words.length / 4);
    context.metric(
      'macs',
      program.layers.reduce((sum, l) => sum + l.macs, 0),
    );
    context.metric('weightBytes', program.weights.length, 'bytes');
    const isSame = Buffer.from(assemble(text).buffer).equals(Buffer.from(program.words.buffer));
    context.proof({
      name: 'the program survives disassembly',
      judge: 'disassemble and assemble',
      result: isSame ? 'pass' : 'fail',
      detail: `${program.words.length / 4} instructions, same words after the round trip`,
    });
    const { diagnostics: found, checked } = verifyProgram(program, chip);
    context.proof({
      name: 'the schedule is legal',
      judge: 'verifyProgram, from the disassembled instructions',
      result: judged(context, found),
      detail: `${shapeOf(chip)} engine, ${checked.instructions} instructions, ${checked.fetches} fetches, ${checked.writes} writes, ${checked.sums} sums, ${checked.alternatives} alternatives: memory ports, order, bounds, overflow, cheapest schedule`,
    });
  },
});
