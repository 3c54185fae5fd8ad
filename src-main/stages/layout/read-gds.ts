import type { Diagnosed } from '../../base/diagnostic.ts';
import { IntList } from '../../base/int-list.ts';
import { decodeReal, GDS } from './gds-records.ts';
import { badGds, dbuPerUmOf, gdsRecords, gdsText } from './kit-gds.ts';
import type { GdsLibrary, GdsStructure, GdsText } from './types.ts';
import { INSTANCE_NAME_PROPERTY } from './types.ts';

/** Records without bearing on shapes: dates, fonts, reference libraries, generations. */
const SKIPPED = new Set([0x01, 0x05, 0x17, 0x1f, 0x20, 0x22, 0x23, 0x26, 0x2d, 0x2f, 0x32, 0x36, 0x00]);
const ELEMENTS: ReadonlySet<number> = new Set([GDS.BOUNDARY, GDS.PATH, GDS.SREF, GDS.AREF, GDS.TEXT]);

/** What the records of one element said. Reused from element to element. */
interface Element {
  kind: number;
  at: number;
  layer: number;
  datatype: number;
  width: number;
  pathType: number;
  structure: string;
  text: string;
  isMirrored: boolean;
  angle: number;
  magnification: number;
  columns: number;
  rows: number;
  attribute: number;
  instanceName: string;
  pointsAt: number;
  pointCount: number;
}

const blank = (kind: number, at: number): Element => ({
  kind,
  at,
  layer: -1,
  datatype: -1,
  width: 0,
  pathType: 0,
  structure: '',
  text: '',
  isMirrored: false,
  angle: 0,
  magnification: 1,
  columns: 1,
  rows: 1,
  attribute: 0,
  instanceName: '',
  pointsAt: -1,
  pointCount: 0,
});

/**
 * Reads a GDSII stream: boundaries, paths, single and array references, texts. A record that is damaged or
 * not supported (BOX, NODE, odd path ends, absolute flags) throws an IngotError LAYOUT-020 to LAYOUT-026
 * whose place is the byte offset. References to structures the file lacks are kept: structureIndex is -1.
 */
export function readGds(bytes: Uint8Array): Diagnosed<GdsLibrary> {
  return { value: new GdsReader(bytes).read(), diagnostics: [] };
}

class GdsReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #name = '';
  #dbuPerUm = 0;
  readonly #structures: GdsStructure[] = [];
  readonly #structureNames: string[] = [];
  readonly #ids = new Map<string, number>();
  #building: StructureBuilder | null = null;
  #element: Element | null = null;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #id(name: string): number {
    let id = this.#ids.get(name);
    if (id === undefined) {
      id = this.#structureNames.length;
      this.#structureNames.push(name);
      this.#ids.set(name, id);
    }
    return id;
  }

  read(): GdsLibrary {
    for (const { type, at, size } of gdsRecords(this.#bytes)) {
      if (this.#element) this.#elementRecord(this.#element, type, at, size);
      else this.#libraryRecord(type, at, size);
    }
    if (this.#building) throw badGds('LAYOUT-024', 'a structure does not end', this.#bytes.length);
    if (this.#dbuPerUm === 0) throw badGds('LAYOUT-022', 'the library has no UNITS', 0);
    const index = new Map(this.#structures.map((s, k) => [s.name, k]));
    if (index.size !== this.#structures.length)
      throw badGds('LAYOUT-025', 'two structures have the same name', this.#bytes.length);
    return {
      name: this.#name,
      dbuPerUm: this.#dbuPerUm,
      structures: this.#structures,
      structureNames: this.#structureNames,
      structureIndex: Int32Array.from(this.#structureNames, (name) => index.get(name) ?? -1),
    };
  }

  #libraryRecord(type: number, at: number, size: number): void {
    const isInside = this.#building !== null;
    if (type === GDS.LIBNAME) this.#name = gdsText(this.#bytes, at, size);
    else if (type === GDS.UNITS) this.#dbuPerUm = dbuPerUmOf(this.#view, at, size);
    else if (type === GDS.STRNAME && !isInside)
      this.#building = new StructureBuilder(gdsText(this.#bytes, at, size));
    else if (type === GDS.ENDSTR && this.#building) {
      this.#structures.push(this.#building.finish());
      this.#building = null;
    } else if (ELEMENTS.has(type) && isInside) this.#element = blank(type, at);
    else if (type === GDS.ENDLIB) return;
    else if (!SKIPPED.has(type)) throw badGds('LAYOUT-024', `record ${hex(type)} cannot stand here`, at);
  }

  #elementRecord(e: Element, type: number, at: number, size: number): void {
    const view = this.#view;
    const need = (bytes: number): void => {
      if (size !== 4 + bytes) throw badGds('LAYOUT-020', `record ${hex(type)} of ${size} bytes`, at);
    };
    const int16 = (offset = 4): number => view.getInt16(at + offset);
    switch (type) {
      case GDS.LAYER:
        need(2);
        e.layer = int16();
        break;
      case GDS.DATATYPE:
      case GDS.TEXTTYPE:
        need(2);
        e.datatype = int16();
        break;
      case GDS.WIDTH:
        need(4);
        e.width = view.getInt32(at + 4);
        if (e.width < 0) throw badGds('LAYOUT-026', 'an absolute WIDTH is not supported', at);
        break;
      case GDS.PATHTYPE:
        need(2);
        e.pathType = int16();
        break;
      case GDS.SNAME:
        e.structure = gdsText(this.#bytes, at, size);
        break;
      case GDS.STRING:
        e.text = gdsText(this.#bytes, at, size);
        break;
      case GDS.COLROW:
        need(4);
        [e.columns, e.rows] = [int16(), int16(6)];
        if (e.columns < 1 || e.rows < 1) throw badGds('LAYOUT-020', 'an array without members', at);
        break;
      case GDS.STRANS:
        need(2);
        if (view.getUint16(at + 4) & 0x0006)
          throw badGds('LAYOUT-026', 'an absolute STRANS is not supported', at);
        e.isMirrored = (view.getUint16(at + 4) & 0x8000) !== 0;
        break;
      case GDS.MAG:
      case GDS.ANGLE:
        need(8);
        if (type === GDS.MAG) e.magnification = decodeReal(view, at + 4);
        else e.angle = decodeReal(view, at + 4);
        break;
      case GDS.XY:
        if ((size - 4) % 8 !== 0) throw badGds('LAYOUT-020', `XY of ${size} bytes`, at);
        [e.pointsAt, e.pointCount] = [at + 4, (size - 4) / 8];
        break;
      case GDS.PROPATTR:
        need(2);
        e.attribute = int16();
        break;
      case GDS.PROPVALUE:
        if (e.attribute === INSTANCE_NAME_PROPERTY) e.instanceName = gdsText(this.#bytes, at, size);
        break;
      case GDS.ENDEL:
        this.#finishElement(e);
        this.#element = null;
        break;
      default:
        if (!SKIPPED.has(type)) throw badGds('LAYOUT-024', `record ${hex(type)} cannot stand here`, at);
    }
  }

  #finishElement(e: Element): void {
    const building = this.#building!;
    const isReference = e.kind === GDS.SREF || e.kind === GDS.AREF;
    const least = { [GDS.BOUNDARY]: 4, [GDS.PATH]: 2, [GDS.SREF]: 1, [GDS.AREF]: 3, [GDS.TEXT]: 1 }[e.kind]!;
    if (e.pointCount < least)
      throw badGds('LAYOUT-020', `element ${hex(e.kind)} of ${e.pointCount} points`, e.at);
    if (isReference ? e.structure === '' : e.layer < 0 || e.datatype < 0)
      throw badGds('LAYOUT-020', `element ${hex(e.kind)} lacks a record`, e.at);
    if (e.kind === GDS.PATH && e.pathType > 2)
      throw badGds('LAYOUT-026', `path type ${e.pathType} is not supported`, e.at);
    building.add(e, this.#view, isReference ? this.#id(e.structure) : -1);
  }
}

const hex = (type: number): string => `0x${type.toString(16).padStart(2, '0')}`;

class StructureBuilder {
  readonly #name: string;
  /** layer, datatype, width, path type per polygon and path */
  readonly #boundaries = new IntList(64);
  readonly #paths = new IntList(16);
  readonly #boundaryStart = new IntList(64);
  readonly #pathStart = new IntList(16);
  readonly #boundaryPoints = new IntList();
  readonly #pathPoints = new IntList(16);
  /** structure, x, y, mirrored, columns, rows, 4 steps */
  readonly #references = new IntList(64);
  readonly #angles: number[] = [];
  readonly #magnifications: number[] = [];
  readonly #instanceNames: string[] = [];
  readonly #texts: GdsText[] = [];

  constructor(name: string) {
    this.#name = name;
    this.#boundaryStart.push(0);
    this.#pathStart.push(0);
  }

  add(e: Element, view: DataView, structure: number): void {
    const x = (k: number): number => view.getInt32(e.pointsAt + 8 * k);
    const y = (k: number): number => view.getInt32(e.pointsAt + 8 * k + 4);
    if (e.kind === GDS.TEXT)
      this.#texts.push({ layer: e.layer, textType: e.datatype, x: x(0), y: y(0), text: e.text });
    else if (e.kind === GDS.BOUNDARY || e.kind === GDS.PATH) this.#shape(e, x, y);
    else {
      const step = (k: number, n: number, axis: (k: number) => number): number => (axis(k) - axis(0)) / n;
      const isArray = e.kind === GDS.AREF;
      const steps = isArray
        ? [step(1, e.columns, x), step(1, e.columns, y), step(2, e.rows, x), step(2, e.rows, y)]
        : [0, 0, 0, 0];
      if (steps.some((s) => !Number.isInteger(s))) throw badGds('LAYOUT-026', 'an array off its grid', e.at);
      const values = [structure, x(0), y(0), e.isMirrored ? 1 : 0, e.columns, e.rows, ...steps];
      for (const value of values) this.#references.push(value);
      this.#angles.push(e.angle);
      this.#magnifications.push(e.magnification);
      this.#instanceNames.push(e.instanceName);
    }
  }

  #shape(e: Element, x: (k: number) => number, y: (k: number) => number): void {
    const isPath = e.kind === GDS.PATH;
    const list = isPath ? this.#paths : this.#boundaries;
    const points = isPath ? this.#pathPoints : this.#boundaryPoints;
    const isClosed = !isPath && x(0) === x(e.pointCount - 1) && y(0) === y(e.pointCount - 1);
    if (!isPath && !isClosed) throw badGds('LAYOUT-020', 'a BOUNDARY is not closed', e.at);
    const count = isPath ? e.pointCount : e.pointCount - 1;
    for (let k = 0; k < count; k++) {
      points.push(x(k));
      points.push(y(k));
    }
    list.push(e.layer);
    list.push(e.datatype);
    list.push(e.width);
    list.push(e.pathType);
    (isPath ? this.#pathStart : this.#boundaryStart).push(points.length / 2);
  }

  finish(): GdsStructure {
    const column = (list: IntList, width: number, at: number): Int32Array =>
      Int32Array.from({ length: list.length / width }, (_, k) => list.at(k * width + at));
    const [b, p, r] = [this.#boundaries, this.#paths, this.#references];
    const steps = new Int32Array((r.length / 10) * 4);
    for (let k = 0; k < r.length / 10; k++)
      for (let s = 0; s < 4; s++) steps[k * 4 + s] = r.at(k * 10 + 6 + s);
    return {
      name: this.#name,
      boundaries: {
        layer: column(b, 4, 0),
        datatype: column(b, 4, 1),
        pointStart: this.#boundaryStart.toArray(),
        points: this.#boundaryPoints.toArray(),
      },
      paths: {
        layer: column(p, 4, 0),
        datatype: column(p, 4, 1),
        width: column(p, 4, 2),
        pathType: column(p, 4, 3),
        pointStart: this.#pathStart.toArray(),
        points: this.#pathPoints.toArray(),
      },
      references: {
        structure: column(r, 10, 0),
        x: column(r, 10, 1),
        y: column(r, 10, 2),
        isMirrored: Uint8Array.from(column(r, 10, 3)),
        columns: column(r, 10, 4),
        rows: column(r, 10, 5),
        steps,
        angleDegrees: Float64Array.from(this.#angles),
        magnification: Float64Array.from(this.#magnifications),
        instanceNames: this.#instanceNames,
      },
      texts: this.#texts,
    };
  }
}
