import { IngotError } from '../../../base/diagnostic.ts';

/** A place in a JSON document that asks for what must be there: MODEL-044 where it is not. */
export class Json {
  readonly value: unknown;
  readonly path: string;

  constructor(value: unknown, path: string) {
    this.value = value;
    this.path = path;
  }

  static parse(bytes: Uint8Array, file: string): Json {
    try {
      return new Json(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)), file);
    } catch {
      throw wrong(file, 'is no JSON');
    }
  }

  get(key: string): Json {
    return new Json(this.record()[key], `${this.path}.${key}`);
  }

  has(key: string): boolean {
    const { value } = this;
    const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isRecord && Object.hasOwn(value, key) && (value as Record<string, unknown>)[key] !== undefined;
  }

  get isNull(): boolean {
    return this.value === null || this.value === undefined;
  }

  record(): Record<string, unknown> {
    const { value } = this;
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw wrong(this.path, 'is no object');
    return Object.assign(Object.create(null), value) as Record<string, unknown>;
  }

  list(): Json[] {
    if (!Array.isArray(this.value)) throw wrong(this.path, 'is no list');
    return this.value.map((v, i) => new Json(v, `${this.path}[${i}]`));
  }

  string(): string {
    if (typeof this.value !== 'string') throw wrong(this.path, 'is no text');
    return this.value;
  }

  /** Beyond 2^53 saturated: PyTorch writes 2^63 - 1 for "to the end". */
  integer(): number {
    if (!Number.isInteger(this.value)) throw wrong(this.path, 'is no integer');
    return Math.min(Math.max(this.value as number, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
  }

  number(): number {
    // Python writes infinities as text.
    const text = { Infinity: Infinity, '-Infinity': -Infinity, NaN: NaN } as Record<string, number>;
    if (typeof this.value === 'string' && Object.hasOwn(text, this.value)) return text[this.value]!;
    if (typeof this.value !== 'number') throw wrong(this.path, 'is no number');
    return this.value;
  }

  boolean(): boolean {
    if (typeof this.value !== 'boolean') throw wrong(this.path, 'is neither true nor false');
    return this.value;
  }
}

function wrong(path: string, what: string): IngotError {
  return new IngotError('MODEL-044', `${path} ${what}`, {
    place: path,
    remedy: 'export the model again with torch.export.save of PyTorch 2.8 or later',
  });
}
