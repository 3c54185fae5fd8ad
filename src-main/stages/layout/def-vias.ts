import type { Rect } from '../../base/geometry.ts';
import type { DefTokens } from './def-tokens.ts';

interface ViaNumbers {
  cutSize: number[];
  cutSpacing: number[];
  enclosure: number[];
  rowCol: number[];
  origin: number[];
  offset: number[];
}

const COUNTS: Record<string, [keyof ViaNumbers, number]> = {
  CUTSIZE: ['cutSize', 2],
  CUTSPACING: ['cutSpacing', 2],
  ENCLOSURE: ['enclosure', 4],
  ROWCOL: ['rowCol', 2],
  ORIGIN: ['origin', 2],
  OFFSET: ['offset', 4],
};

/**
 * The rest of `- name + VIARULE rule + CUTSIZE x y + LAYERS bottom cut top + CUTSPACING x y + ENCLOSURE
 * xBot yBot xTop yTop [+ ROWCOL rows cols] [+ ORIGIN x y] [+ OFFSET xBot yBot xTop yTop] ;` as rectangles:
 * the array of cuts centred on the origin, each metal the cuts' hull grown by its enclosure.
 */
export function readGeneratedVia(t: DefTokens): { layer: string; rect: Rect }[] {
  t.next();
  let layers: string[] = [];
  const n: ViaNumbers = {
    cutSize: [],
    cutSpacing: [],
    enclosure: [],
    rowCol: [1, 1],
    origin: [0, 0],
    offset: [0, 0, 0, 0],
  };
  for (let word = t.next(); word !== ';'; word = t.next()) {
    if (word !== '+') throw t.error('LAYOUT-002', `expected '+' or ';', found '${word}'`);
    const key = t.next();
    if (key === 'LAYERS') layers = [t.next(), t.next(), t.next()];
    else {
      const entry = Object.hasOwn(COUNTS, key) ? COUNTS[key] : undefined;
      if (!entry) throw t.error('LAYOUT-006', `${key} in VIAS is not supported`);
      n[entry[0]] = Array.from({ length: entry[1] }, () => t.integer());
    }
  }
  if (layers.length === 0 || n.cutSize.length === 0 || n.cutSpacing.length === 0 || n.enclosure.length === 0)
    throw t.error('LAYOUT-005', 'a generated via lacks CUTSIZE, CUTSPACING, LAYERS or ENCLOSURE');
  return generatedShapes(layers, n);
}

function generatedShapes(layers: readonly string[], n: ViaNumbers): { layer: string; rect: Rect }[] {
  const [width, height] = n.cutSize as [number, number];
  const [gapX, gapY] = n.cutSpacing as [number, number];
  const [rows, columns] = n.rowCol as [number, number];
  const hullX = columns * width + (columns - 1) * gapX;
  const hullY = rows * height + (rows - 1) * gapY;
  const x0 = n.origin[0]! - hullX / 2;
  const y0 = n.origin[1]! - hullY / 2;
  const metal = (k: number): Rect => ({
    x1: x0 - n.enclosure[k]! + n.offset[k]!,
    y1: y0 - n.enclosure[k + 1]! + n.offset[k + 1]!,
    x2: x0 + hullX + n.enclosure[k]! + n.offset[k]!,
    y2: y0 + hullY + n.enclosure[k + 1]! + n.offset[k + 1]!,
  });
  const shapes = [{ layer: layers[0]!, rect: metal(0) }];
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const x = x0 + column * (width + gapX);
      const y = y0 + row * (height + gapY);
      shapes.push({ layer: layers[1]!, rect: { x1: x, y1: y, x2: x + width, y2: y + height } });
    }
  shapes.push({ layer: layers[2]!, rect: metal(2) });
  return shapes;
}
