/** Data sets as the flow and the command line read them. */

/** What a sample must fit: an input of the model, batch included. */
export interface SampleShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/**
 * How an image's bytes become numbers. unit: 0 … 1. signed: -1 … 1. byte: 0 … 255. imagenet: 0 … 1, then less the
 * mean (0.485, 0.456, 0.406) and over the deviation (0.229, 0.224, 0.225) of ImageNet's red, green and blue.
 */
export const PIXEL_RANGES = ['unit', 'signed', 'byte', 'imagenet'] as const;
export type PixelRange = (typeof PIXEL_RANGES)[number];

export interface SampleSet {
  /** [sample][input of the model], row major as the input's shape. */
  readonly samples: readonly (readonly Float32Array[])[];
  /** Class of each sample, where the file tells; else null. */
  readonly labels: Int32Array | null;
}
