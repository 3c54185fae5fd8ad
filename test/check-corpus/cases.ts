/** The corpus case by case through the product's own entry: how far its outputs are from those expected. */
import { readdirSync } from 'node:fs';
import { chipOfShape } from '../../src-main/stages/chip/index.ts';
import { rawBytes, readTensors } from '../../src-main/flow/infer/arrays.ts';
import { runBatch, type Batch } from '../../src-main/flow/infer/engines.ts';
import { readSubject, type Engine, type Subject } from '../../src-main/flow/infer/subject.ts';
import { corpusFolder, readCase, type CorpusCase, type Sample } from '../support/corpus.ts';

/** As the corpus' README has them: T bit-exact, F and P floats within 1e-4, Q the quantised digits. */
export type Rule = 'T' | 'F' | 'P' | 'Q';

export interface CaseResult {
  readonly name: string;
  readonly rule: Rule;
  readonly engine: Engine;
  readonly samples: number;
  /** Samples that keep the rule. */
  readonly passed: number;
  /** Largest difference: bytes for T, relative or absolute by the rule for F and P, quanta for Q. */
  readonly worst: number;
  readonly cycles: number | null;
  readonly engineOperators: number;
  readonly hostOperators: number;
}

const TOLERANCE = 1e-4;

/** All cases with a model, in order of name. */
export const caseNames = (): string[] =>
  readdirSync(corpusFolder())
    .filter((name) => !name.endsWith('.md') && name !== 'digits-data')
    .sort();

export function ruleOf(name: string): Rule {
  if (name.startsWith('mlperf-') || name.startsWith('tflite-')) return 'T';
  if (name.startsWith('pt2-')) return 'P';
  return name.endsWith('-qdq') ? 'Q' : 'F';
}

/** Engines that can run a case: floats before quantisation, integers by reference and by simulator. */
export const enginesOf = (rule: Rule): readonly Engine[] =>
  rule === 'F' || rule === 'P' ? ['float'] : ['int8', 'simulator'];

export async function judgeCase(name: string, engine: Engine): Promise<CaseResult> {
  const rule = ruleOf(name);
  const data = readCase(name);
  const subject = readSubject({ name, bytes: data.model }, { engine, shapes: shapesOf(name, data) });
  const samples = samplesOf(data, subject);
  const batch = await runBatch(subject, samples, chipOfShape(4, 16));
  const { passed, worst } = compare(name, rule, data, subject, batch);
  const count = (on: 'engine' | 'host'): number =>
    batch.segments.filter((s) => s.on === on).reduce((sum, s) => sum + s.operators.length, 0);
  return {
    ...{ name, rule, engine, samples: samples.length, passed, worst },
    cycles: batch.cycles?.[0] ?? null,
    engineOperators: count('engine'),
    hostOperators: count('host'),
  };
}

/** Only onnx-* say the full shape, with the batch. */
const shapesOf = (name: string, data: CorpusCase): CorpusCase['inputShapes'] | undefined =>
  name.startsWith('onnx-') ? data.inputShapes : undefined;

/** Through the bytes of a file, as a user gives them. */
function samplesOf(data: CorpusCase, subject: Subject): ReturnType<typeof readTensors>[] {
  const columns = subject.inputs.map((slot, i) =>
    readTensors(rawBytes(data.allInputs[i]!, slot.dtype), `input.${i}.bin`, slot),
  );
  return columns[0]!.map((_, s) => columns.map((c) => c[s]!));
}

function compare(
  name: string,
  rule: Rule,
  data: CorpusCase,
  subject: Subject,
  batch: Batch,
): { passed: number; worst: number } {
  let [passed, worst] = [0, 0];
  // A static batch makes one sample of what the corpus counts as several.
  const expected = data.allExpected.map((list) => regroup(list, batch.outputs.length));
  batch.outputs.forEach((outputs, s) => {
    let isKept = true;
    expected.forEach((list, o) => {
      const [want, got] = [list[s]!, outputs[o]!];
      const distance = distanceOf(name, rule, subject, want, got);
      worst = Math.max(worst, distance);
      const limit = rule === 'T' ? 0 : rule === 'Q' ? 1 : TOLERANCE;
      const slack = rule === 'Q' ? 1e-3 : 0;
      isKept &&= want.length === got.length && distance <= limit + slack;
      if (rule === 'Q') isKept &&= argmax(want) === argmax(got);
    });
    if (isKept) passed++;
  });
  return { passed, worst };
}

function regroup(list: readonly Sample[], count: number): readonly ArrayLike<number>[] {
  if (list.length === count) return list;
  const per = list.length / count;
  return Array.from({ length: count }, (_, i) =>
    list.slice(i * per, (i + 1) * per).flatMap((x) => Array.from(x as ArrayLike<number>)),
  );
}

function distanceOf(
  name: string,
  rule: Rule,
  subject: Subject,
  want: ArrayLike<number>,
  got: ArrayLike<number>,
): number {
  // onnx-* are judged by relative difference, their values reach thousands; the digits by absolute.
  const isRelative = rule === 'F' && name.startsWith('onnx-');
  const quantum = rule === 'Q' ? outputQuantum(subject) : 1;
  let worst = want.length === got.length ? 0 : Infinity;
  for (let i = 0; i < want.length; i++) {
    const apart = Math.abs(want[i]! - got[i]!) / (isRelative ? Math.max(1, Math.abs(want[i]!)) : quantum);
    if (!(apart <= worst)) worst = apart;
  }
  return worst;
}

/** Step of the output, which the graph's last Dequantize reads. */
function outputQuantum({ graph }: Subject): number {
  const last = graph!.ops.find((op) => op.kind === 'dequantize' && graph!.outputs.includes(op.output));
  return last?.kind === 'dequantize' ? graph!.tensors[last.input]!.scale : 1;
}

/** The lowest index on a tie. */
function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
