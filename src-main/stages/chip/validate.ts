import { IngotError } from '../../base/diagnostic.ts';
import type { Chip } from './types.ts';

const isPowerOfTwo = (n: number): boolean => Number.isInteger(n) && n > 0 && (n & (n - 1)) === 0;

function fail(code: string, parameter: keyof Chip, given: unknown, rule: string): never {
  throw new IngotError(code, `chip parameter ${parameter} = ${String(given)} is not possible`, {
    place: `chip.${parameter}`,
    remedy: `${parameter} must be ${rule}`,
  });
}

function requireRange(code: string, chip: Chip, parameter: keyof Chip, low: number, high: number): void {
  const v = chip[parameter];
  if (typeof v !== 'number' || !Number.isInteger(v) || v < low || v > high)
    fail(code, parameter, v, `a whole number from ${low} to ${high}`);
}

/** Checks every parameter; throws CHIP-001 .. CHIP-012 naming the parameter at fault. */
export function validateChip(chip: Chip): void {
  if (!/^[A-Za-z][A-Za-z0-9_]{0,39}$/.test(chip.name))
    fail('CHIP-001', 'name', chip.name, 'a Verilog identifier of at most 40 characters');
  requireRange('CHIP-002', chip, 'rows', 1, 64);
  if (!isPowerOfTwo(chip.columns) || chip.columns < 2 || chip.columns > 64)
    fail('CHIP-003', 'columns', chip.columns, 'a power of two from 2 to 64');
  if (!isPowerOfTwo(chip.lanes) || chip.lanes > chip.columns)
    fail('CHIP-004', 'lanes', chip.lanes, `a power of two from 1 to columns (${chip.columns})`);
  if (![4, 8, 16].includes(chip.requantizeCycles))
    fail('CHIP-005', 'requantizeCycles', chip.requantizeCycles, '4, 8 or 16');
  requireRange('CHIP-006', chip, 'accumulatorBits', 16, 32);
  requireRange('CHIP-007', chip, 'activationBytes', 2 * chip.columns, 65536);
  if (chip.activationBytes % chip.columns !== 0)
    fail('CHIP-007', 'activationBytes', chip.activationBytes, `a multiple of columns (${chip.columns})`);
  requireRange('CHIP-008', chip, 'weightWords', 1, 65536);
  requireRange('CHIP-009', chip, 'parameterBlocks', 1, 4096);
  requireRange('CHIP-010', chip, 'programWords', 8, 1024);
  if (chip.memory !== 'flops') fail('CHIP-011', 'memory', chip.memory, "'flops'");
  if (typeof chip.bake !== 'boolean') fail('CHIP-012', 'bake', chip.bake, 'true or false');
}
