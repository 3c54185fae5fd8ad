/** Axis-parallel rectangle in database units, x1 <= x2 and y1 <= y2. */
export interface Rect {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/** The four orientations that rows of standard cells use, numbered as stored in Uint8Arrays. */
export const ORIENT_N = 0;
export const ORIENT_S = 1;
export const ORIENT_FN = 2;
export const ORIENT_FS = 3;
export const ORIENT_NAMES = ['N', 'S', 'FN', 'FS'] as const;

/**
 * Rectangle of a master placed with its lower left corner at (x, y).
 * N: as drawn; S: rotated by 180; FN: mirrored about the y axis; FS: mirrored about the x axis.
 */
export function placeRect(
  r: Rect,
  width: number,
  height: number,
  orient: number,
  x: number,
  y: number,
): Rect {
  const flipX = orient === ORIENT_S || orient === ORIENT_FN;
  const flipY = orient === ORIENT_S || orient === ORIENT_FS;
  return {
    x1: x + (flipX ? width - r.x2 : r.x1),
    y1: y + (flipY ? height - r.y2 : r.y1),
    x2: x + (flipX ? width - r.x1 : r.x2),
    y2: y + (flipY ? height - r.y1 : r.y2),
  };
}
