/**
 * A GDS file at the level of its records: the elements of one structure with the bytes they stand in, and a
 * way to take out, change and add some. Shares nothing with the product's reader and writer.
 */

export interface GdsElement {
  readonly kind: 'boundary' | 'reference' | 'text' | 'other';
  /** -1 for references. */
  readonly layer: number;
  /** x, y, x, y ... */
  readonly points: readonly number[];
  /** Structure of a reference, else empty. */
  readonly structure: string;
  /** Property 1 of a reference: the instance's name, empty for a via. */
  readonly instance: string;
  /** Bytes from its first record to the end of ENDEL. */
  readonly start: number;
  readonly end: number;
}

const KINDS = new Map<number, GdsElement['kind']>([
  [0x08, 'boundary'],
  [0x09, 'other'],
  [0x0a, 'reference'],
  [0x0b, 'reference'],
  [0x0c, 'text'],
  [0x15, 'other'],
  [0x2d, 'other'],
]);
const [STRNAME, ENDSTR, LAYER, XY, ENDEL, SNAME, PROPVALUE] = [0x06, 0x07, 0x0d, 0x10, 0x11, 0x12, 0x2c];

/** All elements of the structure `name`, in the file's order. */
export function gdsElements(bytes: Uint8Array, name: string): GdsElement[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (at: number, size: number): string =>
    String.fromCharCode(...bytes.subarray(at + 4, at + size)).replace(/\0+$/, '');
  const found: GdsElement[] = [];
  let isInside = false;
  let e: { -readonly [K in keyof GdsElement]: GdsElement[K] } | null = null;
  for (let at = 0; at + 4 <= bytes.length; at += view.getUint16(at)) {
    const size = view.getUint16(at);
    if (size < 4) break;
    const type = bytes[at + 2]!;
    if (type === STRNAME) isInside = text(at, size) === name;
    else if (type === ENDSTR) isInside = false;
    if (!isInside) continue;
    const kind = KINDS.get(type);
    if (kind) e = { kind, layer: -1, points: [], structure: '', instance: '', start: at, end: at };
    else if (!e) continue;
    else if (type === LAYER) e.layer = view.getInt16(at + 4);
    else if (type === SNAME) e.structure = text(at, size);
    else if (type === PROPVALUE) e.instance = text(at, size);
    else if (type === XY)
      e.points = Array.from({ length: (size - 4) / 4 }, (_, k) => view.getInt32(at + 4 + 4 * k));
    else if (type === ENDEL) {
      e.end = at + size;
      found.push(e);
      e = null;
    }
  }
  return found;
}

/** What the element is, for comparing: a rectangle by its corners, a reference by structure and origin. */
export function elementKey(e: GdsElement): string {
  if (e.kind === 'reference') return viaKey(e.structure, e.points[0]!, e.points[1]!);
  const xs = e.points.filter((_, k) => k % 2 === 0);
  const ys = e.points.filter((_, k) => k % 2 === 1);
  return rectKey(e.layer, Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys));
}

export const rectKey = (layer: number, x1: number, y1: number, x2: number, y2: number): string =>
  `layer ${layer} ${x1} ${y1} ${x2} ${y2}`;
export const viaKey = (structure: string, x: number, y: number): string => `${structure} ${x} ${y}`;

/** The element's bytes with other points, as many as it has. */
export function withPoints(bytes: Uint8Array, e: GdsElement, points: readonly number[]): Uint8Array {
  if (points.length !== e.points.length) throw new Error('another number of points');
  const copy = bytes.slice(e.start, e.end);
  const view = new DataView(copy.buffer);
  let at = 0;
  while (copy[at + 2] !== XY) at += view.getUint16(at);
  points.forEach((value, k) => view.setInt32(at + 4 + 4 * k, value));
  return copy;
}

/** The file with elements replaced by any bytes: none to take one out, its own and others to add. */
export function replaceElements(
  bytes: Uint8Array,
  replacements: ReadonlyMap<GdsElement, readonly Uint8Array[]>,
): Uint8Array {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const [e, by] of [...replacements].sort(([a], [b]) => a.start - b.start)) {
    parts.push(bytes.subarray(at, e.start), ...by);
    at = e.end;
  }
  parts.push(bytes.subarray(at));
  return new Uint8Array(Buffer.concat(parts));
}
