/**
 * The GDSII stream's bytes (Calma, GDSII Stream Format Manual 6.0, 1987): records of a 16-bit length, a
 * record type, a data type and big-endian data.
 */
import { BugError } from '../../base/diagnostic.ts';

export const GDS = {
  HEADER: 0x00,
  BGNLIB: 0x01,
  LIBNAME: 0x02,
  UNITS: 0x03,
  ENDLIB: 0x04,
  BGNSTR: 0x05,
  STRNAME: 0x06,
  ENDSTR: 0x07,
  BOUNDARY: 0x08,
  PATH: 0x09,
  SREF: 0x0a,
  AREF: 0x0b,
  TEXT: 0x0c,
  LAYER: 0x0d,
  DATATYPE: 0x0e,
  WIDTH: 0x0f,
  XY: 0x10,
  ENDEL: 0x11,
  SNAME: 0x12,
  COLROW: 0x13,
  TEXTTYPE: 0x16,
  PRESENTATION: 0x17,
  STRING: 0x19,
  STRANS: 0x1a,
  MAG: 0x1b,
  ANGLE: 0x1c,
  PATHTYPE: 0x21,
  PROPATTR: 0x2b,
  PROPVALUE: 0x2c,
} as const;

const GDS_NONE = 0;
const GDS_BITS = 1;
const GDS_INT16 = 2;
const GDS_INT32 = 3;
const GDS_REAL64 = 5;
const GDS_TEXT = 6;

/** Sign bit, base-16 exponent in excess 64, 56-bit fraction. */
export function decodeReal(view: DataView, at: number): number {
  const head = view.getUint8(at);
  let fraction = 0;
  for (let k = 1; k < 8; k++) fraction = fraction * 256 + view.getUint8(at + k);
  const value = fraction * 2 ** (4 * ((head & 0x7f) - 64) - 56);
  return head & 0x80 ? -value : value;
}

function encodeReal(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  if (value === 0) return bytes;
  let fraction = Math.abs(value);
  let exponent = 64;
  while (fraction >= 1) {
    fraction /= 16;
    exponent++;
  }
  while (fraction < 1 / 16) {
    fraction *= 16;
    exponent--;
  }
  bytes[0] = (value < 0 ? 0x80 : 0) | exponent;
  for (let k = 1; k < 8; k++) {
    fraction *= 256;
    bytes[k] = Math.floor(fraction);
    fraction -= bytes[k]!;
  }
  return bytes;
}

/** Growing buffer of GDS records. Every number is range-checked at this edge. */
export class GdsWriter {
  #bytes = new Uint8Array(1 << 20);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  #reserve(size: number): void {
    if (this.#at + size <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + size));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }

  #head(record: number, dataType: number, dataBytes: number): void {
    const size = 4 + dataBytes;
    if (size > 0xffff) throw new BugError(`GDS record ${record} of ${size} bytes`);
    this.#reserve(size);
    this.#view.setUint16(this.#at, size);
    this.#bytes[this.#at + 2] = record;
    this.#bytes[this.#at + 3] = dataType;
    this.#at += 4;
  }

  empty(record: number): void {
    this.#head(record, GDS_NONE, 0);
  }

  bits(record: number, value: number): void {
    this.#head(record, GDS_BITS, 2);
    this.#view.setUint16(this.#at, value);
    this.#at += 2;
  }

  int16(record: number, ...values: readonly number[]): void {
    this.#head(record, GDS_INT16, 2 * values.length);
    for (const value of values) {
      if (!Number.isInteger(value) || value < -0x8000 || value > 0x7fff)
        throw new BugError(`${value} does not fit 16 bits of a GDS file`);
      this.#view.setInt16(this.#at, value);
      this.#at += 2;
    }
  }

  int32(record: number, ...values: readonly number[]): void {
    this.#head(record, GDS_INT32, 4 * values.length);
    for (const value of values) this.#int32(value);
  }

  #int32(value: number): void {
    if (value !== (value | 0)) throw new BugError(`${value} does not fit 32 bits of a GDS file`);
    this.#view.setInt32(this.#at, value);
    this.#at += 4;
  }

  real(record: number, ...values: readonly number[]): void {
    this.#head(record, GDS_REAL64, 8 * values.length);
    for (const value of values) {
      this.#bytes.set(encodeReal(value), this.#at);
      this.#at += 8;
    }
  }

  /** Latin text, padded to even length. */
  text(record: number, value: string): void {
    const padded = value.length + (value.length & 1);
    this.#head(record, GDS_TEXT, padded);
    for (let k = 0; k < value.length; k++) this.#bytes[this.#at + k] = value.charCodeAt(k) & 0xff;
    if (padded !== value.length) this.#bytes[this.#at + value.length] = 0;
    this.#at += padded;
  }

  /** A rectangle on datatype 0, counterclockwise, closed. */
  rectangle(layer: number, x1: number, y1: number, x2: number, y2: number): void {
    this.empty(GDS.BOUNDARY);
    this.int16(GDS.LAYER, layer);
    this.int16(GDS.DATATYPE, 0);
    this.#head(GDS.XY, GDS_INT32, 40);
    this.#int32(x1);
    this.#int32(y1);
    this.#int32(x2);
    this.#int32(y1);
    this.#int32(x2);
    this.#int32(y2);
    this.#int32(x1);
    this.#int32(y2);
    this.#int32(x1);
    this.#int32(y1);
    this.empty(GDS.ENDEL);
  }

  label(layer: number, x: number, y: number, value: string): void {
    this.empty(GDS.TEXT);
    this.int16(GDS.LAYER, layer);
    this.int16(GDS.TEXTTYPE, 0);
    this.int32(GDS.XY, x, y);
    this.text(GDS.STRING, value);
    this.empty(GDS.ENDEL);
  }

  /** Bytes of finished records. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }
}
