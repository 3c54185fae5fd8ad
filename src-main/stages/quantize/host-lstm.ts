/** TFLM's UNIDIRECTIONAL_SEQUENCE_LSTM, int8 activations, int16 gates and cell state (lstm_eval.h). */
import { requantize } from './requantize.ts';
import type { LstmGate, LstmOp, Multiplier, QuantGraph } from './types.ts';

/**
 * sigmoid(i / 24) in Q0.16, between whose entries TFLM interpolates. Half of the largest interpolation error
 * is spread to both sides: f - f'' · h² / 16. The last entry is 1, saturated. Equal to TFLM's stored table.
 */
const SIGMOID = Float64Array.from({ length: 256 }, (_, i) => {
  const f = 1 / (1 + Math.exp(-i / 24));
  const second = f * (1 - f) * (1 - 2 * f);
  return i === 255 ? 65535 : Math.round(65536 * (f - second / 576 / 16));
});

const toInt16 = (v: number): number => Math.min(32767, Math.max(-32768, v));

/** x in Q3.12, result in Q0.15. */
function sigmoid(x: number): number {
  const scaled = 3 * x;
  const size = Math.abs(scaled);
  const at = size >> 9;
  const low = SIGMOID[at]!;
  const value = at >= 255 ? 0x7fff * 1024 : low * 512 + (size & 511) * (SIGMOID[at + 1]! - low);
  return Math.floor((scaled >= 0 ? value + 512 : 2 ** 25 - value + 511) / 1024);
}

/** x in units of 2^power, result in Q0.15: 2 · sigmoid(2x) - 1. */
function tanh(x: number, power: number): number {
  const left = 12 + power;
  const scaled = left >= 0 ? x * 3 * 2 ** left : Math.floor((x * 3 + 2 ** (-left - 1)) / 2 ** -left);
  const size = Math.abs(scaled);
  const at = Math.floor(size / 256);
  const low = SIGMOID[at]!;
  const value = at >= 255 ? 0xffff * 256 : low * 256 + (size & 255) * (SIGMOID[at + 1]! - low);
  return Math.floor((scaled >= 0 ? value - 2 ** 23 + 128 : -value + 2 ** 23 + 127) / 256);
}

const scale = (v: number, m: Multiplier): number => requantize(v, m.multiplierQ31, m.shift);

/** input [steps][inputs]; returns the hidden state of every step, [steps][units]. */
export function lstm(op: LstmOp, graph: QuantGraph, input: Int8Array): Int8Array {
  const units = op.gates.input.bias.length;
  const steps = graph.tensors[op.output]!.shape.reduce((a, b) => a * b, 1) / units;
  const inputs = input.length / steps;
  const inZero = graph.tensors[op.input]!.zeroPoint;
  const out = new Int8Array(steps * units);
  let hidden = new Int8Array(units).fill(op.hiddenZeroPoint);
  const cell = new Float64Array(units);

  /** Sum of a weight row times values beside their zero point. */
  const dot = (weights: Int8Array, unit: number, x: Int8Array, zero: number): number => {
    let sum = 0;
    for (let i = 0; i < x.length; i++) sum += weights[unit * x.length + i]! * (x[i]! - zero);
    return sum;
  };
  const gate = (g: LstmGate, unit: number, x: Int8Array): number => {
    const fromInput = toInt16(scale(dot(g.inputWeights, unit, x, inZero) + g.bias[unit]!, g.inputScale));
    const fromHidden = toInt16(
      scale(dot(g.recurrentWeights, unit, hidden, op.hiddenZeroPoint), g.recurrentScale),
    );
    return toInt16(fromInput + fromHidden);
  };

  for (let t = 0; t < steps; t++) {
    const x = input.subarray(t * inputs, (t + 1) * inputs);
    const next = new Int8Array(units);
    for (let u = 0; u < units; u++) {
      const forget = sigmoid(gate(op.gates.forget, u, x));
      const take = sigmoid(gate(op.gates.input, u, x));
      const candidate = tanh(gate(op.gates.cell, u, x), -12);
      const kept = toInt16(scale(forget * cell[u]!, op.forgetScale));
      const added = toInt16(scale(take * candidate, op.inputScale));
      const state = toInt16(kept + added);
      cell[u] = op.cellClip > 0 ? Math.min(op.cellClip, Math.max(-op.cellClip, state)) : state;
      const show = sigmoid(gate(op.gates.output, u, x));
      const value = scale(tanh(cell[u], op.cellScalePower) * show, op.hiddenScale) + op.hiddenZeroPoint;
      next[u] = Math.min(127, Math.max(-128, value));
    }
    hidden = next;
    out.set(hidden, t * units);
  }
  return out;
}
