import { pack } from '../../base/pack.ts';
import { defineStep } from '../step.ts';
import { TEST_FILES, readSamples } from './test-set.ts';

/** Largest |difference| to the expected outputs, by the corpus' rule for float models. */
const FLOAT_TOLERANCE = 1e-4;

export const importModelStep = defineStep({
  name: 'import',
  title: 'Import the model',
  version: 1,
  inputs: [],
  files: ['model'],
  optionalFiles: TEST_FILES,
  outputs: ['model.bin'],
  settings: [],
  async run(context) {
    const { importModel, runFloat, verifyModel } = await import('../../stages/model/index.ts');
    const file = context.readFile('model');
    const { value: model, diagnostics } = importModel(file.bytes, file.name);
    diagnostics.forEach(context.log);
    context.writeArtefact('model.bin', pack(model));
    const complaints = verifyModel(model);
    complaints.forEach(context.log);
    context.proof({
      name: 'the imported model is well formed',
      judge: 'verifyModel',
      result: complaints.length === 0 ? 'pass' : 'fail',
      detail: `${model.nodes.length} nodes, ${model.tensors.length} tensors: names, order, shapes, values`,
    });
    const claim = { name: 'float outputs match those expected', judge: 'float reference interpreter' };
    if (!context.hasFile('test.images') || !context.hasFile('test.expected')) {
      context.proof({ ...claim, result: 'skipped', detail: 'the project gives no expected outputs' });
      return;
    }
    const images = readSamples(context, 'test.images');
    const expected = readSamples(context, 'test.expected');
    let worst = 0;
    expected.forEach((want, i) => {
      const got = runFloat(model, [images[i]!])[0]!;
      if (got.length !== want.length) worst = Infinity;
      for (let k = 0; k < want.length; k++) worst = Math.max(worst, Math.abs(want[k]! - got[k]!));
      if (i % 32 === 0) context.progress(i / expected.length, 'float reference');
    });
    context.metric('floatErrorMax', worst);
    context.proof({
      ...claim,
      result: worst <= FLOAT_TOLERANCE ? 'pass' : 'fail',
      detail: `${expected.length} samples, largest difference ${worst.toExponential(2)}, limit ${FLOAT_TOLERANCE}`,
    });
  },
});
