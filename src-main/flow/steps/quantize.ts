import { pack, unpack } from '../../base/pack.ts';
import type { Diagnosed } from '../../base/diagnostic.ts';
import type { ImportedModel, Model } from '../../stages/model/index.ts';
import type { LayerLoss, QuantGraph } from '../../stages/quantize/index.ts';
import type { StepContext } from '../step.ts';
import { defineStep } from '../step.ts';
import { judged } from './chip-state.ts';
import {
  ACCURACY_LOSS_MAX,
  TEST_FILES,
  accuracyOf,
  holdsBytes,
  percent,
  readSamples,
  readSamplesFor,
  readTestSet,
  type Sampled,
} from './test-set.ts';

/** Calibration samples on which the loss of each layer is measured. */
const LOSS_SAMPLES = 32;
/** Layers named in the log. */
const WORST = 3;

const WELL_FORMED = 'the int8 graph is well formed';

export const quantizeStep = defineStep({
  name: 'quantize',
  title: 'Quantise to int8',
  version: 4,
  inputs: ['model.bin'],
  optionalFiles: ['calibration', ...TEST_FILES],
  outputs: ['int8.bin', 'quantization.json'],
  exports: ['quantization.json'],
  settings: ['quantize.range', 'quantize.calibrationSamples', 'data.pixels'],
  async run(context) {
    const stage = await import('../../stages/quantize/index.ts');
    const imported = unpack<ImportedModel>(context.readArtefact('model.bin'));
    if (imported.kind === 'integer')
      return adopted(context, stage, imported.model, stage.adopt(imported.model));
    const { model } = imported;
    if (stage.isQuantised(model)) return adopted(context, stage, model, stage.adoptQdq(model));
    const { runFloat } = await import('../../stages/model/index.ts');
    return quantised(context, stage, model, (x) => runFloat(model, x)[0]!);
  },
});

type Stage = typeof import('../../stages/quantize/index.ts');
type Context = StepContext<'quantize.range' | 'quantize.calibrationSamples' | 'data.pixels'>;

function judgeGraph(context: Context, stage: Stage, graph: QuantGraph): void {
  context.writeArtefact('int8.bin', pack(graph));
  context.proof({
    name: WELL_FORMED,
    judge: 'verifyQuantGraph',
    result: judged(context, stage.verifyQuantGraph(graph)),
    detail: `${graph.ops.length} operators, ${graph.tensors.length} tensors: scales, ranges, shapes, multipliers`,
  });
}

/** A model that is int8 already: nothing is calibrated; what the project expects must come, byte for byte. */
function adopted(context: Context, stage: Stage, model: Sampled, found: Diagnosed<QuantGraph>): void {
  const { value: graph, diagnostics } = found;
  diagnostics.forEach(context.log);
  judgeGraph(context, stage, graph);
  const claim = { name: 'int8 outputs equal those expected', judge: 'integer reference interpreter' };
  const test = readTestSet(context, model, context.settings['data.pixels']);
  if (!test) {
    context.writeArtefact('quantization.json', json({ range: 'of the file', samples: 0, layers: [] }));
    context.proof({ ...claim, result: 'skipped', detail: 'the project gives no test images' });
    return;
  }
  const areBytes = holdsBytes(context, 'test.images');
  context.progress(0.3, 'integer reference on the test set');
  const outputs = test.samples.map((x) => stage.runInteger(graph, stage.graphInputs(graph, x, areBytes))[0]!);
  const accuracyInt8 = test.labels ? accuracyOf(outputs, test.labels) : null;
  if (accuracyInt8 !== null) context.metric('accuracyInt8', accuracyInt8);
  context.writeArtefact(
    'quantization.json',
    json({
      range: 'of the file',
      samples: 0,
      ...(accuracyInt8 === null ? {} : { accuracyInt8 }),
      layers: [],
    }),
  );
  const output = graph.tensors[graph.outputs[0]!]!;
  if (!context.hasFile('test.expected') || output.dtype !== 'int8') {
    context.proof({ ...claim, result: 'skipped', detail: 'the project gives no expected int8 outputs' });
    return;
  }
  const expected = readSamples(context, 'test.expected', { name: output.name, shape: output.modelShape });
  let differing = 0;
  expected.forEach((want, i) => want.forEach((v, k) => (differing += v === outputs[i]?.[k] ? 0 : 1)));
  context.proof({
    ...claim,
    result: differing === 0 && expected.length === outputs.length ? 'pass' : 'fail',
    detail: `${outputs.length} of ${expected.length} samples, ${differing} bytes differ`,
  });
}

type Run = (inputs: readonly Float32Array[]) => Float32Array;

function quantised(context: Context, stage: Stage, model: Model, runFloat: Run): void {
  const inputs = model.inputs.map((id) => model.tensors[id]!);
  const pixels = context.settings['data.pixels'];
  const set = readSamplesFor(context, 'calibration', inputs, pixels);
  const samples = set.samples.slice(0, context.settings['quantize.calibrationSamples']);
  context.progress(0.05, `calibrating on ${samples.length} samples`);
  const range = context.settings['quantize.range'];
  const { value: graph, diagnostics } = stage.quantize(model, samples, { range });
  diagnostics.forEach(context.log);
  judgeGraph(context, stage, graph);
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
  const accuracyFloat = accuracy(runFloat);
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
}

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
