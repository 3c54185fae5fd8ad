/**
 * The chip as batches of rectangles in drawing order. Within a batch the rectangles stand in classes of size,
 * largest first, so that a picture from afar draws a prefix and leaves out what would be less than a pixel.
 */
import { CELL_KINDS, type LayoutView } from '../../../src-main/base/layout-view.ts';
import { placeRect } from '../../../src-main/base/geometry.ts';
import { cellColours, layerColours, MODULE_COLOURS, type Rgb, type Theme } from './colours.ts';

export interface Batch {
  /** Names the switch in the layer panel: `layer:3`, `cells`, `pins`, `power` ... */
  readonly id: string;
  readonly rects: Int32Array;
  /** [rects] index of the thing shown, before sorting by size */
  readonly item: Int32Array;
  /** [classes + 1] rectangles of class k have a longer side of at least CLASS_SIDES[k] DBU */
  readonly classStart: Int32Array;
  /** RGBA of each rectangle, null = one colour for all. */
  readonly colours: Uint8Array | null;
}

const CLASSES = 24;
/** Classes shrink by a factor of about 1.6 from 4 mm down to a few nm. */
export const CLASS_SIDES = Float64Array.from(
  { length: CLASSES },
  (_, k) => 8_000_000 / 1.6 ** k / (k + 1 === CLASSES ? 1e9 : 1),
);

export function makeBatch(
  id: string,
  rects: Int32Array,
  colourOf: ((item: number) => Rgb) | null = null,
  only: ((item: number) => boolean) | null = null,
): Batch {
  const count = rects.length / 4;
  const classOf = new Uint8Array(count);
  const start = new Int32Array(CLASSES + 1);
  for (let i = 0; i < count; i++) {
    if (only && !only(i)) {
      classOf[i] = 255;
      continue;
    }
    const side = Math.max(rects[4 * i + 2] - rects[4 * i], rects[4 * i + 3] - rects[4 * i + 1]);
    let c = 0;
    while (c < CLASSES - 1 && side < CLASS_SIDES[c]) c++;
    classOf[i] = c;
    start[c + 1]++;
  }
  for (let c = 0; c < CLASSES; c++) start[c + 1] += start[c];
  const total = start[CLASSES];
  const next = start.slice();
  const [sorted, item] = [new Int32Array(4 * total), new Int32Array(total)];
  const colours = colourOf && new Uint8Array(4 * total);
  for (let i = 0; i < count; i++) {
    if (classOf[i] === 255) continue;
    const k = next[classOf[i]]++;
    item[k] = i;
    for (let d = 0; d < 4; d++) sorted[4 * k + d] = rects[4 * i + d];
    if (colours && colourOf) colours.set([...colourOf(i), 255], 4 * k);
  }
  return { id, rects: sorted, item, classStart: start, colours };
}

/** How many rectangles of a batch are at least `px` pixels long at this scale. */
export function visibleCount(batch: Batch, scale: number, px: number): number {
  for (let c = 0; c < CLASSES; c++) {
    // Class c holds sides below CLASS_SIDES[c - 1].
    if (c > 0 && CLASS_SIDES[c - 1] * scale < px) return batch.classStart[c];
  }
  return batch.rects.length / 4;
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
  if (kind === 'ports') return [theme === 'dark' ? [255, 255, 255] : [20, 24, 32], 0.95];
  return [theme === 'dark' ? [120, 140, 170] : [120, 140, 170], 0.9];
}
