/** Which part of the chip is seen. World in DBU, y upwards; screen in CSS pixels, y downwards. */
export interface Camera {
  /** World point at the middle of the picture. */
  readonly x: number;
  readonly y: number;
  /** CSS pixels per DBU. */
  readonly scale: number;
}

export interface Box {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A database unit is never shown larger than this, so that numbers on the card stay exact. */
const SCALE_MAX = 2;

export function fit(box: Box, size: Size, margin = 0.04): Camera {
  const [w, h] = [Math.max(1, box.x2 - box.x1), Math.max(1, box.y2 - box.y1)];
  const scale = Math.min(size.width / w, size.height / h) * (1 - 2 * margin);
  return { x: (box.x1 + box.x2) / 2, y: (box.y1 + box.y2) / 2, scale: Math.min(SCALE_MAX, scale) };
}

export const toWorld = (c: Camera, size: Size, px: number, py: number): [number, number] => [
  c.x + (px - size.width / 2) / c.scale,
  c.y - (py - size.height / 2) / c.scale,
];

export const toScreen = (c: Camera, size: Size, x: number, y: number): [number, number] => [
  (x - c.x) * c.scale + size.width / 2,
  size.height / 2 - (y - c.y) * c.scale,
];

export function seen(c: Camera, size: Size): Box {
  const [hw, hh] = [size.width / 2 / c.scale, size.height / 2 / c.scale];
  return { x1: c.x - hw, y1: c.y - hh, x2: c.x + hw, y2: c.y + hh };
}

/** Zooms by `factor` about a point of the screen, which stays where it is. */
export function zoomAt(c: Camera, size: Size, factor: number, px: number, py: number, least: number): Camera {
  const scale = Math.min(SCALE_MAX, Math.max(least, c.scale * factor));
  const [x, y] = toWorld(c, size, px, py);
  return {
    x: x - (px - size.width / 2) / scale,
    y: y + (py - size.height / 2) / scale,
    scale,
  };
}

export const pan = (c: Camera, dx: number, dy: number): Camera => ({
  ...c,
  x: c.x - dx / c.scale,
  y: c.y + dy / c.scale,
});

/** 1, 2 or 5 times a power of ten that is at most `limit`. */
export function roundStep(limit: number): number {
  const power = 10 ** Math.floor(Math.log10(limit));
  return [5, 2, 1].map((m) => m * power).find((s) => s <= limit) ?? power;
}
