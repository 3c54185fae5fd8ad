/** 16-bit floating-point numbers from their bits. */

/** IEEE 754 half precision. */
export function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

const WORD = new DataView(new ArrayBuffer(4));
/** The upper half of a float32. */
export function bfloat16(bits: number): number {
  WORD.setUint32(0, (bits & 0xffff) * 65536);
  return WORD.getFloat32(0);
}
