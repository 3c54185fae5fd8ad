import { pack } from '../../base/pack.ts';
import { defineStep } from '../step.ts';
import { IngotError } from '../../base/diagnostic.ts';
import { judged } from './chip-state.ts';
import { TEST_FILES, inputOf, readSamples } from './test-set.ts';

/** Largest |difference| to the expected outputs, by the corpus' rule for float models. */
const FLOAT_TOLERANCE = 1e-4;

export const importModelStep = defineStep({
  name: 'import',
  title: 'Import the model',
  version: 3,
  inputs: [],
  files: ['model'],
  optionalFiles: TEST_FILES,
  outputs: ['model.bin'],
  settings: ['data.pixels'],
  async run(context) {
    const { importAnyModel, runFloat, verifyModel } = await import('../../stages/model/index.ts');
    const file = context.readFile('model');
    const { value: imported, diagnostics, passes } = importAnyModel(file.bytes, file.name);
    diagnostics.forEach(context.log);
    const applied = passes.filter((p) => p.count > 0).map((p) => `${p.pass} (${p.count})`);
    if (applied.length > 0)
      context.log({ code: 'MODEL-102', severity: 'info', message: `rewritten: ${applied.join(', ')}` });
    context.writeArtefact('model.bin', pack(imported));
    const sound = 'the imported model is well formed';
    const claim = { name: 'float outputs match those expected', judge: 'float reference interpreter' };
    if (imported.kind === 'integer') {
      const detail = 'an integer model: its int8 graph is judged in the next step';
      context.proof({ name: sound, judge: 'verifyModel', result: 'skipped', detail });
      context.proof({ ...claim, result: 'skipped', detail });
      return;
    }
    const { model } = imported;
    context.proof({
      name: sound,
      judge: 'verifyModel',
      result: judged(context, verifyModel(model)),
      detail: `${model.nodes.length} nodes, ${model.tensors.length} tensors: names, order, shapes, values`,
    });
    if (!context.hasFile('test.images') || !context.hasFile('test.expected')) {
      context.proof({ ...claim, result: 'skipped', detail: 'the project gives no expected outputs' });
      return;
    }
    if (model.inputs.length !== 1 || model.outputs.length !== 1) {
      context.proof({ ...claim, result: 'skipped', detail: 'only for models of one input and one output' });
      return;
    }
    if (model.nodes.some((n) => n.op === 'QuantizeLinear')) {
      const detail = 'a quantised model: outputs of other runtimes may differ by a step';
      context.proof({ ...claim, result: 'skipped', detail });
      return;
    }
    const images = readSamples(context, 'test.images', inputOf(model), context.settings['data.pixels']);
    const expected = readSamples(context, 'test.expected', model.tensors[model.outputs[0]!]!);
    if (expected.length !== images.length)
      throw new IngotError('FILE-011', `${expected.length} expected outputs for ${images.length} images`, {
        place: context.readFile('test.expected').name,
        remedy: 'give one expected output per image',
      });
    let worst = 0;
    expected.forEach((want, i) => {
      const got = runFloat(model, [images[i]!])[0]!;
      for (let k = 0; k < want.length; k++) worst = Math.max(worst, Math.abs(want[k]! - got[k]!));
      if (i % 32 === 0) context.progress(i / expected.length, 'float reference');
    });
    // Weights at the edge of float32 give outputs that are no numbers: the proof fails, no metric.
    if (Number.isFinite(worst)) context.metric('floatErrorMax', worst);
    context.proof({
      ...claim,
      result: worst <= FLOAT_TOLERANCE ? 'pass' : 'fail',
      detail: `${expected.length} samples, largest difference ${worst.toExponential(2)}, limit ${FLOAT_TOLERANCE}`,
    });
  },
});
