import type { Diagnosed, Diagnostic } from '../../base/diagnostic.ts';
import { IngotError } from '../../base/diagnostic.ts';
import type {
  AddNode,
  AveragePoolNode,
  ConvNode,
  GemmNode,
  MaxPoolNode,
  Model,
  ModelNode,
  TensorId,
} from '../model/index.ts';
import type { Ranges } from './calibrate.ts';
import { collectRanges } from './calibrate.ts';
import type { Hwc } from './layout.ts';
import { convWeightsToOhwi, hwcOf, permuteColumns, sameBytes, sameShape } from './layout.ts';
import { toMultiplier } from './multiplier.ts';
import type { Bounds, Scale } from './scales.ts';
import { NO_BOUNDS, activationScale, clamp, clamps, quantizeWeights, requantizeTo } from './scales.ts';
import type { QuantGraph, QuantOp, QuantTensor, Window } from './types.ts';

export interface QuantizeOptions {
  /** Share of each tensor's calibration values, in percent, that its range covers. 100: all (min to max). */
  readonly percentile?: number;
}

/**
 * Post-training quantisation to int8 in TFLM's arithmetic (Jacob et al., "Quantization and Training of
 * Neural Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018; per-channel weights after
 * Krishnamoorthi, arXiv:1806.08342).
 *
 * calibration: samples of the model's one input, row major as in the model; ranges are measured on them with
 * the float reference. Deterministic in (model, calibration, options). Cost: one float inference a sample.
 * Throws QUANT-001 … QUANT-008 for what has no int8 form (README.md); QUANT-1xx are remarks.
 */
export function quantize(
  model: Model,
  calibration: readonly Float32Array[],
  options: QuantizeOptions = {},
): Diagnosed<QuantGraph> {
  const percentile = options.percentile ?? 100;
  if (!(percentile > 50 && percentile <= 100)) {
    throw new IngotError('QUANT-002', `percentile ${percentile} is not between 50 and 100`, {
      place: 'percentile',
      remedy: 'use 100 (the whole range) or a value such as 99.99',
    });
  }
  if (calibration.length === 0) {
    throw new IngotError('QUANT-001', 'the calibration set is empty', {
      place: model.name,
      remedy: 'give at least one sample; 100 to 500 are usual',
    });
  }
  if (model.inputs.length !== 1 || model.outputs.length !== 1) {
    throw new IngotError('QUANT-004', `${model.inputs.length} inputs and ${model.outputs.length} outputs`, {
      place: model.name,
      remedy: 'the accelerator runs models of one input and one output; split the model',
    });
  }
  return new Lowering(model, collectRanges(model, calibration, percentile)).run();
}

type SoftmaxNode = Extract<ModelNode, { op: 'Softmax' }>;

/** Far above any model that works, far below where float32 ends. */
const SCALE_MAX = 2 ** 100;

/** The graph while it is built. */
class Lowering {
  private readonly model: Model;
  private readonly ranges: Ranges;
  private readonly uses: Int32Array;
  private readonly tensors: QuantTensor[] = [];
  private readonly ops: QuantOp[] = [];
  private readonly diagnostics: Diagnostic[] = [];
  /** Softmax nodes that end the model: they stay float. */
  private readonly tailNodes: SoftmaxNode[] = [];
  /** Graph tensor that holds each model tensor, -1 if none yet. */
  private readonly held: Int32Array;
  /** Relu and Clip nodes already done by the clamps of the operator before them. */
  private readonly fused = new Set<ModelNode>();

  constructor(model: Model, ranges: Ranges) {
    this.model = model;
    this.ranges = ranges;
    this.held = new Int32Array(model.tensors.length).fill(-1);
    this.uses = new Int32Array(model.tensors.length);
    for (const n of model.nodes) for (const t of n.inputs) this.uses[t] = this.uses[t]! + 1;
    for (const t of model.outputs) this.uses[t] = this.uses[t]! + 1;
  }

  run(): Diagnosed<QuantGraph> {
    const { model } = this;
    const inputId = model.inputs[0]!;
    const input = this.addTensor(inputId, this.inputShape(inputId), this.scaleOf(inputId));
    this.held[inputId] = input;
    for (const node of model.nodes) if (!this.fused.has(node)) this.lower(node);
    const output = this.held[model.outputs[0]!]!;
    if (this.ops.length === 0) {
      throw new IngotError('QUANT-004', 'the model computes nothing on the accelerator', {
        place: model.name,
        remedy: 'choose a model with at least one Conv, Gemm, pooling or Add',
      });
    }
    const value: QuantGraph = {
      name: model.name,
      tensors: this.tensors,
      ops: this.ops,
      inputs: [this.quantizeFrom(inputId, input)],
      outputs: [this.floatTail(output)],
    };
    return { value, diagnostics: this.diagnostics };
  }

  /** Prepends the boundary operator of the model's input; returns its float tensor. */
  private quantizeFrom(id: TensorId, output: number): number {
    const input = this.addFloat(id, this.model.tensors[id]!.name);
    const name = `${this.model.tensors[id]!.name}.quantize`;
    this.ops.unshift({ kind: 'quantize', name, input, output, floatOrder: 'chw' });
    return input;
  }

  /** Appends dequantisation of the int8 tensor `input` and the Softmax after it; returns the last float tensor. */
  private floatTail(input: number): number {
    const { model } = this;
    const outputId = model.outputs[0]!;
    const [last] = this.tailNodes;
    const name = model.tensors[outputId]!.name;
    const values = this.addFloat(last ? last.inputs[0] : outputId, last ? `${name}.logits` : name);
    this.ops.push({
      kind: 'dequantize',
      name: `${name}.dequantize`,
      input,
      output: values,
      floatOrder: 'chw',
    });
    if (!last) return values;
    const output = this.addFloat(outputId, name);
    const shape = model.tensors[last.inputs[0]]!.shape;
    const tensor = (name: string) => ({ name, dtype: 'float32', shape }) as const;
    const softmax: Model = {
      name: last.name,
      tensors: [tensor('x'), tensor('y')],
      nodes: [{ ...last, inputs: [0], output: 1 }],
      inputs: [0],
      outputs: [1],
    };
    this.ops.push({ kind: 'float', name: last.name, inputs: [values], outputs: [output], model: softmax });
    return output;
  }

  private addFloat(id: TensorId, name: string): number {
    const modelShape = this.model.tensors[id]!.shape;
    const size = modelShape.reduce((a, b) => a * b, 1);
    return (
      this.tensors.push({ name, dtype: 'float32', shape: [1, 1, size], modelShape, scale: 1, zeroPoint: 0 }) -
      1
    );
  }

  /** Where the input is only reshaped, the graph starts at the reshaped form: the host lays it out. */
  private inputShape(input: TensorId): Hwc {
    let id = input;
    for (;;) {
      const reader = this.model.nodes.find((n) => n.inputs[0] === id);
      if (reader?.op !== 'Reshape' || this.uses[id] !== 1) return hwcOf(this.model.tensors[id]!.shape);
      // A flattened input that feeds a Gemm may as well stay an image: its columns are permuted anyway.
      const next = this.model.tensors[reader.output]!.shape;
      if (next.length !== 4) return hwcOf(this.model.tensors[id]!.shape);
      id = reader.output;
    }
  }

  /** Lowers the node together with the Relu and Clip nodes that alone read its result. */
  private lower(node: ModelNode): void {
    if (node.op === 'Reshape') {
      this.held[node.output] = this.source(node.inputs[0], node);
      return;
    }
    if (node.op === 'Softmax') return this.tail(node);
    let bounds = node.op === 'Relu' || node.op === 'Clip' ? boundsOf(node) : NO_BOUNDS;
    let { output } = node;
    while (this.uses[output] === 1) {
      const id = output;
      const after = this.model.nodes.find((n) => n.inputs[0] === id);
      if (after?.op !== 'Relu' && after?.op !== 'Clip') break;
      this.fused.add(after);
      bounds = compose(bounds, boundsOf(after));
      output = after.output;
    }
    this.emit(node, output, bounds);
  }

  private emit(node: ModelNode, output: TensorId, bounds: Bounds): void {
    switch (node.op) {
      case 'Conv':
        return this.conv(node, output, bounds);
      case 'Gemm':
        return this.gemm(node, output, bounds);
      case 'Add':
        return this.add(node, output, bounds);
      case 'MaxPool':
      case 'AveragePool':
        return this.pool(node, output, bounds);
      case 'Relu':
      case 'Clip':
        return this.activation(node, output, bounds);
      default:
        this.refuse('QUANT-005', node, 'has no int8 form', 'remove it from the model');
    }
  }

  /** A Softmax at the end, and reshapes after it, are the host's. */
  private tail(node: SoftmaxNode): void {
    const rest = this.model.nodes.slice(this.model.nodes.indexOf(node) + 1);
    if (rest.some((n) => n.op !== 'Reshape')) {
      this.refuse('QUANT-005', node, 'Softmax is supported only as the last operator', 'remove it');
    }
    this.tailNodes.push(node);
    this.held[node.output] = this.source(node.inputs[0], node);
  }

  private conv(node: ConvNode, output: TensorId, bounds: Bounds): void {
    const a = node.attributes;
    const [, inC] = this.model.tensors[node.inputs[0]]!.shape as [number, number];
    const weightTensor = this.model.tensors[node.inputs[1]]!;
    const [outC, , kernelH, kernelW] = weightTensor.shape as [number, number, number, number];
    const input = this.source(node.inputs[0], node, hwcOf(this.model.tensors[node.inputs[0]]!.shape));
    if (a.groups > 1) {
      const factor = `${a.groups} times the multiply-accumulates`;
      this.remark('QUANT-101', node, `${a.groups} groups are computed as one dense convolution, ${factor}`);
    }
    if (a.dilationH > 1 || a.dilationW > 1) {
      this.remark('QUANT-102', node, 'dilation is computed as a larger kernel with zeros');
    }
    const size = { outC, inC, kernelH, kernelW };
    const dense = convWeightsToOhwi(weightTensor.data!, size, a.groups, a.dilationH, a.dilationW);
    const window: Window = { ...windowOf(a), kernelH: dense.kernelH, kernelW: dense.kernelW };
    const q = this.weighted(node, input, dense.weights, outC, output, bounds);
    const out = this.addTensor(output, hwcOf(this.model.tensors[output]!.shape), q.scale);
    this.ops.push({ kind: 'conv', name: node.name, input, output: out, ...window, ...q.op });
  }

  private gemm(node: GemmNode, output: TensorId, bounds: Bounds): void {
    const weightTensor = this.model.tensors[node.inputs[1]]!;
    const outC = weightTensor.shape[0]!;
    const input = this.source(node.inputs[0], node);
    const permuted = permuteColumns(weightTensor.data!, outC, this.tensors[input]!.shape);
    const q = this.weighted(node, input, permuted, outC, output, bounds);
    const out = this.addTensor(output, [1, 1, outC], q.scale);
    this.ops.push({ kind: 'fullyConnected', name: node.name, input, output: out, ...q.op });
  }

  /**
   * Weights, bias and requantisation of a Conv or Gemm. The output's scale is at least that of the
   * accumulator, so that no multiplier reaches 1 and no layer needs a left shift: finer would show nothing.
   */
  private weighted(
    node: ConvNode | GemmNode,
    input: number,
    weights: Float32Array,
    outC: number,
    output: TensorId,
    bounds: Bounds,
  ) {
    const inputScale = this.tensors[input]!.scale;
    const biasId = node.inputs[2];
    const bias = biasId === undefined ? undefined : this.model.tensors[biasId]!.data!;
    const { scales, ...q } = quantizeWeights(weights, bias, outC, inputScale);
    const accumulatorScale = scales.reduce((a, s) => Math.max(a, inputScale * s), 0);
    const scale = this.scaleOf(output, accumulatorScale * (1 + 2 ** -20));
    return { scale, op: { ...q, requantize: requantizeTo(inputScale, scales, scale, bounds) } };
  }

  private add(node: AddNode, output: TensorId, bounds: Bounds): void {
    if (node.inputs.some((id) => this.model.tensors[id]!.data)) {
      const remedy =
        'put the addition right after a Conv or Gemm, one value per channel, so that it becomes its bias';
      this.refuse('QUANT-006', node, 'a constant is added that is no bias of a Conv or Gemm', remedy);
    }
    const first = this.source(node.inputs[0], node);
    const second = this.source(node.inputs[1], node, this.tensors[first]!.shape);
    const s1 = this.tensors[first]!.scale;
    const s2 = this.tensors[second]!.scale;
    const twiceMax = 2 * Math.max(s1, s2);
    const scale = this.scaleOf(output, twiceMax / 2 ** 19);
    this.ops.push({
      kind: 'add',
      name: node.name,
      inputs: [first, second],
      output: this.addTensor(output, this.tensors[first]!.shape, scale),
      input1: toMultiplier(s1 / twiceMax),
      input2: toMultiplier(s2 / twiceMax),
      outputScale: toMultiplier(twiceMax / (2 ** 20 * scale.scale)),
      ...clamps(bounds, scale),
    });
  }

  /** Pooling keeps scale and zero point, as TFLM's kernels demand. */
  private pool(node: MaxPoolNode | AveragePoolNode, output: TensorId, bounds: Bounds): void {
    if (node.op === 'AveragePool' && node.attributes.countIncludePad) {
      const remedy = 'set count_include_pad to 0 or drop the padding';
      this.refuse('QUANT-007', node, 'averages over padding, which the integer kernel does not', remedy);
    }
    const input = this.source(node.inputs[0], node, hwcOf(this.model.tensors[node.inputs[0]]!.shape));
    const kind = node.op === 'MaxPool' ? 'maxPool' : 'averagePool';
    const scale = this.tensors[input]!;
    const out = this.addTensor(output, hwcOf(this.model.tensors[output]!.shape), scale);
    const window = windowOf(node.attributes);
    this.ops.push({ kind, name: node.name, input, output: out, ...window, ...clamps(bounds, scale) });
  }

  /** A Relu or Clip that could not be fused: a maximum over a window of one. */
  private activation(node: ModelNode, output: TensorId, bounds: Bounds): void {
    const input = this.source(node.inputs[0], node);
    const scale = this.tensors[input]!;
    const out = this.addTensor(output, scale.shape, scale);
    const window = windowOf({
      kernelH: 1, kernelW: 1, strideH: 1, strideW: 1, padTop: 0, padLeft: 0, padBottom: 0, padRight: 0,
    }); // prettier-ignore
    this.ops.push({
      kind: 'maxPool',
      name: node.name,
      input,
      output: out,
      ...window,
      ...clamps(bounds, scale),
    });
  }

  /** Graph tensor of a model tensor; where a shape is wanted, under that shape. */
  private source(id: TensorId, reader: ModelNode, wanted?: Hwc): number {
    const held = this.held[id]!;
    if (held < 0) {
      this.refuse('QUANT-006', reader, 'reads a constant as data', 'fold the constant into the model');
    }
    const tensor = this.tensors[held]!;
    if (!wanted || sameShape(tensor.shape, wanted)) return held;
    if (!sameBytes(tensor.shape, wanted)) {
      const shapes = `[${tensor.shape.join(', ')}] as [${wanted.join(', ')}]`;
      const remedy = 'reshape only right before a Gemm, or where height and width are 1';
      this.refuse('QUANT-008', reader, `reading ${shapes} (h, w, c) would move data`, remedy);
    }
    const name = `${reader.name}.reshape.${this.ops.length}`;
    const output = this.tensors.push({ ...tensor, name, shape: wanted }) - 1;
    this.ops.push({ kind: 'reshape', name, input: held, output });
    return output;
  }

  private scaleOf(id: TensorId, scaleMin = 0): Scale {
    const scale = activationScale(this.ranges.min[id]!, this.ranges.max[id]!, scaleMin);
    if (scale.scale < SCALE_MAX) return scale;
    throw new IngotError('QUANT-003', `its values need a step of ${scale.scale}`, {
      place: this.model.tensors[id]!.name,
      remedy: 'check weights and calibration samples: numbers of this size are no working model',
    });
  }

  private addTensor(id: TensorId, shape: Hwc, { scale, zeroPoint }: Scale): number {
    const { name: modelName, shape: modelShape } = this.model.tensors[id]!;
    // The model's inputs and outputs themselves are float32 tensors of that name.
    const isEnd = this.model.inputs.includes(id) || this.model.outputs.includes(id);
    const name = isEnd ? `${modelName}.int8` : modelName;
    this.tensors.push({ name, dtype: 'int8', shape, modelShape, scale, zeroPoint });
    this.held[id] = this.tensors.length - 1;
    return this.tensors.length - 1;
  }

  private refuse(code: string, node: ModelNode, message: string, remedy: string): never {
    throw new IngotError(code, `${node.op}: ${message}`, { place: node.name, remedy });
  }

  private remark(code: string, node: ModelNode, message: string): void {
    this.diagnostics.push({ code, severity: 'info', place: node.name, message });
  }
}

function windowOf(a: Window): Window {
  const { kernelH, kernelW, strideH, strideW, padTop, padLeft, padBottom, padRight } = a;
  return { kernelH, kernelW, strideH, strideW, padTop, padLeft, padBottom, padRight };
}

function boundsOf(node: ModelNode): Bounds {
  if (node.op === 'Clip') return node.attributes;
  return { min: 0, max: null };
}

/** Bounds of clamping by the first and then by the second. */
function compose(first: Bounds, second: Bounds): Bounds {
  const low = second.min ?? -Infinity;
  const high = second.max ?? Infinity;
  const min = clamp(first.min ?? -Infinity, low, high);
  const max = clamp(first.max ?? Infinity, low, high);
  return { min: min === -Infinity ? null : min, max: max === Infinity ? null : max };
}
