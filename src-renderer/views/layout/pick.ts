/** What lies under a point: a grid over the shapes of each kind, made when it is first asked. */
import type { LayoutView } from '../../../src-main/base/layout-view.ts';
import type { PinShapes } from './scene.ts';

export interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly x0: number;
  readonly y0: number;
  readonly tile: number;
  readonly start: Int32Array;
  readonly items: Int32Array;
}

/** Rectangles into every tile that they touch; about `perTile` in a tile if they lay evenly. */
export function makeGrid(rects: Int32Array, die: Int32Array, perTile = 16): Grid {
  const count = rects.length / 4;
  const [x0, y0] = [die[0], die[1]];
  const [w, h] = [Math.max(1, die[2] - x0), Math.max(1, die[3] - y0)];
  const tile = Math.max(200, Math.ceil(Math.sqrt((w * h * perTile) / Math.max(1, count))));
  const [columns, rows] = [Math.ceil(w / tile), Math.ceil(h / tile)];
  const clamp = (v: number, max: number): number => Math.max(0, Math.min(max - 1, v));
  const each = (visit: (tile: number, item: number) => void): void => {
    for (let i = 0; i < count; i++) {
      const c1 = clamp(Math.floor((rects[4 * i] - x0) / tile), columns);
      const c2 = clamp(Math.floor((rects[4 * i + 2] - x0) / tile), columns);
      const r1 = clamp(Math.floor((rects[4 * i + 1] - y0) / tile), rows);
      const r2 = clamp(Math.floor((rects[4 * i + 3] - y0) / tile), rows);
      for (let r = r1; r <= r2; r++) for (let c = c1; c <= c2; c++) visit(r * columns + c, i);
    }
  };
  const start = new Int32Array(columns * rows + 1);
  each((t) => void start[t + 1]++);
  for (let t = 0; t < columns * rows; t++) start[t + 1] += start[t];
  const next = start.slice();
  const items = new Int32Array(start[columns * rows]);
  each((t, i) => void (items[next[t]++] = i));
  return { columns, rows, x0, y0, tile, start, items };
}

/** Rectangles that hold the point, widened by `slack` on each side. */
export function at(grid: Grid, rects: Int32Array, x: number, y: number, slack: number): number[] {
  const found = new Set<number>();
  const clamp = (v: number, max: number): number => Math.max(0, Math.min(max - 1, v));
  const [c1, c2] = [x - slack, x + slack].map((v) =>
    clamp(Math.floor((v - grid.x0) / grid.tile), grid.columns),
  );
  const [r1, r2] = [y - slack, y + slack].map((v) => clamp(Math.floor((v - grid.y0) / grid.tile), grid.rows));
  for (let r = r1; r <= r2; r++)
    for (let c = c1; c <= c2; c++)
      for (let k = grid.start[r * grid.columns + c]; k < grid.start[r * grid.columns + c + 1]; k++) {
        const i = grid.items[k];
        if (
          x >= rects[4 * i] - slack &&
          x <= rects[4 * i + 2] + slack &&
          y >= rects[4 * i + 1] - slack &&
          y <= rects[4 * i + 3] + slack
        )
          found.add(i);
      }
  return [...found];
}

export interface Hit {
  readonly cell: number;
  readonly net: number;
  readonly port: number;
  /** Of the metal that was hit, -1 = none */
  readonly layer: number;
  readonly pin: number;
}

export class Picker {
  readonly #view: LayoutView;
  readonly #pins: PinShapes;
  #cells: Grid | null = null;
  #shapes: Grid | null = null;
  #pinGrid: Grid | null = null;

  constructor(view: LayoutView, pins: PinShapes) {
    this.#view = view;
    this.#pins = pins;
  }

  /** Topmost metal among the layers that are shown, then pins, ports and the cell below. */
  hit(x: number, y: number, slack: number, isShown: (layer: number) => boolean, showsPins: boolean): Hit {
    const view = this.#view;
    this.#cells ??= makeGrid(view.cells, view.die, 4);
    this.#shapes ??= makeGrid(view.shapes, view.die);
    const cell = at(this.#cells, view.cells, x, y, 0)[0] ?? -1;
    let hit: Hit = { cell, net: -1, port: -1, layer: -1, pin: -1 };
    if (showsPins) {
      this.#pinGrid ??= makeGrid(this.#pins.rects, view.die);
      const pin = at(this.#pinGrid, this.#pins.rects, x, y, 0).find((i) => this.#pins.pin[i] >= 0);
      if (pin !== undefined) {
        const id = this.#pins.pin[pin];
        hit = { ...hit, pin: id, net: view.pinNet[id], layer: this.#pins.layer[pin] };
      }
    }
    let best = -1;
    for (const s of at(this.#shapes, view.shapes, x, y, slack)) {
      const layer = layerOf(view.shapeStart, s);
      if (isShown(layer) && layer > best) {
        best = layer;
        hit = { ...hit, net: view.shapeNet[s], layer, pin: -1 };
      }
    }
    for (let p = 0; p < view.ports.length; p++) {
      const [, x1, y1, x2, y2] = view.portShapes.subarray(5 * p, 5 * p + 5);
      if (x >= x1 - 2 * slack && x <= x2 + 2 * slack && y >= y1 - 2 * slack && y <= y2 + 2 * slack)
        hit = { ...hit, port: p, net: view.ports[p].net };
    }
    return hit;
  }
}

export function layerOf(start: Int32Array, shape: number): number {
  let layer = 0;
  while (start[layer + 1] <= shape) layer++;
  return layer;
}
