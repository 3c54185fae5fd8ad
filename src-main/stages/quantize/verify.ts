/**
 * Checks a QuantGraph against its definition (types.ts); collects every violation, shares no code with the
 * lowering. QUANT-201: ids and order; QUANT-202: shapes; QUANT-203: sizes of arrays; QUANT-204: scales,
 * multipliers and clamps; QUANT-205: an int32 accumulator can overflow; QUANT-206: types and float parts.
 */
import type { Diagnostic } from '../../base/diagnostic.ts';
import { verifyModel } from '../model/index.ts';
import type {
  AddOp,
  ConvOp,
  DepthwiseOp,
  FloatOp,
  FullyConnectedOp,
  PoolOp,
  QuantGraph,
  QuantOp,
  QuantTensor,
  Window,
} from './types.ts';
import { checkHostOp } from './verify-host.ts';
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

// Its own, so that nothing is shared with the rest of the stage.
const inputsOf = (op: QuantOp): readonly number[] => ('inputs' in op ? op.inputs : [op.input]);
const outputsOf = (op: QuantOp): readonly number[] => ('outputs' in op ? op.outputs : [op.output]);
const ENGINE_KINDS = 'conv depthwise fullyConnected maxPool averagePool add reshape'.split(' ');
const isEngineKind = (op: QuantOp): boolean => ENGINE_KINDS.includes(op.kind);

export function verifyQuantGraph(graph: QuantGraph): Diagnostic[] {
  const found: Diagnostic[] = [];
  const reporter =
    (place: string): Report =>
    (code, message) =>
      void found.push({ code, severity: 'error', place, message });
  checkTensors(graph, reporter);
  const isConstant = (t: number): boolean => graph.tensors[t]?.data !== undefined;
  const constants = graph.tensors.flatMap((t, i) => (t.data === undefined ? [] : [i]));
  const written = new Set([...graph.inputs, ...constants]);
  const names = new Set<string>();
  for (const op of graph.ops) {
    const report = reporter(op.name);
    const inputs = inputsOf(op);
    const outputs = outputsOf(op);
    if (names.has(op.name)) report('QUANT-201', 'two operators have this name');
    names.add(op.name);
    if (!inputs.every((t) => written.has(t))) report('QUANT-201', 'reads a tensor before it is written');
    if (outputs.some((t) => written.has(t))) report('QUANT-201', 'writes a tensor a second time');
    outputs.forEach((t) => written.add(t));
    if (isEngineKind(op) && inputs.some(isConstant)) report('QUANT-201', 'the engine reads a constant');
    const tensors = [...inputs, ...outputs].map((t) => graph.tensors[t]);
    if (tensors.every((t) => t !== undefined)) checkOp(op, tensors, report);
    else report('QUANT-201', 'refers to a tensor that does not exist');
  }
  const report = reporter(graph.name);
  if (graph.inputs.length === 0 || graph.outputs.length === 0) report('QUANT-201', 'no input or no output');
  if (!graph.outputs.every((t) => written.has(t))) report('QUANT-201', 'an output is never written');
  if (written.size !== graph.tensors.length) report('QUANT-201', 'a tensor is never written');
  return found;
}

function checkTensors(graph: QuantGraph, reporter: (place: string) => Report): void {
  const names = new Set<string>();
  for (const t of graph.tensors) {
    const report = reporter(t.name);
    if (names.has(t.name)) report('QUANT-201', 'two tensors have this name');
    names.add(t.name);
    if (t.shape.length !== 3 || !t.shape.every((d) => Number.isInteger(d) && d >= 1)) {
      report('QUANT-202', `shape [${t.shape}]`);
    }
    if (!(t.scale > 0 && Number.isFinite(t.scale) && Math.fround(t.scale) === t.scale)) {
      report('QUANT-204', `scale ${t.scale} is no positive float32`);
    }
    if (!isInt8(t.zeroPoint)) report('QUANT-204', `zero point ${t.zeroPoint}`);
    if (product(t.shape) !== product(t.modelShape)) {
      report('QUANT-202', `shape [${t.shape}] stands for [${t.modelShape}]`);
    }
    if (t.data && (t.data.length !== product(t.shape) || t.dtype !== 'int8')) {
      report('QUANT-203', `${t.data.length} values of a constant`);
    }
    if (t.dtype === 'float32' && (t.scale !== 1 || t.zeroPoint !== 0)) {
      report('QUANT-204', 'a float tensor has a scale');
    }
  }
}

function checkOp(op: QuantOp, tensors: readonly QuantTensor[], report: Report): void {
  const [input, second] = tensors as [QuantTensor, QuantTensor];
  const output = tensors.at(-1)!;
  checkTypes(op, tensors, report);
  switch (op.kind) {
    case 'conv':
      checkWindow(op, input, output, report);
      return checkWeights(op, input, output, op.kernelH * op.kernelW * input.shape[2], report);
    case 'depthwise':
      checkWindow(op, input, output, report);
      if (output.shape[2] !== input.shape[2] * op.depthMultiplier) report('QUANT-202', 'channels do not fit');
      return checkWeights(op, input, output, op.kernelH * op.kernelW, report);
    case 'fullyConnected':
      if (size(output) !== output.shape[2]) report('QUANT-202', 'the output is no vector');
      return checkWeights(op, input, output, size(input), report);
    case 'maxPool':
    case 'averagePool':
      if (!sameScale(input, output, 1e-6)) report('QUANT-204', 'pooling changes the scale');
      if (input.shape[2] !== output.shape[2]) report('QUANT-202', 'pooling changes the channels');
      checkClamps(op, report);
      return checkPoolWindow(op, input, output, report);
    case 'add':
      if (`${input.shape}` !== `${output.shape}` || `${second.shape}` !== `${output.shape}`) {
        report('QUANT-202', 'shapes differ');
      }
      checkClamps(op, report);
      return checkAddFactors(op, input.scale, second.scale, output.scale, report);
    case 'reshape':
      if (size(input) !== size(output)) report('QUANT-202', 'the number of elements changes');
      return sameScale(input, output) ? undefined : report('QUANT-204', 'the scale changes');
    case 'quantize':
    case 'dequantize':
      if (size(input) !== size(output)) report('QUANT-202', 'the number of elements changes');
      return;
    case 'float':
      return checkFloat(op, tensors, report);
    default:
      return checkHostOp(op, tensors, report);
  }
}

/** Floats only at the float side of boundary operators and around float parts. */
function checkTypes(op: QuantOp, tensors: readonly QuantTensor[], report: Report): void {
  const inputs = inputsOf(op).length;
  tensors.forEach((t, i) => {
    const floatSide = i < inputs ? 'quantize' : 'dequantize';
    const wanted = op.kind === 'float' || op.kind === floatSide ? 'float32' : 'int8';
    if (t.dtype !== wanted) report('QUANT-206', `${t.name} is ${t.dtype}, ${wanted} expected`);
  });
}

/** The part's own model must be sound and have this operator's tensors for inputs and outputs. */
function checkFloat(op: FloatOp, tensors: readonly QuantTensor[], report: Report): void {
  for (const d of verifyModel(op.model)) report('QUANT-206', `${d.place}: ${d.message}`);
  const sizes = [...op.model.inputs, ...op.model.outputs].map((t) => product(op.model.tensors[t]!.shape));
  if (`${sizes}` !== `${tensors.map(size)}`) report('QUANT-202', 'its tensors do not fit the float part');
}

/** Every window must touch the image, and the output must hold exactly the windows that fit the padded input. */
function checkWindow(w: Window, input: QuantTensor, output: QuantTensor, report: Report): void {
  const values = [w.kernelH, w.kernelW, w.strideH, w.strideW, w.padTop, w.padLeft, w.padBottom, w.padRight];
  if (!values.every((v, i) => Number.isInteger(v) && v >= (i < 4 ? 1 : 0)))
    report('QUANT-202', `window ${values}`);
  const spare = [
    [input.shape[0] + w.padTop + w.padBottom - w.kernelH - (output.shape[0] - 1) * w.strideH, w.strideH],
    [input.shape[1] + w.padLeft + w.padRight - w.kernelW - (output.shape[1] - 1) * w.strideW, w.strideW],
  ] as const;
  if (!spare.every(([rest, stride]) => rest >= 0 && rest < stride)) {
    report('QUANT-202', `windows do not tile [${input.shape}] to [${output.shape}]`);
  }
}

function checkPoolWindow(w: PoolOp, input: QuantTensor, output: QuantTensor, report: Report): void {
  checkWindow(w, input, output, report);
  const lastY = (output.shape[0] - 1) * w.strideH - w.padTop;
  const lastX = (output.shape[1] - 1) * w.strideW - w.padLeft;
  const isInside =
    w.padTop < w.kernelH && w.padLeft < w.kernelW && lastY < input.shape[0] && lastX < input.shape[1];
  if (!isInside) report('QUANT-202', 'a window lies wholly in padding');
}

function checkWeights(
  op: ConvOp | DepthwiseOp | FullyConnectedOp,
  input: QuantTensor,
  output: QuantTensor,
  perOutput: number,
  report: Report,
): void {
  const outC = output.shape[2];
  const { multiplierQ31, shift } = op.requantize;
  if (op.weights.length !== outC * perOutput) report('QUANT-203', `${op.weights.length} weights`);
  for (const array of [op.bias, multiplierQ31, shift]) {
    if (array.length !== outC) return report('QUANT-203', `${array.length} values for ${outC} channels`);
  }
  checkClamps(op.requantize, report);
  const reach = Math.max(127 - input.zeroPoint, input.zeroPoint + 128);
  for (let o = 0; o < outC; o++) {
    checkMultiplier(multiplierQ31[o]!, shift[o]!, report);
    let largest = Math.abs(op.bias[o]!);
    // A depthwise kernel has the channel innermost, the others outermost.
    const [first, step] = op.kind === 'depthwise' ? [o, outC] : [o * perOutput, 1];
    for (let i = 0; i < perOutput; i++) largest += reach * Math.abs(op.weights[first + i * step]!);
    if (largest >= 2 ** 31) report('QUANT-205', `channel ${o} can reach ${largest}`);
  }
}

/** The three factors must be those of the tensors' scales, to the 31 bits they are held in; 0 below 2^-32. */
function checkAddFactors(op: AddOp, scale1: number, scale2: number, scale: number, report: Report): void {
  const twiceMax = 2 * Math.max(scale1, scale2);
  const wanted = [scale1 / twiceMax, scale2 / twiceMax, twiceMax / (2 ** 20 * scale)];
  [op.input1, op.input2, op.outputScale].forEach((m, i) => checkFactor(m, wanted[i]!, 30, report));
}
