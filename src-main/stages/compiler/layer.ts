/** What one EXEC computes, before it has addresses. */
import { IngotError } from '../../base/diagnostic.ts';
import type { View } from './layout.ts';
import type { LayerKind } from './types.ts';

/**
 * dense: every column sees every channel. diagonal: the same engine mode, but output block k reads its own
 * channels only. depthwise: column j multiplies byte j of its row's word.
 */
export type LayerMode = 'dense' | 'diagonal' | 'depthwise';

/** dense: [outC][taps][inC]. perChannel: [taps][outC]. constant: one weight for all. Made when asked for. */
export type WeightSet =
  | { readonly form: 'dense'; readonly data: () => Int8Array }
  | { readonly form: 'perChannel'; readonly data: () => Int8Array }
  | { readonly form: 'constant'; readonly value: number };

/** Kernel and padding in the layer's frame (rows and columns exchanged if it is transposed). */
export interface Geometry {
  readonly kernelH: number;
  readonly kernelW: number;
  readonly strideH: number;
  readonly strideW: number;
  readonly padTop: number;
  readonly padLeft: number;
}

/** Pixels folded in the drain: a pool in pixels of the layer's own output, or the two operands of an addition. */
export interface Fold {
  readonly windowH: number;
  readonly windowW: number;
  readonly windowStrideH: number;
  readonly windowStrideW: number;
}

export const NO_FOLD: Fold = { windowH: 1, windowW: 1, windowStrideH: 1, windowStrideW: 1 };
export const UNIT: Geometry = { kernelH: 1, kernelW: 1, strideH: 1, strideW: 1, padTop: 0, padLeft: 0 };

export interface Layer extends Geometry, Fold {
  readonly name: string;
  readonly kind: LayerKind;
  /** Multiply-accumulates the model asks for. */
  readonly macs: number;
  /** Tensors read; two for an addition, of one layout. */
  readonly sources: readonly number[];
  readonly dest: number;
  /** The source as this layer reads it. */
  readonly view: View;
  readonly mode: LayerMode;
  /** Channels of the source that belong to one block of outputs; 0: all (dense). */
  readonly blockChannels: number;
  readonly share: boolean;
  readonly hold: boolean;
  readonly isAdd: boolean;
  /** Zero points of an addition's operands. */
  readonly addZeros: readonly [number, number];
  readonly outC: number;
  readonly outH: number;
  readonly outW: number;
  /** Bytes from an output pixel to the next, where the layer sees the destination in its own way (addition). */
  readonly destPitch: number | undefined;
  /** Byte read outside the map. */
  readonly padByte: number;
  readonly zeroPoint: number;
  readonly weights: WeightSet;
  /** Zero points folded in. [outC]; three blocks of [columns] for an addition */
  readonly bias: () => Int32Array;
  readonly multiplier: Int32Array;
  readonly shift: Uint8Array;
  readonly clampMin: number;
  readonly clampMax: number;
}

/** What most layers are not. */
export const PLAIN = {
  ...NO_FOLD,
  share: false,
  hold: false,
  isAdd: false,
  addZeros: [0, 0] as const,
  destPitch: undefined,
};

/** A way to compute an operator. */
export interface Way {
  /** As the certificate lists it. */
  readonly name: string;
  readonly layer: Layer;
}

export const blocksOf = (l: Layer, columns: number): number => Math.ceil(l.outC / columns);

/** Channel words that one tap reads. */
export const tapWords = (l: Layer, columns: number): number =>
  l.mode === 'dense' ? Math.ceil(l.view.c / columns) : 1;

/** Channels in the last of those words, that is steps of the array. */
export function lastWordChannels(l: Layer, columns: number): number {
  if (l.mode === 'depthwise') return 1;
  if (l.mode === 'diagonal') return Math.min(l.view.c, l.blockChannels);
  return l.view.c - (tapWords(l, columns) - 1) * columns;
}

/** Steps of the array, and weight words, of one pixel. */
export const stepsOf = (l: Layer, columns: number): number =>
  l.kernelH * l.kernelW * ((tapWords(l, columns) - 1) * columns + lastWordChannels(l, columns));

/** `hold` uses one word for the whole layer. */
export const weightWordsOf = (l: Layer, columns: number): number =>
  l.hold ? 1 : blocksOf(l, columns) * stepsOf(l, columns);

/** Why the engine cannot take an operator; the host then runs it, exactly. */
export class Misfit extends Error {
  readonly code: string;
  readonly op: string;
  readonly remedy: string;
  constructor(code: string, op: string, reason: string, remedy: string) {
    super(reason);
    this.code = code;
    this.op = op;
    this.remedy = remedy;
  }

  asError(): IngotError {
    return new IngotError(this.code, this.message, { place: this.op, remedy: this.remedy });
  }
}

export const refuse = (code: string, op: { readonly name: string }, reason: string, remedy: string): Misfit =>
  new Misfit(code, op.name, reason, remedy);
