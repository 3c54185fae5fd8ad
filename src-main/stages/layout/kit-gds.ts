import { IngotError } from '../../base/diagnostic.ts';
import { decodeReal, GDS } from './gds-records.ts';

/** The kit's cells as they stand in its GDS file: bytes from BGNSTR to ENDSTR. */
export interface KitGds {
  readonly dbuPerUm: number;
  readonly structures: ReadonlyMap<string, KitStructure>;
}

export interface KitStructure {
  readonly bytes: Uint8Array;
  /** Structures it refers to. */
  readonly uses: readonly string[];
}

/** Records of a stream one by one; a record that cannot be is LAYOUT-020 with its byte offset. */
export function* gdsRecords(bytes: Uint8Array): Generator<{ type: number; at: number; size: number }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 4 <= bytes.length;) {
    const size = view.getUint16(at);
    if (size < 4 || at + size > bytes.length) throw badGds('LAYOUT-020', `record of ${size} bytes`, at);
    const type = view.getUint8(at + 2);
    yield { type, at, size };
    if (type === GDS.ENDLIB) return;
    at += size;
  }
  throw badGds('LAYOUT-021', 'the file ends before ENDLIB', bytes.length);
}

export function badGds(code: string, message: string, offset: number): IngotError {
  return new IngotError(code, message, {
    place: `GDS byte ${offset}`,
    remedy: 'write the file again; it is damaged or uses what Ingot does not read',
  });
}

export function gdsText(bytes: Uint8Array, at: number, size: number): string {
  let text = '';
  for (let k = at + 4; k < at + size && bytes[k] !== 0; k++) text += String.fromCharCode(bytes[k]!);
  return text;
}

/** Splits a library into structures without looking at their shapes. */
export function splitKitGds(bytes: Uint8Array): KitGds {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const structures = new Map<string, KitStructure>();
  let dbuPerUm = 0;
  let start = 0;
  let name = '';
  let uses: string[] = [];
  for (const { type, at, size } of gdsRecords(bytes)) {
    if (type === GDS.UNITS) dbuPerUm = dbuPerUmOf(view, at, size);
    else if (type === GDS.BGNSTR) [start, uses] = [at, []];
    else if (type === GDS.STRNAME) name = gdsText(bytes, at, size);
    else if (type === GDS.SNAME) uses.push(gdsText(bytes, at, size));
    else if (type === GDS.ENDSTR) structures.set(name, { bytes: bytes.subarray(start, at + size), uses });
  }
  if (dbuPerUm === 0) throw badGds('LAYOUT-022', 'the library has no UNITS', 0);
  return { dbuPerUm, structures };
}

/** UNITS: user units per database unit, metres per database unit. Ours must be a whole number per um. */
export function dbuPerUmOf(view: DataView, at: number, size: number): number {
  if (size !== 20) throw badGds('LAYOUT-022', 'UNITS must hold two numbers', at);
  const perUm = 1e-6 / decodeReal(view, at + 12);
  const whole = Math.round(perUm);
  if (!(whole > 0) || Math.abs(perUm - whole) > 1e-6 * whole)
    throw badGds('LAYOUT-022', `${perUm} database units per micrometre`, at);
  return whole;
}

/** The structure's bytes with all lengths multiplied by a whole number; the bytes themselves for 1. */
export function scaleStructure(bytes: Uint8Array, factor: number): Uint8Array {
  if (factor === 1) return bytes;
  const out = bytes.slice();
  const view = new DataView(out.buffer);
  for (let at = 0; at < out.length; at += view.getUint16(at)) {
    const type = out[at + 2]!;
    if (type !== GDS.XY && type !== GDS.WIDTH) continue;
    for (let k = at + 4; k < at + view.getUint16(at); k += 4) {
      const value = view.getInt32(k) * factor;
      if (value !== (value | 0))
        throw badGds('LAYOUT-023', `${value} does not fit 32 bits after scaling`, at);
      view.setInt32(k, value);
    }
  }
  return out;
}
