/** The model corpus beside the repository: ../shared/corpus. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const corpus = new URL('../../../shared/corpus/', import.meta.url);

/** True where the corpus is not there; with INGOT_REQUIRE_TOOLS=1 its tests then fail instead of being skipped. */
export const skipCorpus = !existsSync(corpus) && process.env['INGOT_REQUIRE_TOOLS'] !== '1';
export const corpusFolder = (): string => fileURLToPath(corpus);
export const corpusNote = skipCorpus ? ' (skipped: corpus not found)' : '';

interface CaseTensor {
  readonly name: string;
  readonly file: string;
  readonly dtype: 'int8' | 'int32' | 'float32';
  readonly samples: number;
  readonly shape: readonly number[];
}
interface CaseFile {
  readonly model: string;
  readonly inputs: readonly CaseTensor[];
  readonly outputs: readonly CaseTensor[];
}

const ARRAYS = { int8: Int8Array, int32: Int32Array, float32: Float32Array };
export type Sample = InstanceType<(typeof ARRAYS)[keyof typeof ARRAYS]>;

export interface CorpusCase {
  readonly model: Uint8Array;
  /** First input, one array per sample. */
  readonly inputs: readonly Sample[];
  readonly expected: readonly Sample[];
  /** Every input and every output, for models of several; a label is no output. */
  readonly allInputs: readonly (readonly Sample[])[];
  readonly allExpected: readonly (readonly Sample[])[];
  /** As case.json gives them: with the batch axis for onnx-* only. */
  readonly inputShapes: readonly (readonly number[])[];
}

export function readCase(name: string): CorpusCase {
  const folder = new URL(`${name}/`, corpus);
  const json = JSON.parse(readFileSync(new URL('case.json', folder), 'utf8')) as CaseFile;
  const load = (t: CaseTensor): Sample[] => {
    const all = new ARRAYS[t.dtype](new Uint8Array(readFileSync(new URL(t.file, folder))).buffer);
    const size = t.shape.reduce((a, b) => a * b, 1);
    return Array.from({ length: t.samples }, (_, i) => all.slice(i * size, (i + 1) * size));
  };
  return {
    model: readFileSync(new URL(json.model, folder)),
    inputs: load(json.inputs[0]!),
    expected: load(json.outputs[0]!),
    allInputs: json.inputs.map(load),
    allExpected: json.outputs.filter((t) => t.name !== 'label').map(load),
    inputShapes: json.inputs.map((t) => t.shape),
  };
}
