import { pack, unpack } from '../../base/pack.ts';
import type { Model } from '../../stages/model/index.ts';
import { defineStep } from '../step.ts';
import { judged } from './chip-state.ts';
import {
  ACCURACY_LOSS_MAX,
  TEST_FILES,
  accuracyOf,
  inputOf,
  percent,
  readSamples,
  readTestSet,
} from './test-set.ts';

export const quantizeStep = defineStep({
  name: 'quantize',
  title: 'Quantise to int8',
  version: 2,
  inputs: ['model.bin'],
  files: ['calibration'],
  optionalFiles: TEST_FILES,
  outputs: ['quantized.bin'],
  settings: ['quantize.range', 'quantize.calibrationSamples'],
  async run(context) {
    const stage = await import('../../stages/quantize/index.ts');
    const { runFloat } = await import('../../stages/model/index.ts');
    const model = unpack<Model>(context.readArtefact('model.bin'));
    const samples = readSamples(context, 'calibration', inputOf(model)).slice(
      0,
      context.settings['quantize.calibrationSamples'],
    );
    const percentile = context.settings['quantize.range'] === 'percentile' ? 99.99 : 100;
    context.progress(0.05, `calibrating on ${samples.length} samples`);
    const { value: graph, diagnostics } = stage.quantize(model, samples, { percentile });
    diagnostics.forEach(context.log);
    context.writeArtefact('quantized.bin', pack(graph));
    context.proof({
      name: 'the int8 graph is well formed',
      judge: 'verifyQuantGraph',
      result: judged(context, stage.verifyQuantGraph(graph)),
      detail: `${graph.ops.length} operators, ${graph.tensors.length} tensors: scales, ranges, shapes, multipliers`,
    });
    const claim = { name: 'int8 keeps the accuracy', judge: 'integer reference against float reference' };
    const test = readTestSet(context, model);
    if (!test?.labels) {
      context.proof({ ...claim, result: 'skipped', detail: 'the project gives no labelled test images' });
      return;
    }
    context.progress(0.4, 'float reference on the test set');
    const float = accuracyOf(
      test.images.map((x) => runFloat(model, [x])[0]!),
      test.labels,
    );
    context.progress(0.7, 'integer reference on the test set');
    const int8 = accuracyOf(
      test.images.map((x) => stage.runCore(graph, stage.quantizeInput(graph, x))),
      test.labels,
    );
    context.metric('accuracyFloat', float);
    context.metric('accuracyInt8', int8);
    context.proof({
      ...claim,
      result: float - int8 <= ACCURACY_LOSS_MAX ? 'pass' : 'fail',
      detail: `${test.images.length} images: float ${percent(float)}, int8 ${percent(int8)}, limit ${ACCURACY_LOSS_MAX * 100} points`,
    });
  },
});
