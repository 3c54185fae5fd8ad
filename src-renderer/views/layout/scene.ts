/**
 * The chip as batches of rectangles in drawing order. Within a batch the rectangles stand in classes of size, largest
 * first, and within a class by tile of the die: a picture from afar draws a prefix and leaves out what would be less
 * than a pixel, a picture from nearby draws the tiles that it sees.
 */
import { CELL_KINDS, type LayoutView } from '../../../src-main/base/layout-view.ts';
import type { LivePicture } from '../../../src-main/base/live-picture.ts';
import { placeRect } from '../../../src-main/base/geometry.ts';
import type { Box } from './camera.ts';
import { cellColours, layerColours, MODULE_COLOURS, type Rgb, type Theme } from './colours.ts';

export interface Batch {
  /** Names the switch in the layer panel: `layer:3`, `cells`, `pins`, `power` ... */
  readonly id: string;
  readonly rects: Int32Array;
  /** [rects] index of the thing shown, before sorting */
  readonly item: Int32Array;
  /** Tiles of the batch's own box, row by row. */
  readonly tiles: Tiles;
  /** [classes * tiles + 1] rectangles of class k have a longer side of at least CLASS_SIDES[k] DBU */
  readonly start: Int32Array;
  /** RGBA of each rectangle, null = one colour for all. */
  readonly colours: Uint8Array | null;
}

interface Tiles {
  readonly x0: number;
  readonly y0: number;
  /** Tiles along each side. */
  readonly count: number;
  readonly width: number;
  readonly height: number;
}

const CLASSES = 24;
/** Classes shrink by a factor of about 1.6 from 4 mm down to a few nm. */
export const CLASS_SIDES = Float64Array.from(
  { length: CLASSES },
  (_, k) => 8_000_000 / 1.6 ** k / (k + 1 === CLASSES ? 1e9 : 1),
);
/** Rectangles in a tile, about; fewer would be many small draws. */
const PER_TILE = 500;
const TILES_MAX = 32;

/** By the middles of the rectangles. */
function tilesOf(rects: Int32Array): Tiles {
  let [x1, y1, x2, y2] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < rects.length; i += 4) {
    if (rects[i] < x1) x1 = rects[i];
    if (rects[i + 1] < y1) y1 = rects[i + 1];
    if (rects[i + 2] > x2) x2 = rects[i + 2];
    if (rects[i + 3] > y2) y2 = rects[i + 3];
  }
  const count = Math.max(1, Math.min(TILES_MAX, Math.floor(Math.sqrt(rects.length / 4 / PER_TILE))));
  if (x1 > x2) return { x0: 0, y0: 0, count: 1, width: 1, height: 1 };
  return { x0: x1, y0: y1, count, width: (x2 - x1 + 1) / count, height: (y2 - y1 + 1) / count };
}

/** First class by log2 of the side: the search from there is a step or two. */
const FIRST_CLASS = Uint8Array.from({ length: 33 }, (_, bits) => {
  let c = 0;
  while (c < CLASSES - 1 && 2 ** (bits + 1) < CLASS_SIDES[c]) c++;
  return c;
});

export function makeBatch(
  id: string,
  rects: Int32Array,
  colourOf: ((item: number) => Rgb) | null = null,
  only: ((item: number) => boolean) | null = null,
): Batch {
  const count = rects.length / 4;
  const tiles = tilesOf(rects);
  const { x0, y0, count: n, width, height } = tiles;
  const bucketOf = new Int32Array(count);
  const start = new Int32Array(CLASSES * n * n + 1);
  for (let i = 0; i < count; i++) {
    if (only && !only(i)) {
      bucketOf[i] = -1;
      continue;
    }
    const [x1, y1, x2, y2] = [rects[4 * i], rects[4 * i + 1], rects[4 * i + 2], rects[4 * i + 3]];
    const side = Math.max(x2 - x1, y2 - y1);
    let c = FIRST_CLASS[31 - Math.clz32(side | 1)];
    while (c < CLASSES - 1 && side < CLASS_SIDES[c]) c++;
    const column = Math.floor(((x1 + x2) / 2 - x0) / width);
    const row = Math.floor(((y1 + y2) / 2 - y0) / height);
    const bucket = (c * n + row) * n + column;
    bucketOf[i] = bucket;
    start[bucket + 1]++;
  }
  for (let b = 0; b + 1 < start.length; b++) start[b + 1] += start[b];
  const total = start[start.length - 1];
  const next = start.slice();
  const sorted = new Int32Array(4 * total);
  const item = new Int32Array(total);
  const colours = colourOf && new Uint8Array(4 * total);
  for (let i = 0; i < count; i++) {
    if (bucketOf[i] < 0) continue;
    const at = next[bucketOf[i]]++;
    item[at] = i;
    const k = 4 * at;
    sorted[k] = rects[4 * i];
    sorted[k + 1] = rects[4 * i + 1];
    sorted[k + 2] = rects[4 * i + 2];
    sorted[k + 3] = rects[4 * i + 3];
    if (colours && colourOf) {
      const [r, g, b] = colourOf(i);
      colours[k] = r;
      colours[k + 1] = g;
      colours[k + 2] = b;
      colours[k + 3] = 255;
    }
  }
  return { id, rects: sorted, item, tiles, start, colours };
}

/** Rectangles of a batch that may be seen in the box and are at least `px` pixels long: first, count, first, count ... */
export function visibleRanges(batch: Batch, box: Box, scale: number, px: number): number[] {
  const { x0, y0, count: n, width, height } = batch.tiles;
  const ranges: number[] = [];
  const add = (from: number, to: number): void => {
    if (from === to) return;
    const last = ranges.length - 2;
    if (last >= 0 && ranges[last] + ranges[last + 1] === from) ranges[last + 1] += to - from;
    else ranges.push(from, to - from);
  };
  const clamp = (v: number): number => Math.max(0, Math.min(n - 1, Math.floor(v)));
  for (let c = 0; c < CLASSES; c++) {
    // Class c holds sides below CLASS_SIDES[c - 1]; a rectangle reaches half of that beyond its middle.
    const most = c === 0 ? Infinity : CLASS_SIDES[c - 1];
    if (most * scale < px) break;
    const first = c * n * n;
    if (batch.start[first] === batch.start[first + n * n]) continue;
    const [left, right] = [(box.x1 - most / 2 - x0) / width, (box.x2 + most / 2 - x0) / width];
    const [low, high] = [(box.y1 - most / 2 - y0) / height, (box.y2 + most / 2 - y0) / height];
    if (right < 0 || left >= n || high < 0 || low >= n) continue;
    const [c1, c2] = [clamp(left), clamp(right)];
    for (let row = clamp(low); row <= clamp(high); row++) {
      const from = first + row * n;
      add(batch.start[from + c1], batch.start[from + c2 + 1]);
    }
  }
  return ranges;
}

/** Things of a batch whose rectangles touch the box. */
export function touching(batch: Batch, box: Box): number[] {
  const { rects, item } = batch;
  const ranges = visibleRanges(batch, box, 1, 0);
  const found: number[] = [];
  for (let r = 0; r < ranges.length; r += 2)
    for (let i = ranges[r]; i < ranges[r] + ranges[r + 1]; i++)
      if (
        rects[4 * i] <= box.x2 &&
        rects[4 * i + 2] >= box.x1 &&
        rects[4 * i + 1] <= box.y2 &&
        rects[4 * i + 3] >= box.y1
      )
        found.push(item[i]);
  return found;
}

export type CellMode = 'module' | 'kind' | 'plain';

const FILLER = CELL_KINDS.indexOf('filler');
const TAP = CELL_KINDS.indexOf('tap');
export const isPhysical = (view: LayoutView, cell: number): boolean =>
  view.cellKind[cell] === FILLER || view.cellKind[cell] === TAP;

/** The module at depth one that each module lies in, numbered for colours by size. */
export function moduleRanks(view: LayoutView): Int32Array {
  const top = view.modules.map((_, m) => {
    let at = m;
    while (view.modules[at].depth > 1) at = view.modules[at].parent;
    return at;
  });
  const blocks = [...new Set(top)].sort((a, b) => view.modules[b].cells - view.modules[a].cells);
  const own = blocks.filter((b) => b !== 0);
  return Int32Array.from(top, (b) => (b === 0 ? -1 : own.indexOf(b)));
}

export function cellBatch(view: LayoutView, mode: CellMode, theme: Theme): Batch {
  const kinds = cellColours(theme);
  const ranks = moduleRanks(view);
  const colour = (cell: number): Rgb => {
    const kind = CELL_KINDS[view.cellKind[cell]];
    if (mode === 'plain' || kind === 'tap') return kinds[kind === 'tap' ? 'tap' : 'logic'];
    if (mode === 'kind' || view.cellModule[cell] < 0) return kinds[kind];
    const rank = ranks[view.cellModule[cell]];
    return rank < 0 ? kinds.logic : MODULE_COLOURS[theme][rank % MODULE_COLOURS[theme].length];
  };
  return makeBatch('cells', view.cells, colour, (c) => view.cellKind[c] !== FILLER);
}

export const fillerBatch = (view: LayoutView): Batch =>
  makeBatch('fillers', view.cells, null, (c) => view.cellKind[c] === FILLER);

/** Shapes of the cells' pins in the chip; `pin` is the number in the netlist, -1 for obstructions. */
export interface PinShapes {
  readonly rects: Int32Array;
  readonly pin: Int32Array;
  readonly layer: Uint8Array;
}

export function expandPins(view: LayoutView): PinShapes {
  let count = 0;
  const cells = view.cellMaster.length;
  for (let c = 0; c < cells; c++) if (!isPhysical(view, c)) count += view.masters[view.cellMaster[c]].shapes;
  const out = { rects: new Int32Array(4 * count), pin: new Int32Array(count), layer: new Uint8Array(count) };
  let k = 0;
  const s = view.masterShapes;
  for (let c = 0; c < cells; c++) {
    if (isPhysical(view, c)) continue;
    const master = view.masters[view.cellMaster[c]];
    for (let m = master.firstShape; m < master.firstShape + master.shapes; m++) {
      const local = { x1: s[6 * m + 1], y1: s[6 * m + 2], x2: s[6 * m + 3], y2: s[6 * m + 4] };
      const r = placeRect(
        local,
        master.widthDbu,
        master.heightDbu,
        view.cellOrient[c],
        view.cells[4 * c],
        view.cells[4 * c + 1],
      );
      out.rects.set([r.x1, r.y1, r.x2, r.y2], 4 * k);
      out.pin[k] = s[6 * m + 5] < 0 ? -1 : view.cellPinStart[c] + s[6 * m + 5];
      out.layer[k++] = s[6 * m];
    }
  }
  return out;
}

export interface Scene {
  /** In drawing order. */
  readonly batches: readonly Batch[];
  readonly pins: PinShapes;
}

export function makeScene(view: LayoutView, mode: CellMode, theme: Theme): Scene {
  const pins = expandPins(view);
  const layer = (shapes: Int32Array, start: Int32Array, l: number): Int32Array =>
    shapes.subarray(4 * start[l], 4 * start[l + 1]);
  const batches = [makeBatch('rows', view.rows), fillerBatch(view), cellBatch(view, mode, theme)];
  // Power rails and straps of cells' own pins would hide the cells: only connected pins are drawn.
  batches.push(makeBatch('pins', pins.rects, null, (i) => pins.pin[i] >= 0 && view.pinNet[pins.pin[i]] >= 0));
  view.layers.forEach((_, k) => {
    const grid = layer(view.power, view.powerStart, k);
    if (grid.length > 0) batches.push(makeBatch(`power:${k}`, grid));
    const wires = layer(view.shapes, view.shapeStart, k);
    if (wires.length > 0) batches.push(makeBatch(`layer:${k}`, wires));
  });
  const ports = Int32Array.from(
    view.ports.flatMap((_, p) => [...view.portShapes.subarray(5 * p + 1, 5 * p + 5)]),
  );
  batches.push(makeBatch('ports', ports));
  return { batches, pins };
}

/** Colour and opacity of what has one colour. */
export function styleOf(id: string, theme: Theme, custom: Readonly<Record<string, Rgb>>): [Rgb, number] {
  const [kind, layer] = id.split(':');
  if (kind === 'layer') return [custom[id] ?? layerColours(theme)[Number(layer)], 0.78];
  if (kind === 'power') return [custom[`layer:${layer}`] ?? layerColours(theme)[Number(layer)], 0.32];
  if (kind === 'rows') return [theme === 'dark' ? [32, 39, 51] : [226, 230, 237], 1];
  if (kind === 'fillers') return [theme === 'dark' ? [40, 48, 61] : [213, 219, 228], 1];
  if (kind === 'pins') return [theme === 'dark' ? [126, 152, 206] : [70, 98, 160], 0.75];
  // See-through: where many lie, it is dense.
  if (kind === 'moving') return [theme === 'dark' ? [104, 148, 226] : [38, 84, 176], 0.5];
  if (kind === 'ports') return [theme === 'dark' ? [255, 255, 255] : [20, 24, 32], 0.95];
  return [theme === 'dark' ? [120, 140, 170] : [120, 140, 170], 0.9];
}

/** Cells and wires of a step at work. */
export function liveBatches({ cells, wires, layerWidthDbu, core }: LivePicture): Batch[] {
  const batches = [makeBatch('rows', core), makeBatch('moving', cells)];
  layerWidthDbu.forEach((width, layer) => {
    const rects: number[] = [];
    for (let w = 0; w < wires.length; w += 5)
      if (wires[w] === layer)
        rects.push(
          wires[w + 1] - width / 2,
          wires[w + 2] - width / 2,
          wires[w + 3] + width / 2,
          wires[w + 4] + width / 2,
        );
    if (rects.length > 0) batches.push(makeBatch(`layer:${layer}`, Int32Array.from(rects)));
  });
  return batches;
}
