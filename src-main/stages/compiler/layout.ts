/**
 * How a tensor lies in activation memory. Words have K bytes. Maps with at least K channels take whole words
 * per pixel; thinner maps are packed to the next power of two so that no pixel crosses a word.
 */
export interface View {
  readonly h: number;
  readonly w: number;
  readonly c: number;
  /** Bytes from a pixel to the next. */
  readonly pitch: number;
  /** Whole words. */
  readonly bytes: number;
}

function pitchOf(channels: number, columns: number): number {
  if (channels >= columns) return Math.ceil(channels / columns) * columns;
  let pitch = 1;
  while (pitch < channels) pitch *= 2;
  return pitch;
}

export function viewOf(shape: readonly [number, number, number], columns: number): View {
  const [h, w, c] = shape;
  const pitch = pitchOf(c, columns);
  return { h, w, c, pitch, bytes: Math.ceil((h * w * pitch) / columns) * columns };
}

/** Whether the bytes lie one after the other, so that another shape can be read from them. */
export const isDense = (v: View): boolean => v.pitch === v.c || v.h * v.w === 1;
