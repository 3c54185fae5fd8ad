import { IngotError } from '../../../base/diagnostic.ts';

export function refuse(code: string, place: string, message: string, remedy: string): never {
  throw new IngotError(code, message, { place, remedy });
}

export const text = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** All samples of a set together may take this much; a data set for calibration needs far less. */
export const BYTES_MAX = 2 ** 30;
