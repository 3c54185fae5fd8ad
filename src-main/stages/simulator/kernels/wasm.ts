/**
 * A small WebAssembly assembler: expressions are byte strings, composed by functions named as in the text
 * format. It knows just the instructions the kernels use.
 * Source: WebAssembly Core Specification 2.0, section 5 (binary format).
 */
export type Code = readonly number[];
export type ValueType = 'i32' | 'i64' | 'v128';

const TYPE: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, v128: 0x7b };

function unsignedLeb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 128 : low);
  } while (rest > 0);
  return bytes;
}

function signedLeb(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const low = Number(rest & 127n);
    rest >>= 7n;
    if ((rest === 0n && low < 64) || (rest === -1n && low >= 64)) return [...bytes, low];
    bytes.push(low | 128);
  }
}

const vector = (items: readonly Code[]): Code => [...unsignedLeb(items.length), ...items.flat()];
const section = (id: number, content: Code): Code => [id, ...unsignedLeb(content.length), ...content];
const text = (s: string): Code => [...unsignedLeb(s.length), ...Array.from(s, (c) => c.charCodeAt(0))];

/** A parameter or local variable; `get` is the expression that reads it. */
export interface Local {
  readonly index: number;
  readonly get: Code;
  readonly set: (value: Code) => Code;
  /** Sets it and leaves the value. */
  readonly tee: (value: Code) => Code;
}

/** A function without results under construction. */
export class Func {
  readonly name: string;
  readonly #params: ValueType[] = [];
  readonly #locals: ValueType[] = [];
  #body: Code = [];

  constructor(name: string) {
    this.name = name;
  }

  #variable(index: number): Local {
    const at = unsignedLeb(index);
    return {
      index,
      get: [0x20, ...at],
      set: (value) => [...value, 0x21, ...at],
      tee: (value) => [...value, 0x22, ...at],
    };
  }

  /** Parameters in call order; all before the first local. */
  params(count: number): Local[] {
    return Array.from({ length: count }, () => {
      this.#params.push('i32');
      return this.#variable(this.#params.length - 1);
    });
  }

  local(type: ValueType): Local {
    this.#locals.push(type);
    return this.#variable(this.#params.length + this.#locals.length - 1);
  }

  locals(type: ValueType, count: number): Local[] {
    return Array.from({ length: count }, () => this.local(type));
  }

  body(...code: readonly Code[]): this {
    this.#body = code.flat();
    return this;
  }

  type(): Code {
    return [0x60, ...vector(this.#params.map((t) => [TYPE[t]])), 0];
  }

  code(): Code {
    const body = [...vector(this.#locals.map((t) => [1, TYPE[t]])), ...this.#body, 0x0b];
    return [...unsignedLeb(body.length), ...body];
  }
}

/** A module of functions over one memory that the host gives as `env.memory`. */
export function assembleModule(functions: readonly Func[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(functions.map((f) => f.type()))),
    ...section(2, vector([[...text('env'), ...text('memory'), 2, 0, 1]])),
    ...section(3, vector(functions.map((_, i) => unsignedLeb(i)))),
    ...section(7, vector(functions.map((f, i) => [...text(f.name), 0, ...unsignedLeb(i)]))),
    ...section(10, vector(functions.map((f) => f.code()))),
  ]);
}

const binary =
  (...code: number[]) =>
  (a: Code, b: Code): Code => [...a, ...b, ...code];
const unary =
  (...code: number[]) =>
  (a: Code): Code => [...a, ...code];
const simd = (code: number): number[] => [0xfd, ...unsignedLeb(code)];
/** Alignment hint 0 (bytes): addresses need not be aligned. */
const load =
  (...code: number[]) =>
  (address: Code, offset = 0): Code => [...address, ...code, 0, ...unsignedLeb(offset)];
const store =
  (...code: number[]) =>
  (address: Code, value: Code, offset = 0): Code => [
    ...address,
    ...value,
    ...code,
    0,
    ...unsignedLeb(offset),
  ];

export const i32 = {
  const: (value: number): Code => [0x41, ...signedLeb(BigInt(value))],
  load: load(0x28),
  add: binary(0x6a),
  sub: binary(0x6b),
  mul: binary(0x6c),
  shl: binary(0x74),
  ltS: binary(0x48),
  leS: binary(0x4c),
};

export const i64 = {
  const: (value: bigint): Code => [0x42, ...signedLeb(value)],
  store: store(0x37),
  store8: store(0x3c),
  shrU: binary(0x88),
};

export const v128 = {
  load: load(...simd(0)),
  /** Eight signed bytes, widened to 16 bits each. */
  load8x8S: load(...simd(1)),
  load32Splat: load(...simd(9)),
  store: store(...simd(11)),
  zero: [...simd(12), ...new Array<number>(16).fill(0)] as Code,
  and: binary(...simd(78)),
  /** Bits of a where mask is 1, of b where it is 0. */
  bitselect: (a: Code, b: Code, mask: Code): Code => [...a, ...b, ...mask, ...simd(82)],
  /** Bytes of a (0..15) and b (16..31) by their numbers. */
  shuffle: (a: Code, b: Code, bytes: readonly number[]): Code => [...a, ...b, ...simd(13), ...bytes],
};

export const i8x16 = { narrowI16x8S: binary(...simd(101)) };

export const i16x8 = { narrowI32x4S: binary(...simd(133)) };

export const i32x4 = {
  splat: unary(...simd(17)),
  extendLowI16x8S: unary(...simd(167)),
  extendHighI16x8S: unary(...simd(168)),
  shl: binary(...simd(171)),
  shrS: binary(...simd(172)),
  add: binary(...simd(174)),
  sub: binary(...simd(177)),
  minS: binary(...simd(182)),
  maxS: binary(...simd(184)),
  /** Sums of the products of neighbouring 16-bit lanes. */
  dotI16x8S: binary(...simd(186)),
  extmulLowI16x8S: binary(...simd(188)),
  extmulHighI16x8S: binary(...simd(189)),
};

export const i64x2 = {
  splat: unary(...simd(18)),
  extractLane0: (a: Code): Code => [...a, ...simd(29), 0],
  extendLowI32x4S: unary(...simd(199)),
  extendHighI32x4S: unary(...simd(200)),
  shrU: binary(...simd(205)),
  add: binary(...simd(206)),
  extmulLowI32x4S: binary(...simd(220)),
  extmulHighI32x4S: binary(...simd(221)),
};

/** do { body } while (condition) */
export const doWhile = (body: readonly Code[], condition: Code): Code => [
  ...[0x03, 0x40],
  ...body.flat(),
  ...condition,
  ...[0x0d, 0x00],
  0x0b,
];

/** if (condition) { body } */
export const when = (condition: Code, ...body: readonly Code[]): Code => [
  ...condition,
  ...[0x04, 0x40],
  ...body.flat(),
  0x0b,
];

/** while (condition) { body } */
export const whileLoop = (condition: Code, ...body: readonly Code[]): Code =>
  when(condition, doWhile(body, condition));

/** Locals by number. */
export type Tuple<N extends number, T extends unknown[] = []> = T['length'] extends N
  ? T
  : Tuple<N, [...T, Local]>;

export const increase = (l: Local, by: Code): Code => l.set(i32.add(l.get, by));
export const above = (l: Local): Code => i32.ltS(i32.const(0), l.get);
