/** A colour picture of axis-parallel rectangles far smaller than a pixel: exact area coverage, layer by layer. */
export type Colour = readonly [number, number, number];

export class CoverageCanvas {
  readonly width: number;
  readonly height: number;
  /** [height * width * 3] 0..1, top row first */
  readonly #rgb: Float32Array;
  /** [height * width] how much of each pixel the layer being drawn covers; may pass 1 where rectangles overlap */
  readonly #coverage: Float32Array;

  constructor(width: number, height: number, background: Colour) {
    this.width = width;
    this.height = height;
    this.#rgb = new Float32Array(width * height * 3);
    this.#coverage = new Float32Array(width * height);
    for (let i = 0; i < this.#rgb.length; i++) this.#rgb[i] = background[i % 3]! / 255;
  }

  /** Adds a rectangle in pixels (y down) to the layer being drawn. */
  add(x1: number, y1: number, x2: number, y2: number, weight = 1): void {
    const [left, right] = [Math.max(0, x1), Math.min(this.width, x2)];
    const [top, bottom] = [Math.max(0, y1), Math.min(this.height, y2)];
    if (left >= right || top >= bottom) return;
    for (let y = Math.floor(top); y < bottom; y++) {
      const rows = (Math.min(bottom, y + 1) - Math.max(top, y)) * weight;
      const base = y * this.width;
      for (let x = Math.floor(left); x < right; x++)
        this.#coverage[base + x]! += (Math.min(right, x + 1) - Math.max(left, x)) * rows;
    }
  }

  /** Blends the layer over the picture and starts an empty one. */
  blend(colour: Colour, opacity: number): void {
    const [r, g, b] = [colour[0] / 255, colour[1] / 255, colour[2] / 255];
    const rgb = this.#rgb;
    const coverage = this.#coverage;
    for (let i = 0; i < coverage.length; i++) {
      if (coverage[i] === 0) continue;
      const a = Math.min(1, coverage[i]!) * opacity;
      rgb[3 * i]! += (r - rgb[3 * i]!) * a;
      rgb[3 * i + 1]! += (g - rgb[3 * i + 1]!) * a;
      rgb[3 * i + 2]! += (b - rgb[3 * i + 2]!) * a;
    }
    coverage.fill(0);
  }

  /** RGB bytes, each channel in steps of 4: half the size once compressed, and no eye can tell. */
  toRgb(): Uint8Array {
    return Uint8Array.from(this.#rgb, (v) => Math.min(255, Math.round((v * 255) / 4) * 4));
  }
}
