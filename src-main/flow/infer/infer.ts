/** `ingot infer`: a model on files of inputs, by any of the engines, its outputs as files. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { IngotError, type Diagnostic } from '../../base/diagnostic.ts';
import { worldError } from '../../project/world.ts';
import { chipOfShape, validateChip, type Chip } from '../../stages/chip/index.ts';
import type { TensorData } from '../../stages/model/index.ts';
import { rawBytes, readTensors, type TensorSlot } from './arrays.ts';
import { runBatch, type SegmentReport } from './engines.ts';
import { ENGINES, readSubject, type Engine, type NamedBytes } from './subject.ts';

export interface InferRequest {
  /** Paths. One input file for each input of the model. */
  readonly model: string;
  readonly inputs: readonly string[];
  /** A folder, created if need be: output.N.bin and result.json are written there. */
  readonly out: string;
  readonly engine?: string;
  /** `4x16`: rows and columns of the array. */
  readonly chip?: string;
  readonly lanes?: string;
  readonly calibration?: string;
  /** `1x3x48x192` for each input, where the file leaves sizes open. */
  readonly shapes?: readonly string[];
  readonly signal?: AbortSignal;
}

export interface InferTensor {
  readonly name: string;
  readonly dtype: string;
  /** One sample, batch included. */
  readonly shape: readonly number[];
  readonly file: string;
}

/** result.json */
export interface InferResult {
  readonly model: string;
  readonly engine: Engine;
  readonly chip: { readonly rows: number; readonly columns: number; readonly lanes: number } | null;
  readonly samples: number;
  readonly inputs: readonly InferTensor[];
  readonly outputs: readonly InferTensor[];
  /** Of each sample on the accelerator, transfers included; null for float and int8. */
  readonly cycles: readonly number[] | null;
  /** Cycles of the EXEC engine alone, weights resident. */
  readonly coreCycles: number | null;
  readonly segments: readonly SegmentReport[];
}

/** Exact in everything but floats; INFER-0xx and what import, quantisation and compilation refuse. */
export async function infer(
  request: InferRequest,
): Promise<{ result: InferResult; diagnostics: readonly Diagnostic[] }> {
  const engine = engineOf(request.engine);
  const chip = chipOf(request.chip ?? '4x16', request.lanes);
  const shapes = request.shapes?.length ? request.shapes.map(shapeOf) : undefined;
  const calibration = request.calibration === undefined ? undefined : await readNamed(request.calibration);
  const subject = readSubject(await readNamed(request.model), { engine, calibration, shapes });
  if (request.inputs.length !== subject.inputs.length)
    throw new IngotError(
      'INFER-006',
      `${request.inputs.length} input files for a model of ${subject.inputs.length} inputs`,
      {
        place: '--input',
        remedy: `give one file each for ${subject.inputs.map((s) => s.name).join(', ')}`,
      },
    );
  const columns = await Promise.all(
    subject.inputs.map(async (slot, i) => {
      const file = await readNamed(request.inputs[i]!);
      return readTensors(file.bytes, file.name, slot);
    }),
  );
  const count = columns[0]!.length;
  const odd = columns.findIndex((c) => c.length !== count);
  if (odd >= 0)
    throw new IngotError('INFER-006', `${columns[odd]!.length} samples beside ${count}`, {
      place: request.inputs[odd]!,
      remedy: 'give as many samples of each input',
    });
  const samples = Array.from({ length: count }, (_, i) => columns.map((c) => c[i]!));
  const batch = await runBatch(subject, samples, chip, request.signal);
  const isOnChip = subject.engine === 'simulator' || subject.engine === 'rtl';
  const described = (slots: readonly TensorSlot[], files: readonly string[]): InferTensor[] =>
    slots.map(({ name, dtype, shape }, i) => ({ name, dtype, shape, file: files[i]! }));
  const files = subject.outputs.map((_, i) => `output.${i}.bin`);
  const result: InferResult = {
    model: subject.name,
    engine: subject.engine,
    chip: isOnChip ? { rows: chip.rows, columns: chip.columns, lanes: chip.lanes } : null,
    samples: count,
    inputs: described(
      subject.inputs,
      request.inputs.map((f) => basename(f)),
    ),
    outputs: described(subject.outputs, files),
    cycles: batch.cycles,
    coreCycles: batch.coreCycles,
    segments: batch.segments,
  };
  await writeResults(request.out, result, batch.outputs);
  return { result, diagnostics: subject.diagnostics };
}

async function writeResults(
  out: string,
  result: InferResult,
  outputs: readonly (readonly TensorData[])[],
): Promise<void> {
  try {
    await mkdir(out, { recursive: true });
    for (const [i, { file, dtype }] of result.outputs.entries()) {
      const values = outputs.map((sample) => sample[i]!);
      await writeFile(join(out, file), rawBytes(values, dtype as TensorSlot['dtype']));
    }
    await writeFile(join(out, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
  } catch (error) {
    throw worldError(error, out) ?? error;
  }
}

async function readNamed(path: string): Promise<NamedBytes> {
  try {
    return { name: basename(path), bytes: new Uint8Array(await readFile(path)) };
  } catch (error) {
    throw new IngotError('FILE-001', `cannot read ${path}: ${(error as NodeJS.ErrnoException).code}`, {
      place: path,
      remedy: 'check the name and that the file may be read',
    });
  }
}

function engineOf(text: string | undefined): Engine | undefined {
  if (text === undefined || (ENGINES as readonly string[]).includes(text)) return text as Engine | undefined;
  throw new IngotError('INFER-007', `there is no engine ${text}`, {
    place: '--engine',
    remedy: `use one of ${ENGINES.join(', ')}`,
  });
}

function shapeOf(text: string): number[] {
  if (/^[1-9]\d{0,8}(x[1-9]\d{0,8}){0,7}$/.test(text)) return text.split('x').map(Number);
  throw new IngotError('INFER-008', `${text} is no shape of a tensor`, {
    place: '--shape',
    remedy: 'sizes with x between them, such as 1x3x48x192',
  });
}

function chipOf(shape: string, lanes: string | undefined): Chip {
  const match = /^(\d{1,3})x(\d{1,3})$/i.exec(shape);
  const isCount = lanes === undefined || /^\d{1,3}$/.test(lanes);
  if (!match || !isCount)
    throw new IngotError(
      'INFER-008',
      match ? `--lanes ${lanes} is no number` : `${shape} is no shape of a chip`,
      {
        place: match ? '--lanes' : '--chip',
        remedy: 'rows x columns such as 4x16, and a number of lanes that divides the columns',
      },
    );
  const chip = chipOfShape(
    Number(match[1]),
    Number(match[2]),
    lanes === undefined ? undefined : Number(lanes),
  );
  validateChip(chip);
  return chip;
}
