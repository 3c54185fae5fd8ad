/** Checks the host's operators against their definition (types.ts): sizes, tables, factors, indices in range. */
import type {
  BroadcastSumOp,
  ConcatOp,
  HostOp,
  LstmOp,
  MeanOp,
  MulOp,
  PadOp,
  QuantTensor,
  SliceOp,
  SoftmaxOp,
  TransposeOp,
} from './types.ts';
import type { Report } from './verify-rules.ts';
import {
  checkClamps,
  checkFactor,
  checkMultiplier,
  isInt8,
  product,
  sameScale,
  size,
} from './verify-rules.ts';

/** What the engine's kind of check does not know; boundary operators are verify.ts's. */
type Exact = Exclude<HostOp, { kind: 'quantize' | 'dequantize' | 'float' }>;

/** tensors: inputs, then the output. */
export function checkHostOp(op: Exact, tensors: readonly QuantTensor[], report: Report): void {
  const input = tensors[0]!;
  const output = tensors.at(-1)!;
  switch (op.kind) {
    case 'softmax':
      return checkSoftmax(op, input, output, report);
    case 'lut':
      if (op.table.length !== 256) report('QUANT-203', `a table of ${op.table.length}`);
      if (size(input) !== size(output)) report('QUANT-202', 'the number of elements changes');
      return;
    case 'broadcastAdd':
    case 'sub':
    case 'mul':
      return checkBroadcast(op, tensors, report);
    case 'concat':
      return checkConcat(op, tensors, report);
    case 'pad':
    case 'transpose':
    case 'slice':
      return checkMoved(op, input, output, report);
    case 'mean':
      return checkMean(op, input, output, report);
    case 'lstm':
      return checkLstm(op, input, output, report);
  }
}

function checkSoftmax(op: SoftmaxOp, input: QuantTensor, output: QuantTensor, report: Report): void {
  if (size(input) !== size(output) || size(input) % op.depth !== 0 || op.depth >= 4096) {
    report('QUANT-202', `rows of ${op.depth} in [${input.shape}]`);
  }
  if (output.scale !== 1 / 256 || output.zeroPoint !== -128) {
    report('QUANT-204', 'the output of Softmax has another scale');
  }
  const { multiplierQ31, shift } = op.inputBeta;
  if (!(multiplierQ31 >= 2 ** 30 && multiplierQ31 < 2 ** 31 && shift >= 1 && shift <= 31)) {
    report('QUANT-204', `multiplier ${multiplierQ31} / 2^31 · 2^${shift}`);
  }
  // -31 in Q5.26 before scaling: exp of less is 0.
  if (op.diffMin !== -Math.floor(31 * 2 ** (26 - shift)))
    report('QUANT-204', `smallest difference ${op.diffMin}`);
}

function checkBroadcast(op: BroadcastSumOp | MulOp, tensors: readonly QuantTensor[], report: Report): void {
  const [a, b, out] = tensors as [QuantTensor, QuantTensor, QuantTensor];
  const [first, second] = op.shapes;
  const fits = first.every((d, i) => d === second[i] || d === 1 || second[i] === 1);
  const joint = first.map((d, i) => Math.max(d, second[i] ?? 0));
  const isSized = product(first) === size(a) && product(second) === size(b) && product(joint) === size(out);
  if (first.length !== second.length || !fits || !isSized) {
    report('QUANT-202', `[${first}] and [${second}] do not broadcast to [${out.shape}]`);
  }
  checkClamps(op, report);
  if (op.kind === 'mul') return checkFactor(op.outputScale, (a.scale * b.scale) / out.scale, 30, report);
  // SUB's factors are float32.
  const bits = op.kind === 'sub' ? 22 : 30;
  const twiceMax = 2 * Math.max(a.scale, b.scale);
  checkFactor(op.input1, a.scale / twiceMax, bits, report);
  checkFactor(op.input2, b.scale / twiceMax, bits, report);
  checkFactor(op.outputScale, twiceMax / (2 ** 20 * out.scale), bits, report);
}

function checkConcat(op: ConcatOp, tensors: readonly QuantTensor[], report: Report): void {
  const output = tensors.at(-1)!;
  const inputs = tensors.slice(0, -1);
  const isSized = inputs.every((t, i) => op.outer * op.chunks[i]! === size(t));
  const total = op.chunks.reduce((a, b) => a + b, 0);
  if (!isSized || op.chunks.length !== inputs.length || op.outer * total !== size(output)) {
    report('QUANT-202', `parts of ${op.chunks}, ${op.outer} times`);
  }
  if (!inputs.every((t) => sameScale(t, output))) report('QUANT-204', 'joins tensors of other scales');
}

function checkMoved(
  op: PadOp | TransposeOp | SliceOp,
  input: QuantTensor,
  output: QuantTensor,
  report: Report,
): void {
  const { dims } = op;
  if (product(dims) !== size(input)) report('QUANT-202', `[${dims}] of [${input.shape}]`);
  if (!sameScale(input, output)) report('QUANT-204', 'the scale changes');
  if (op.kind === 'transpose') {
    const isOrder = dims.every((_, i) => op.permutation.includes(i)) && op.permutation.length === dims.length;
    if (!isOrder || size(input) !== size(output)) report('QUANT-202', `order [${op.permutation}]`);
    return;
  }
  const sizes = op.kind === 'pad' ? dims.map((d, i) => d + op.before[i]! + op.after[i]!) : op.sizes;
  if (product(sizes) !== size(output)) report('QUANT-202', `[${sizes}] to [${output.shape}]`);
  if (op.kind === 'pad') {
    if (![...op.before, ...op.after].every((p) => Number.isInteger(p) && p >= 0))
      report('QUANT-202', 'paddings');
    if (!isInt8(op.value)) report('QUANT-204', `padding value ${op.value}`);
    return;
  }
  const isInside = dims.every((d, i) => {
    const ends = [op.begin[i]!, op.begin[i]! + (op.sizes[i]! - 1) * op.strides[i]!];
    return ends.every((at) => Number.isInteger(at) && at >= 0 && at < d);
  });
  if (!isInside) report('QUANT-202', `takes what is outside [${dims}]`);
}

function checkMean(op: MeanOp, input: QuantTensor, output: QuantTensor, report: Report): void {
  const count = op.axes.reduce((p, axis) => p * (op.dims[axis] ?? NaN), 1);
  const isSized = product(op.dims) === size(input) && size(output) * count === size(input);
  if (!isSized || new Set(op.axes).size !== op.axes.length)
    report('QUANT-202', `axes [${op.axes}] of [${op.dims}]`);
  const { multiplierQ31: q, shift } = op.outputScale;
  const held = q * 2 ** (shift - 31);
  const wanted = input.scale / output.scale / count;
  if (!(q >= 0 && q < 2 ** 31 && shift >= -31 && shift <= 30))
    report('QUANT-204', `multiplier ${q}, ${shift}`);
  else if (Math.abs(held - wanted) > wanted * 2 ** -28 + 2 ** (shift - 31) + 2 ** -32) {
    report('QUANT-204', `the factor is ${held}, scales and count give ${wanted}`);
  }
}

function checkLstm(op: LstmOp, input: QuantTensor, output: QuantTensor, report: Report): void {
  const [inputs, units] = [input.shape[2], output.shape[2]];
  const steps = size(input) / inputs;
  // Time or batch comes first; the batch is 1.
  const isSequence = [input, output].every((t) => t.shape[0] === 1 || t.shape[1] === 1);
  if (!isSequence || size(output) !== steps * units) {
    report('QUANT-202', `[${input.shape}] to [${output.shape}] is no sequence`);
  }
  const gateIn = 2 ** -12;
  for (const gate of Object.values(op.gates)) {
    const lengths = [gate.inputWeights.length, gate.recurrentWeights.length, gate.bias.length];
    const wanted = [units * inputs, units * units, units];
    if (lengths.join() !== wanted.join()) report('QUANT-203', `a gate of ${lengths}, ${wanted} expected`);
    for (const m of [gate.inputScale, gate.recurrentScale]) checkMultiplier(m.multiplierQ31, m.shift, report);
    if (!(gate.inputScale.multiplierQ31 * 2 ** (gate.inputScale.shift - 31) < 2 ** 30 * gateIn)) {
      report('QUANT-204', 'a gate is scaled beyond its range');
    }
  }
  if (!isInt8(op.hiddenZeroPoint) || op.hiddenZeroPoint !== output.zeroPoint) {
    report('QUANT-204', `the hidden state begins at ${op.hiddenZeroPoint}`);
  }
  const cellScale = 2 ** op.cellScalePower;
  checkFactor(op.forgetScale, 2 ** -15, 30, report);
  checkFactor(op.inputScale, 2 ** -30 / cellScale, 30, report);
  checkFactor(op.hiddenScale, 2 ** -30 / output.scale, 30, report);
  if (!(Number.isInteger(op.cellClip) && op.cellClip >= 0 && op.cellClip <= 32767)) {
    report('QUANT-204', `cell clip ${op.cellClip}`);
  }
}
