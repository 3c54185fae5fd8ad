import { pack, unpack } from '../../base/pack.ts';
import type { Model } from '../../stages/model/index.ts';
import type { LayerLoss } from '../../stages/quantize/index.ts';
import type { StepContext } from '../step.ts';
import { defineStep } from '../step.ts';
import { judged } from './chip-state.ts';
import {
  ACCURACY_LOSS_MAX,
  TEST_FILES,
  accuracyOf,
  percent,
  readSamplesFor,
  readTestSet,
} from './test-set.ts';

/** Calibration samples on which the loss of each layer is measured. */
const LOSS_SAMPLES = 32;
/** Layers named in the log. */
const WORST = 3;

export const quantizeStep = defineStep({
  name: 'quantize',
  title: 'Quantise to int8',
  version: 3,
  inputs: ['model.bin'],
  files: ['calibration'],
  optionalFiles: TEST_FILES,
  outputs: ['int8.bin', 'quantization.json'],
  exports: ['quantization.json'],
  settings: ['quantize.range', 'quantize.calibrationSamples', 'data.pixels'],
  async run(context) {
    const stage = await import('../../stages/quantize/index.ts');
    const { runFloat } = await import('../../stages/model/index.ts');
    const model = unpack<Model>(context.readArtefact('model.bin'));
    const inputs = model.inputs.map((id) => model.tensors[id]!);
    const pixels = context.settings['data.pixels'];
    const set = readSamplesFor(context, 'calibration', inputs, pixels);
    const samples = set.samples.slice(0, context.settings['quantize.calibrationSamples']);
    context.progress(0.05, `calibrating on ${samples.length} samples`);
    const range = context.settings['quantize.range'];
    const { value: graph, diagnostics } = stage.quantize(model, samples, { range });
    diagnostics.forEach(context.log);
    context.writeArtefact('int8.bin', pack(graph));
    context.proof({
      name: 'the int8 graph is well formed',
      judge: 'verifyQuantGraph',
      result: judged(context, stage.verifyQuantGraph(graph)),
      detail: `${graph.ops.length} operators, ${graph.tensors.length} tensors: scales, ranges, shapes, multipliers`,
    });
    context.progress(0.3, 'loss of each layer');
    const layers = stage.measureLosses(model, graph, samples.slice(0, LOSS_SAMPLES));
    reportLosses(context, layers);
    const claim = { name: 'int8 keeps the accuracy', judge: 'integer reference against float reference' };
    const test = readTestSet(context, model, pixels);
    if (!test?.labels) {
      context.writeArtefact('quantization.json', json({ range, samples: samples.length, layers }));
      context.proof({ ...claim, result: 'skipped', detail: 'the project gives no labelled test images' });
      return;
    }
    context.progress(0.4, 'float reference on the test set');
    const accuracy = (run: (x: readonly Float32Array[]) => ArrayLike<number>): number =>
      accuracyOf(test.samples.map(run), test.labels!);
    const accuracyFloat = accuracy((x) => runFloat(model, x)[0]!);
    context.progress(0.7, 'integer reference on the test set');
    const accuracyInt8 = accuracy((x) => stage.runInteger(graph, x)[0]!);
    context.writeArtefact(
      'quantization.json',
      json({ range, samples: samples.length, accuracyFloat, accuracyInt8, layers }),
    );
    context.metric('accuracyFloat', accuracyFloat);
    context.metric('accuracyInt8', accuracyInt8);
    context.proof({
      ...claim,
      result: accuracyFloat - accuracyInt8 <= ACCURACY_LOSS_MAX ? 'pass' : 'fail',
      detail: `${test.samples.length} images: float ${percent(accuracyFloat)}, int8 ${percent(accuracyInt8)}, limit ${ACCURACY_LOSS_MAX * 100} points`,
    });
  },
});

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** The layers that lose most by themselves, as remarks; the least signal-to-noise ratio as a metric. */
function reportLosses(context: Pick<StepContext, 'log' | 'metric'>, layers: readonly LayerLoss[]): void {
  if (layers.length === 0) return;
  const worst = [...layers].sort((a, b) => a.aloneDb - b.aloneDb).slice(0, WORST);
  context.metric('worstLayerNoise', worst[0]!.aloneDb, 'dB');
  context.metric('outputNoise', layers.at(-1)!.signalToNoiseDb, 'dB');
  for (const { op, aloneDb, signalToNoiseDb } of worst) {
    const message = `signal over quantisation noise ${aloneDb.toFixed(1)} dB by itself, ${signalToNoiseDb.toFixed(1)} dB with all before it`;
    context.log({ code: 'QUANT-110', severity: 'info', place: op, message });
  }
}
