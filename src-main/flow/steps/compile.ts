import { pack, unpack } from '../../base/pack.ts';
import type { QuantGraph } from '../../stages/quantize/index.ts';
import { defineStep } from '../step.ts';
import { CHIP_SETTINGS, chipOf, fitMemories, shapeOf } from './chip-settings.ts';

export const compileStep = defineStep({
  name: 'compile',
  title: 'Compile the program',
  version: 1,
  inputs: ['quantized.bin'],
  outputs: ['program.bin', 'program.asm'],
  exports: ['program.asm'],
  settings: CHIP_SETTINGS,
  async run(context) {
    const { compile, verifyProgram } = await import('../../stages/compiler/index.ts');
    const { assemble, disassemble } = await import('../../stages/chip/index.ts');
    const graph = unpack<QuantGraph>(context.readArtefact('quantized.bin'));
    const open = chipOf(context.settings);
    const chip = fitMemories(open, compile(graph, open).value);
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
    const complaints = verifyProgram(program, chip);
    complaints.forEach(context.log);
    context.proof({
      name: 'the schedule is legal',
      judge: 'verifyProgram, from the instruction words',
      result: complaints.some((c) => c.severity === 'error') ? 'fail' : 'pass',
      detail: `${shapeOf(chip)} engine, ${program.layers.length} layers: memory ports, tokens, bounds, accumulator overflow`,
    });
  },
});
