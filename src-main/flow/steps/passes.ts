import { pack, unpack } from '../../base/pack.ts';
import type { PassName } from '../../stages/passes/index.ts';
import type { QuantGraph } from '../../stages/quantize/index.ts';
import { defineStep } from '../step.ts';
import { judged } from './chip-state.ts';
import { randomInputs } from './random-inputs.ts';

/** Setting of each pass. */
const SWITCHES = {
  'passes.deadCode': 'deadCode',
  'passes.constants': 'constants',
  'passes.reshapes': 'reshapes',
  'passes.pads': 'pads',
  'passes.tables': 'tables',
  'passes.constantChannels': 'constantChannels',
} as const satisfies Record<string, PassName>;
type Switch = keyof typeof SWITCHES;
const KEYS = Object.keys(SWITCHES) as Switch[];

/** Random inputs on which both graphs are run. */
const SAMPLES = 4;

export const passesStep = defineStep({
  name: 'passes',
  title: 'Simplify the int8 graph',
  version: 1,
  inputs: ['int8.bin'],
  outputs: ['quantized.bin', 'passes.bin'],
  settings: KEYS,
  async run(context) {
    const { runPasses, verifyElimination, accumulatorBits } = await import('../../stages/passes/index.ts');
    const { runInteger, verifyQuantGraph } = await import('../../stages/quantize/index.ts');
    const original = unpack<QuantGraph>(context.readArtefact('int8.bin'));
    const off = KEYS.filter((key) => !context.settings[key]).map((key) => SWITCHES[key]);
    const { graph, before, after, reports, elimination } = runPasses(original, { off });
    const bits = accumulatorBits(graph);
    context.writeArtefact('quantized.bin', pack(graph));
    context.writeArtefact(
      'passes.bin',
      pack({ before, after, reports, bits, proof: elimination?.proof ?? null }),
    );
    for (const { pass, saved, changes } of reports) {
      for (const change of changes)
        context.log({ code: 'PASS-101', severity: 'info', place: pass, message: change });
      if (changes.length === 0) continue;
      const { ops, macs, weightBytes } = saved;
      const message = `saved ${ops} operators, ${macs} multiply-accumulates, ${weightBytes} bytes of weights`;
      context.log({ code: 'PASS-100', severity: 'info', place: pass, message });
    }
    context.metric('savedOps', before.ops - after.ops);
    context.metric('savedMacs', before.macs - after.macs);
    context.metric('savedWeightBytes', before.weightBytes - after.weightBytes, 'bytes');
    context.metric('accumulatorBits', Math.max(1, ...bits.map((b) => b.bits)), 'bits');
    context.progress(0.3, 'judging');
    context.proof({
      name: 'the simplified graph is well formed',
      judge: 'verifyQuantGraph',
      result: judged(context, verifyQuantGraph(graph)),
      detail: `${graph.ops.length} operators, ${graph.tensors.length} tensors: scales, ranges, shapes, multipliers`,
    });
    const claim = {
      name: 'removed channels are constant for every input',
      judge: 'verifyElimination, from the proof',
    };
    if (elimination) {
      const tensors = elimination.proof.tensors;
      const channels = tensors.reduce((sum, t) => sum + t.low.length, 0);
      const kept = tensors.reduce((sum, t) => sum + (t.low.length > 0 ? t.kept.length : 0), 0);
      context.proof({
        ...claim,
        result: judged(context, verifyElimination(elimination)),
        detail: `${channels - kept} of ${channels} channels removed: interval of every channel, folded term of every sum, by induction`,
      });
    } else
      context.proof({ ...claim, result: 'skipped', detail: 'constant-channel elimination is switched off' });
    let differing = 0;
    for (const inputs of randomInputs(original, SAMPLES)) {
      const want = runInteger(original, inputs);
      runInteger(graph, inputs).forEach((values, i) => {
        for (let k = 0; k < values.length; k++) if (values[k] !== want[i]![k]) differing++;
      });
    }
    context.proof({
      name: 'the simplified graph computes what the original does',
      judge: 'integer reference interpreter',
      result: differing === 0 ? 'pass' : 'fail',
      detail: `${SAMPLES} random inputs, ${differing} output values differ`,
    });
  },
});
