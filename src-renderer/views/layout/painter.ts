/** What a painter can do; gl-painter.ts and canvas-painter.ts are the two. */
import type { Overview } from '../../../src-main/base/layout-view.ts';
import type { Rgb } from './colours.ts';
import type { Batch } from './scene.ts';

export interface Layered {
  readonly batch: Batch;
  readonly colour: Rgb;
  readonly alpha: number;
  /** Of the batch, to be drawn: first, count, first, count ... */
  readonly ranges: readonly number[];
  /** Rectangles in them. */
  readonly count: number;
}

/** A layer's coverage, drawn where its shapes are too many. */
export interface Veil {
  readonly overview: Overview;
  /** Lower left corner of the die. */
  readonly x: number;
  readonly y: number;
  /** What of it is seen, in drawing order. */
  readonly layers: readonly { readonly layer: number; readonly colour: Rgb; readonly alpha: number }[];
}

export interface Frame {
  readonly x: number;
  readonly y: number;
  /** Device pixels per DBU. */
  readonly scale: number;
  readonly width: number;
  readonly height: number;
  readonly background: Rgb;
}

export interface Painter {
  readonly kind: 'WebGL2' | 'Canvas2D';
  /** Bytes of geometry sent to the card so far; does not grow by panning. */
  uploadedBytes(): number;
  /** At once; with `coarse` over coverage and below the last whole picture, moved to where it belongs now. */
  draw(frame: Frame, layers: readonly Layered[], coarse?: Veil | null): void;
  /** Begins a picture that is made piece by piece aside, and shown and kept when it is whole. */
  start(frame: Frame, layers: readonly Layered[]): void;
  /** Goes on with it by so many rectangles; true when it is whole. */
  go(most: number): boolean;
  /** The kept picture shows what is no longer so, and the one begun too. */
  forget(): void;
  /** Whether what was asked for last is still being drawn. */
  isBusy(): boolean;
  /** Forgets a batch that is no longer drawn. */
  drop(batch: Batch): void;
  /** Waits until the picture is really drawn. */
  finish(): void;
  dispose(): void;
}
