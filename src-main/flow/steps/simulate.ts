import { pack, unpack } from '../../base/pack.ts';
import type { Program } from '../../stages/compiler/index.ts';
import type { ImportedModel } from '../../stages/model/index.ts';
import type { QuantGraph } from '../../stages/quantize/index.ts';
import { defineStep, type StepContext } from '../step.ts';
import { KEPT, type Stimulus } from './stimulus.ts';
import {
  ACCURACY_LOSS_MAX,
  TEST_FILES,
  accuracyOf,
  holdsBytes,
  inputOf,
  percent,
  readSamples,
  readTestSet,
  type Sampled,
  type TestSet,
} from './test-set.ts';
import { randomInputs } from './random-inputs.ts';

type Context = StepContext<'simulate.samples' | 'data.pixels'>;

const hasData = (context: Pick<Context, 'hasFile'>): boolean =>
  context.hasFile('test.images') || context.hasFile('calibration');

/** Test images, else calibration samples, else seeded random ones. */
function samplesFor(
  context: Context,
  model: Sampled,
  test: TestSet | null,
  graph: QuantGraph,
): readonly Float32Array[] {
  if (test) return test.images;
  if (hasData(context))
    return readSamples(context, 'calibration', inputOf(model), context.settings['data.pixels']);
  return randomInputs(graph, RANDOM_SAMPLES).map((x) => Float32Array.from(x[0]!));
}

/** Inferences where the project gives no data. */
const RANDOM_SAMPLES = 8;

export const simulateStep = defineStep({
  name: 'simulate',
  title: 'Simulate cycle by cycle',
  version: 3,
  inputs: ['model.bin', 'quantized.bin', 'program.bin'],
  optionalFiles: ['calibration', ...TEST_FILES],
  outputs: ['simulation.bin', 'stimulus.bin'],
  settings: ['simulate.samples', 'data.pixels'],
  async run(context) {
    const { simulate } = await import('../../stages/simulator/index.ts');
    const quantized = await import('../../stages/quantize/index.ts');
    const graph = unpack<QuantGraph>(context.readArtefact('quantized.bin'));
    const program = unpack<Program>(context.readArtefact('program.bin'));
    const imported = unpack<ImportedModel>(context.readArtefact('model.bin'));
    const test = readTestSet(context, imported.model, context.settings['data.pixels']);
    const samples = samplesFor(context, imported.model, test, graph).slice(
      0,
      context.settings['simulate.samples'],
    );
    const areBytes = holdsBytes(context, test ? 'test.images' : 'calibration') || !hasData(context);
    const inputs = samples.map((x) => quantized.quantizeInput(graph, x, areBytes));
    context.progress(0.1, `${inputs.length} inferences`);
    const simulation = simulate(program, program.chip, inputs);
    const { outputs, ...timing } = simulation;
    context.writeArtefact(
      'simulation.bin',
      pack({ ...timing, cycles: timing.cycles.slice(0, KEPT), lastOutputCycle: [] }),
    );
    const kept: Stimulus = {
      inputs: inputs.slice(0, KEPT),
      outputs: outputs.slice(0, KEPT),
      cycles: timing.cycles.slice(0, KEPT),
    };
    context.writeArtefact('stimulus.bin', pack(kept));
    context.metric('cycles', timing.cycles[0]!, 'cycles');
    context.metric('samples', inputs.length);
    context.progress(0.6, 'integer reference');
    let bits = 0;
    inputs.forEach((input, i) => {
      const want = quantized.runCore(graph, input);
      for (let k = 0; k < want.length; k++) if (want[k] !== outputs[i]![k]) bits++;
    });
    context.proof({
      name: 'the simulator computes what the integer model does',
      judge: 'integer reference interpreter',
      result: bits === 0 ? 'pass' : 'fail',
      detail: `${inputs.length} inferences, ${bits} of ${inputs.length * outputs[0]!.length} output bytes differ`,
    });
    const claim = { name: 'the chip keeps the accuracy', judge: 'cycle simulator against labels' };
    if (!test?.labels) {
      context.proof({ ...claim, result: 'skipped', detail: 'the project gives no labels' });
      return;
    }
    const { runFloat } = await import('../../stages/model/index.ts');
    const accuracy = accuracyOf(outputs, test.labels);
    context.metric('accuracy', accuracy);
    if (imported.kind === 'integer') {
      const detail = `${samples.length} images: ${percent(accuracy)}; the model has no float form to compare with`;
      context.proof({ ...claim, result: 'skipped', detail });
      return;
    }
    const float = accuracyOf(
      samples.map((x) => runFloat(imported.model, [x])[0]!),
      test.labels,
    );
    context.proof({
      ...claim,
      result: float - accuracy <= ACCURACY_LOSS_MAX ? 'pass' : 'fail',
      detail: `${samples.length} images: float ${percent(float)}, chip ${percent(accuracy)}, limit ${ACCURACY_LOSS_MAX * 100} points`,
    });
  },
});
