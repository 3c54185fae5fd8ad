/** Rules that the verifiers of engine and host operators share. */
import type { QuantTensor } from './types.ts';

export type Report = (code: string, message: string) => void;

export const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
export const size = (t: QuantTensor): number => product(t.shape);
export const isInt8 = (v: number): boolean => Number.isInteger(v) && v >= -128 && v <= 127;
/** TFLM's pools let scales differ by this much. */
export const sameScale = (a: QuantTensor, b: QuantTensor, tolerance = 0): boolean =>
  Math.abs(a.scale - b.scale) <= tolerance && a.zeroPoint === b.zeroPoint;

export function checkClamps(
  c: { readonly clampMin: number; readonly clampMax: number },
  report: Report,
): void {
  if (!isInt8(c.clampMin) || !isInt8(c.clampMax) || c.clampMin > c.clampMax) {
    report('QUANT-204', `clamps ${c.clampMin} … ${c.clampMax}`);
  }
}

export function checkMultiplier(q: number, shift: number, report: Report): void {
  const isNormal = q === 0 || (q >= 2 ** 30 && q < 2 ** 31);
  if (!Number.isInteger(q) || !isNormal || !Number.isInteger(shift) || shift < -31 || shift > 30) {
    report('QUANT-204', `multiplier ${q} / 2^31 · 2^${shift}`);
  }
}

/** m must be `real` to `bits` bits, or 0 where real is below 2^-32. */
export function checkFactor(
  m: { readonly multiplierQ31: number; readonly shift: number },
  real: number,
  bits: number,
  report: Report,
): void {
  checkMultiplier(m.multiplierQ31, m.shift, report);
  const held = m.multiplierQ31 * 2 ** (m.shift - 31);
  if (Math.abs(held - real) > real * 2 ** -bits + 2 ** -32) {
    report('QUANT-204', `a factor is ${held}, the scales give ${real}`);
  }
}
