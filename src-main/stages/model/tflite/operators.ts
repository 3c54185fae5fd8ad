/** TFLite's operators by builtin code, with the fields of their option tables (schema v3). */
import { IngotError } from '../../../base/diagnostic.ts';
import type { Table } from './flatbuffer.ts';
import type { Activation, IntegerNode, Padding } from './types.ts';

/** Everything of a node but its name and tensors. */
type Body = IntegerNode extends infer N
  ? N extends IntegerNode
    ? Omit<N, 'name' | 'inputs' | 'outputs'>
    : never
  : never;

/** Options as read from the file; where the table is left out, `of` gives the schema's default. */
export class Options {
  readonly #table: Table | undefined;
  readonly #place: string;

  constructor(table: Table | undefined, place: string) {
    this.#table = table;
    this.#place = place;
  }

  /** At least 1. */
  size(field: number, missing = 0): number {
    const value = this.#table?.int32(field, missing) ?? missing;
    if (value >= 1 && value <= 2 ** 20) return value;
    return this.#refuse(`a stride, window or dilation is ${value}`);
  }
  integer(field: number): number {
    return this.#table?.int32(field) ?? 0;
  }
  flag(field: number): boolean {
    return (this.#table?.uint8(field) ?? 0) !== 0;
  }
  real(field: number): number {
    const value = this.#table?.float32(field) ?? 0;
    return Number.isFinite(value) ? value : this.#refuse('an option is not a finite number');
  }
  padding(field: number): Padding {
    const value = this.#table?.int8(field) ?? 0;
    return value === 0 ? 'same' : value === 1 ? 'valid' : this.#refuse(`padding ${value} is unknown`);
  }
  activation(field: number): Activation {
    const value = this.#table?.int8(field) ?? 0;
    const names: readonly Activation[] = ['none', 'relu', 'reluN1To1', 'relu6', 'tanh'];
    return names[value] ?? this.#refuse(`fused activation ${value} is not read`);
  }
  #refuse(message: string): never {
    throw new IngotError('MODEL-063', message, {
      place: this.#place,
      remedy: 'convert the model again; the file may be damaged',
    });
  }
}

interface Operator {
  readonly name: string;
  readonly inputs: readonly [number, number];
  readonly read: (options: Options) => Body;
}

const noOptions =
  (op: Body['op']): ((options: Options) => Body) =>
  () =>
    ({ op }) as Body;

const arithmetic =
  (op: 'ADD' | 'SUB' | 'MUL') =>
  (o: Options): Body => ({ op, activation: o.activation(0) });

const pool =
  (op: 'AVERAGE_POOL_2D' | 'MAX_POOL_2D') =>
  (o: Options): Body => ({
    op,
    padding: o.padding(0),
    strideW: o.size(1),
    strideH: o.size(2),
    kernelW: o.size(3),
    kernelH: o.size(4),
    activation: o.activation(5),
  });

const conv2d = (o: Options): Body => ({
  op: 'CONV_2D',
  padding: o.padding(0),
  strideW: o.size(1),
  strideH: o.size(2),
  activation: o.activation(3),
  dilationW: o.size(4, 1),
  dilationH: o.size(5, 1),
});

/** Field 3, the depth multiplier, is what the shapes say. */
const depthwise = (o: Options): Body => ({
  op: 'DEPTHWISE_CONV_2D',
  padding: o.padding(0),
  strideW: o.size(1),
  strideH: o.size(2),
  activation: o.activation(4),
  dilationW: o.size(5, 1),
  dilationH: o.size(6, 1),
});

const lstm = (o: Options): Body => ({
  op: 'UNIDIRECTIONAL_SEQUENCE_LSTM',
  activation: o.activation(0),
  cellClip: o.real(1),
  timeMajor: o.flag(3),
});

const stridedSlice = (o: Options): Body => ({
  op: 'STRIDED_SLICE',
  beginMask: o.integer(0),
  endMask: o.integer(1),
  otherMasks: o.integer(2) | o.integer(3),
  shrinkMask: o.integer(4),
});

const entry = (
  code: number,
  name: string,
  inputs: readonly [number, number],
  read: (options: Options) => Body,
): [number, Operator] => [code, { name, inputs, read }];

/** code, name, fewest and most inputs, reader */
export const OPERATORS: ReadonlyMap<number, Operator> = new Map([
  entry(0, 'ADD', [2, 2], arithmetic('ADD')),
  entry(1, 'AVERAGE_POOL_2D', [1, 1], pool('AVERAGE_POOL_2D')),
  entry(2, 'CONCATENATION', [1, 64], (o) => ({
    op: 'CONCATENATION',
    axis: o.integer(0),
    activation: o.activation(1),
  })),
  entry(3, 'CONV_2D', [2, 3], conv2d),
  entry(4, 'DEPTHWISE_CONV_2D', [2, 3], depthwise),
  entry(6, 'DEQUANTIZE', [1, 1], noOptions('DEQUANTIZE')),
  entry(9, 'FULLY_CONNECTED', [2, 3], (o) => ({ op: 'FULLY_CONNECTED', activation: o.activation(0) })),
  entry(14, 'LOGISTIC', [1, 1], noOptions('LOGISTIC')),
  entry(17, 'MAX_POOL_2D', [1, 1], pool('MAX_POOL_2D')),
  entry(18, 'MUL', [2, 2], arithmetic('MUL')),
  entry(19, 'RELU', [1, 1], noOptions('RELU')),
  entry(21, 'RELU6', [1, 1], noOptions('RELU6')),
  entry(22, 'RESHAPE', [1, 2], noOptions('RESHAPE')),
  entry(25, 'SOFTMAX', [1, 1], (o) => ({ op: 'SOFTMAX', beta: o.real(0) })),
  entry(28, 'TANH', [1, 1], noOptions('TANH')),
  entry(34, 'PAD', [2, 2], noOptions('PAD')),
  entry(39, 'TRANSPOSE', [2, 2], noOptions('TRANSPOSE')),
  entry(40, 'MEAN', [2, 2], noOptions('MEAN')),
  entry(41, 'SUB', [2, 2], arithmetic('SUB')),
  entry(43, 'SQUEEZE', [1, 1], noOptions('SQUEEZE')),
  entry(44, 'UNIDIRECTIONAL_SEQUENCE_LSTM', [20, 24], lstm),
  entry(45, 'STRIDED_SLICE', [4, 4], stridedSlice),
  entry(60, 'PADV2', [3, 3], noOptions('PADV2')),
  entry(70, 'EXPAND_DIMS', [2, 2], noOptions('EXPAND_DIMS')),
  entry(83, 'PACK', [1, 64], (o) => ({ op: 'PACK', axis: o.integer(1), activation: 'none' })),
  entry(114, 'QUANTIZE', [1, 1], noOptions('QUANTIZE')),
  entry(117, 'HARD_SWISH', [1, 1], noOptions('HARD_SWISH')),
]);

/** Names of what is read, for messages and the operator table. */
export const TFLITE_OPERATORS: readonly string[] = [...OPERATORS.values()].map((o) => o.name).sort();
