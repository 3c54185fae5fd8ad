/**
 * Readers of quantised operators. Every form is read as the float operator between DequantizeLinear and
 * QuantizeLinear nodes, so that later stages know one form: QLinearConv(x) is
 * QuantizeLinear(Conv(DequantizeLinear(x), DequantizeLinear(w), DequantizeLinear(bias))).
 */
import { commutative } from '../build/arithmetic.ts';
import type { Constant, GraphBuilder, Value } from '../build/builder.ts';
import * as layer from '../build/layers.ts';
import { axisIn, reshape } from '../build/shapes.ts';
import { sizeOf } from '../tensor.ts';
import type { DType } from '../types.ts';
import { convOf, gemmOf } from './layers.ts';
import type { NodeReader } from './node-reader.ts';
import { dtypeOf } from './read-onnx.ts';

/** Scale and zero point as one form: both [] or both [n]; an absent zero point is 0. */
function parameters(
  node: NodeReader,
  scale: Constant,
  zeroPoint: Constant | undefined,
  dtype: DType,
): [Constant, Constant] {
  const { b } = node;
  const shape = sizeOf(scale.shape) === 1 ? [] : scale.shape;
  if (shape.length > 1) node.refuse('scales per block', 'quantise per tensor or per axis');
  if (scale.dtype !== 'float32' || scale.data.some((s) => !(s > 0 && Number.isFinite(s)))) {
    node.refuse('a scale is not a positive number', 'quantise the model again', 'MODEL-016');
  }
  const zero = zeroPoint ?? b.constant(dtype, shape, new Array<number>(sizeOf(shape)).fill(0));
  const wanted = reshape(b, zero, zero.data.length === 1 ? [] : zero.shape) as Constant;
  return [{ ...scale, shape }, sameLength(node, wanted, scale)];
}

function sameLength(node: NodeReader, zero: Constant, scale: Constant): Constant {
  if (zero.data.length === scale.data.length) return zero;
  if (zero.data.length !== 1)
    node.refuse('scale and zero point differ in shape', 'export again', 'MODEL-013');
  const count = scale.data.length;
  return node.b.constant(zero.dtype, [count], new Array<number>(count).fill(zero.data[0]!));
}

/** 0 where one scale stands for the whole tensor: files name any axis then. */
function scaleAxis(node: NodeReader, x: Value, scale: Constant, axis: number): number {
  return scale.shape.length === 0 ? 0 : axisIn(node.b, axis, x.shape.length);
}

function dequantized(
  node: NodeReader,
  x: Value,
  scale: Constant,
  zero: Constant | undefined,
  axis: number,
): Value {
  const [s, z] = parameters(node, scale, zero, x.dtype);
  return node.b.add('DequantizeLinear', [x, s, z], { axis: scaleAxis(node, x, s, axis) });
}

function quantized(
  node: NodeReader,
  x: Value,
  scale: Constant,
  zero: Constant | undefined,
  axis: number,
  dtype: DType,
): Value {
  const [s, z] = parameters(node, scale, zero, dtype);
  return node.b.add('QuantizeLinear', [x, s, z], { axis: scaleAxis(node, x, s, axis) });
}

function requireNoBlocks(node: NodeReader): void {
  if (node.int('block_size', 0) !== 0) node.refuse('scales per block', 'quantise per tensor or per axis');
}

export function quantizeLinear(node: NodeReader): void {
  requireNoBlocks(node);
  const declared = node.int('output_dtype', 0);
  const dtype = declared === 0 ? 'uint8' : dtypeOf(declared, node.b.place);
  node.bind(
    quantized(node, node.input(0), node.floats(1), node.optionalConstant(2), node.int('axis', 1), dtype),
  );
}

export function dequantizeLinear(node: NodeReader): void {
  requireNoBlocks(node);
  node.bind(dequantized(node, node.input(0), node.floats(1), node.optionalConstant(2), node.int('axis', 1)));
}

/** x, scale, zero point at three consecutive inputs. */
const triple = (node: NodeReader, at: number, axis = 0): Value =>
  dequantized(node, node.input(at), node.floats(at + 1), node.optionalConstant(at + 2), axis);

const requantized = (node: NodeReader, y: Value, at: number): Value =>
  quantized(node, y, node.floats(at), node.optionalConstant(at + 1), 0, 'uint8');

/** The int32 bias of a quantised layer, in steps of input scale · weight scale. */
function biasOf(node: NodeReader, index: number, xScale: Constant, wScale: Constant): Value | undefined {
  if (!node.has(index)) return undefined;
  const bias = node.constant(index);
  if (bias.dtype !== 'int32')
    node.refuse(`the bias is ${bias.dtype}`, 'quantise the model again', 'MODEL-006');
  const steps = wScale.data.map((s) => s * xScale.data[0]!);
  const scale = node.b.constant('float32', steps.length === 1 ? [] : [steps.length], Array.from(steps));
  return dequantized(node, bias, scale, undefined, 0);
}

export function qLinearConv(node: NodeReader): void {
  const bias = biasOf(node, 8, node.floats(1), node.floats(4));
  node.bind(requantized(node, convOf(node, triple(node, 0), triple(node, 3), bias), 6));
}

export function qLinearMatMul(node: NodeReader): void {
  const isColumns = sizeOf(node.input(4).shape) > 1;
  const b = triple(node, 3, isColumns ? node.input(3).shape.length - 1 : 0);
  node.bind(requantized(node, layer.matMul(node.b, triple(node, 0), b), 6));
}

/** com.microsoft QGemm: A, its scale and zero point, B likewise, C, scale and zero point of the result. */
export function qGemm(node: NodeReader): void {
  const axis = node.flag('transB') ? 0 : 1;
  const bias = node.has(6) ? biasOf(node, 6, node.floats(1), node.floats(4)) : undefined;
  const y = gemmOf(node, triple(node, 0), triple(node, 3, axis), bias);
  node.bind(node.has(7) ? requantized(node, y, 7) : y);
}

/** com.microsoft QLinearAdd and QLinearMul. */
export const qLinearBinary =
  (op: 'Add' | 'Mul') =>
  (node: NodeReader): void => {
    node.bind(requantized(node, commutative(node.b, op, triple(node, 0), triple(node, 3)), 6));
  };

/** com.microsoft operators of one operand: x, scale, zero point, scale and zero point of the result. */
export const qLinearUnary =
  (compute: (b: GraphBuilder, x: Value, node: NodeReader) => Value) =>
  (node: NodeReader): void => {
    node.bind(requantized(node, compute(node.b, triple(node, 0), node), 3));
  };

/** com.microsoft QLinearConcat: scale and zero point of the result, then three inputs per part. */
export function qLinearConcat(node: NodeReader): void {
  const parts: Value[] = [];
  for (let at = 2; at + 1 < node.inputCount; at += 3) parts.push(triple(node, at));
  if (parts.length === 0) node.refuse('has no input', 'check the model', 'MODEL-010');
  const axis = node.axis(0, parts[0]!.shape.length);
  node.bind(requantized(node, node.b.add('Concat', parts, { axis }), 0));
}

/** Integers less their zero point, as floats: exact, for int8 and uint8. */
function centred(node: NodeReader, at: number, zeroAt: number, axis: number): Value {
  const x = node.input(at);
  const zero = node.optionalConstant(zeroAt);
  return dequantized(node, x, node.b.constant('float32', [], [1]), zero && { ...zero }, axis);
}

/** The int32 sums, exact as long as they stay below 2^24, which float32 holds. */
export function convInteger(node: NodeReader): void {
  const y = convOf(node, centred(node, 0, 2, 0), perRow(node, 1, 3, 0), undefined);
  node.bind(node.b.add('Cast', [y], { to: 'int32' }));
}

export function matMulInteger(node: NodeReader): void {
  const y = layer.matMul(node.b, perRow(node, 0, 2, -2), perRow(node, 1, 3, -1));
  node.bind(node.b.add('Cast', [y], { to: 'int32' }));
}

/** As centred, with a zero point per index of an axis. */
function perRow(node: NodeReader, at: number, zeroAt: number, axis: number): Value {
  const zero = node.optionalConstant(zeroAt);
  if (!zero || zero.data.length === 1) return centred(node, at, zeroAt, 0);
  if (zero.shape.length !== 1) node.refuse('zero points of a batch', 'use one per row or column');
  const ones = node.b.constant('float32', [zero.data.length], new Array<number>(zero.data.length).fill(1));
  return dequantized(node, node.input(at), ones, zero, axis);
}
