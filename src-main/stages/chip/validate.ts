import { IngotError } from '../../base/diagnostic.ts';
import { HOSTS, MEMORIES, type Chip } from './types.ts';

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

function requireFlag(code: string, chip: Chip, parameter: keyof Chip): void {
  if (typeof chip[parameter] !== 'boolean') fail(code, parameter, chip[parameter], 'true or false');
}

const quoted = (names: readonly string[]): string => names.map((n) => `'${n}'`).join(', ');

/** Checks every parameter; throws CHIP-001 .. CHIP-019 naming the parameter at fault. */
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
  requireRange('CHIP-008', chip, 'weightWords', 1, 2 ** 20);
  requireRange('CHIP-009', chip, 'parameterBlocks', 1, 4096);
  requireRange('CHIP-010', chip, 'programWords', 8, 1024);
  if (!MEMORIES.includes(chip.memory)) fail('CHIP-011', 'memory', chip.memory, `one of ${quoted(MEMORIES)}`);
  requireFlag('CHIP-012', chip, 'bake');
  requireFlag('CHIP-013', chip, 'depthwise');
  requireFlag('CHIP-014', chip, 'add');
  if (chip.lut !== false) fail('CHIP-015', 'lut', chip.lut, 'false: the engine has no table yet');
  if (![1, 2, 4, 8, 16].includes(chip.streamBytes) || chip.streamBytes > chip.columns)
    fail('CHIP-016', 'streamBytes', chip.streamBytes, `1, 2, 4, 8 or 16, at most columns (${chip.columns})`);
  requireRange('CHIP-017', chip, 'queueDepth', 0, 4);
  if (chip.bake && chip.queueDepth > 0)
    fail('CHIP-017', 'queueDepth', chip.queueDepth, '0 on a chip with bake = true');
  requireRange('CHIP-018', chip, 'activationBanks', 1, 16);
  const bankWords = chip.activationBytes / chip.activationBanks / chip.columns;
  if (chip.activationBanks > 1 && (!isPowerOfTwo(bankWords) || bankWords < 2))
    fail(
      'CHIP-018',
      'activationBanks',
      chip.activationBanks,
      `a number that divides activationBytes (${chip.activationBytes}) into parts of 2, 4, 8 ... words of ${chip.columns} bytes`,
    );
  if (!HOSTS.includes(chip.host)) fail('CHIP-019', 'host', chip.host, `one of ${quoted(HOSTS)}`);
  if (chip.bake && chip.host !== 'stream')
    fail('CHIP-019', 'host', chip.host, "'stream' on a chip with bake = true");
}
