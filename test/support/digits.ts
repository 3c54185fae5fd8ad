/** The digits models of the corpus, imported and quantised as the flow does it. */
import { existsSync, readFileSync } from 'node:fs';
import { importModel } from '../../src-main/stages/model/index.ts';
import { quantize, quantizeInput, type QuantGraph } from '../../src-main/stages/quantize/index.ts';

const corpus = new URL('../../../shared/corpus/', import.meta.url).pathname;

export const haveCorpus = existsSync(`${corpus}digits-cnn/model.onnx`);

function images(file: string): Float32Array[] {
  const raw = new Uint8Array(readFileSync(`${corpus}digits-data/${file}`));
  const all = new Float32Array(raw.buffer);
  return Array.from({ length: all.length / 64 }, (_, i) => all.slice(i * 64, (i + 1) * 64));
}

export interface Digits {
  readonly graph: QuantGraph;
  readonly inputs: Int8Array[];
  readonly labels: Int32Array;
}

/** name: a digits case of the corpus with float weights, e.g. `digits-cnn`. */
export function loadDigits(name = 'digits-cnn'): Digits {
  const model = importModel(
    new Uint8Array(readFileSync(`${corpus}${name}/model.onnx`)),
    `${name}.onnx`,
  ).value;
  const graph = quantize(model, images('Xtr.bin').slice(0, 200)).value;
  const labels = new Int32Array(new Uint8Array(readFileSync(`${corpus}digits-data/yte.bin`)).buffer);
  return { graph, inputs: images('Xte.bin').map((x) => quantizeInput(graph, x)), labels };
}
