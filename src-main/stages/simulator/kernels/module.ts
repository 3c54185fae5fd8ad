/**
 * The engine's loops as a WebAssembly SIMD module: gather, multiply, depthwise, drain. All pointers are byte
 * addresses in the one memory; 16-byte vectors need no alignment. Sizes are never 0.
 */
import {
  assembleModule,
  doWhile,
  Func,
  i16x8,
  i32,
  i32x4,
  i64,
  i64x2,
  i8x16,
  v128,
  when,
  whileLoop,
  type Code,
  type Local,
} from './wasm.ts';

/** Signatures of the module's functions. */
export interface Kernels {
  /**
   * Widens operands: for `pixels` pixels of `taps` taps, `run` bytes each from the address in `table` (plus
   * `shift`), to int16 at `out`, `outPitch` bytes a pixel. Writes up to 14 bytes beyond a pixel's operands.
   */
  gather(
    table: number,
    pixels: number,
    taps: number,
    run: number,
    shift: number,
    out: number,
    outPitch: number,
  ): void;
  /**
   * sums[pixel][column] = bias[column] + operands . weights. Weights are [columns/8][quads][2][8][2] int16, a
   * quad being four steps; operands int16, `operandPitch` bytes a pixel; sums and biases int32.
   */
  multiply(
    operands: number,
    operandPitch: number,
    pixels: number,
    weights: number,
    quads: number,
    biases: number,
    columns: number,
    sums: number,
    sumPitch: number,
  ): void;
  /** sums[pixel][column] = bias[column] + sum over taps of weight by byte `shift` + `column` of the tap; weights [columns/8][taps][8] int16. */
  depthwise(
    table: number,
    pixels: number,
    taps: number,
    shift: number,
    weights: number,
    biases: number,
    columns: number,
    sums: number,
    sumPitch: number,
  ): void;
  /**
   * Wraps sums to the accumulator's bits, folds each window by maximum, requantises, clamps and writes `columns`
   * bytes an output. `scales` holds SCALE_BYTES for four columns; `doubled` is -1 for two roundings, 0 for one;
   * `low` and `high` are the clamps less the zero point.
   */
  drain(
    sums: number,
    sumPitch: number,
    outputs: number,
    window: number,
    columns: number,
    scales: number,
    wrap: number,
    doubled: number,
    low: number,
    high: number,
    zero: number,
    dest: number,
    destPitch: number,
  ): void;
  /** As drain for windows of two that are added: zero points first, and three sets of scales, `scalePitch` bytes apart. */
  add(
    sums: number,
    sumPitch: number,
    outputs: number,
    zero1: number,
    zero2: number,
    columns: number,
    scales: number,
    scalePitch: number,
    wrap: number,
    doubled: number,
    low: number,
    high: number,
    zero: number,
    dest: number,
    destPitch: number,
  ): void;
}

/** Per four columns: multiplier q, 2^(31 - shift), all ones where shift is 0, nudges of columns 0, 1 and 2, 3. */
export const SCALE_BYTES = 80;

const increase = (l: Local, by: Code): Code => l.set(i32.add(l.get, by));
const above = (l: Local): Code => i32.ltS(i32.const(0), l.get);

function gather(): Func {
  const f = new Func('gather');
  const [table, pixels, taps, run, shift, out, outPitch] = f.params(7) as Tuple<7>;
  const [tap, c, from, to] = f.locals('i32', 4) as Tuple<4>;
  return f.body(
    doWhile(
      [
        to.set(out.get),
        tap.set(taps.get),
        doWhile(
          [
            from.set(i32.add(i32.load(table.get), shift.get)),
            increase(table, i32.const(4)),
            c.set(i32.const(0)),
            doWhile(
              [
                v128.store(
                  i32.add(to.get, i32.shl(c.get, i32.const(1))),
                  v128.load8x8S(i32.add(from.get, c.get)),
                ),
                increase(c, i32.const(8)),
              ],
              i32.ltS(c.get, run.get),
            ),
            increase(to, i32.shl(run.get, i32.const(1))),
            increase(tap, i32.const(-1)),
          ],
          above(tap),
        ),
        increase(out, outPitch.get),
        increase(pixels, i32.const(-1)),
      ],
      above(pixels),
    ),
  );
}

type Tuple<N extends number, T extends unknown[] = []> = T['length'] extends N ? T : Tuple<N, [...T, Local]>;

/** Pixels of a block of sums that is held in registers: 4 pixels by 8 columns are 8 vectors. */
const PIXEL_BLOCK = 4;

function multiply(): Func {
  const f = new Func('multiply');
  const [operands, operandPitch, pixels, weights, quads, biases, columns, sums, sumPitch] = f.params(
    9,
  ) as Tuple<9>;
  const [left, row, out, w, quad] = f.locals('i32', 5) as Tuple<5>;
  const pointers = f.locals('i32', PIXEL_BLOCK);
  const [w0, w1, a] = f.locals('v128', 3) as Tuple<3>;
  const totals = f.locals('v128', 2 * PIXEL_BLOCK);

  /** One block: `count` pixels from `row`, 8 columns from `w`. */
  const block = (count: number): Code[] => {
    const rows = Array.from({ length: count }, (_, r) => r);
    const pair = (half: number): Code[] => [
      w0.set(v128.load(w.get, 32 * half)),
      w1.set(v128.load(w.get, 32 * half + 16)),
      ...rows.flatMap((r) => [
        a.set(v128.load32Splat(pointers[r]!.get, 4 * half)),
        totals[2 * r]!.set(i32x4.add(totals[2 * r]!.get, i32x4.dotI16x8S(a.get, w0.get))),
        totals[2 * r + 1]!.set(i32x4.add(totals[2 * r + 1]!.get, i32x4.dotI16x8S(a.get, w1.get))),
      ]),
    ];
    return [
      w.set(weights.get),
      quad.set(quads.get),
      ...rows.flatMap((r) => [
        pointers[r]!.set(r === 0 ? row.get : i32.add(pointers[r - 1]!.get, operandPitch.get)),
        totals[2 * r]!.set(v128.load(biases.get)),
        totals[2 * r + 1]!.set(v128.load(biases.get, 16)),
      ]),
      doWhile(
        [
          ...pair(0),
          ...pair(1),
          ...rows.map((r) => increase(pointers[r]!, i32.const(8))),
          increase(w, i32.const(64)),
          increase(quad, i32.const(-1)),
        ],
        above(quad),
      ),
      ...rows.flatMap((r) => [
        v128.store(out.get, totals[2 * r]!.get),
        v128.store(out.get, totals[2 * r + 1]!.get, 16),
        increase(out, sumPitch.get),
      ]),
      row.set(i32.add(row.get, i32.mul(operandPitch.get, i32.const(count)))),
      increase(left, i32.const(-count)),
    ];
  };
  return f.body(
    doWhile(
      [
        left.set(pixels.get),
        row.set(operands.get),
        out.set(sums.get),
        whileLoop(i32.leS(i32.const(PIXEL_BLOCK), left.get), ...block(PIXEL_BLOCK)),
        whileLoop(above(left), ...block(1)),
        weights.set(w.get),
        increase(biases, i32.const(32)),
        increase(sums, i32.const(32)),
        increase(columns, i32.const(-8)),
      ],
      above(columns),
    ),
  );
}

function depthwise(): Func {
  const f = new Func('depthwise');
  const [table, pixels, taps, shift, weights, biases, columns, sums, sumPitch] = f.params(9) as Tuple<9>;
  const [tap, entry, w, c, out, b, left] = f.locals('i32', 7) as Tuple<7>;
  const [low, high, x, y] = f.locals('v128', 4) as Tuple<4>;
  return f.body(
    doWhile(
      [
        w.set(weights.get),
        b.set(biases.get),
        out.set(sums.get),
        c.set(shift.get),
        left.set(columns.get),
        doWhile(
          [
            low.set(v128.load(b.get)),
            high.set(v128.load(b.get, 16)),
            entry.set(table.get),
            tap.set(taps.get),
            doWhile(
              [
                x.set(v128.load8x8S(i32.add(i32.load(entry.get), c.get))),
                y.set(v128.load(w.get)),
                low.set(i32x4.add(low.get, i32x4.extmulLowI16x8S(x.get, y.get))),
                high.set(i32x4.add(high.get, i32x4.extmulHighI16x8S(x.get, y.get))),
                increase(entry, i32.const(4)),
                increase(w, i32.const(16)),
                increase(tap, i32.const(-1)),
              ],
              above(tap),
            ),
            v128.store(out.get, low.get),
            v128.store(out.get, high.get, 16),
            increase(out, i32.const(32)),
            increase(b, i32.const(32)),
            increase(c, i32.const(8)),
            increase(left, i32.const(-8)),
          ],
          above(left),
        ),
        table.set(entry.get),
        increase(sums, sumPitch.get),
        increase(pixels, i32.const(-1)),
      ],
      above(pixels),
    ),
  );
}

const EVEN_WORDS = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27];

/** Low halves of (p >> 31) of four 64-bit products: the quotients fit 32 bits. */
const upper = (first: Code, second: Code): Code =>
  v128.shuffle(i64x2.shrU(first, i32.const(31)), i64x2.shrU(second, i32.const(31)), EVEN_WORDS);

/**
 * Four sums times q / 2^(31 + shift). V = (sum * q + nudge) >> 31; then (V * 2^(31-shift) + 2^30 + (V >> 31)) >> 31
 * is the right shift that rounds halves away from zero, without overflow. For a single rounding nudge and the
 * last term are 0 where there is a shift.
 */
function scale(v: Local, t: Local, scales: Code, offset: number, doubled: Code): Code[] {
  const part = (i: number): Code => v128.load(scales, offset + 16 * i);
  const half = i64x2.splat(i64.const(2n ** 30n));
  return [
    v.set(
      upper(
        i64x2.add(i64x2.extmulLowI32x4S(v.get, part(0)), part(3)),
        i64x2.add(i64x2.extmulHighI32x4S(v.get, part(0)), part(4)),
      ),
    ),
    t.set(v128.and(i32x4.shrS(v.get, i32.const(31)), doubled)),
    v.set(
      v128.bitselect(
        v.get,
        upper(
          i64x2.add(i64x2.add(i64x2.extmulLowI32x4S(v.get, part(1)), half), i64x2.extendLowI32x4S(t.get)),
          i64x2.add(i64x2.add(i64x2.extmulHighI32x4S(v.get, part(1)), half), i64x2.extendHighI32x4S(t.get)),
        ),
        part(2),
      ),
    ),
  ];
}

/** Writes the first min(8, left) bytes of `bytes`. */
function writeBytes(bytes: Local, packed: Local, at: Local, left: Local, rest: Local): Code[] {
  return [
    packed.set(i64x2.extractLane0(bytes.get)),
    when(i32.leS(i32.const(8), left.get), i64.store(at.get, packed.get)),
    when(
      i32.ltS(left.get, i32.const(8)),
      rest.set(left.get),
      doWhile(
        [
          i64.store8(at.get, packed.get),
          packed.set(i64.shrU(packed.get, i64.const(8n))),
          increase(at, i32.const(1)),
          increase(rest, i32.const(-1)),
        ],
        above(rest),
      ),
    ),
  ];
}

interface Output {
  readonly f: Func;
  readonly sums: Local;
  readonly sumPitch: Local;
  readonly outputs: Local;
  readonly columns: Local;
  readonly scales: Local;
  readonly low: Local;
  readonly high: Local;
  readonly zero: Local;
  readonly dest: Local;
  readonly destPitch: Local;
  /** Pixels of a window, as code. */
  readonly window: Code;
  /** Leaves four finished values, before the clamp, in v; reads sums at `from`, scales at `s` plus an offset. */
  readonly value: (v: Local, from: Local, s: Local, half: number) => Code[];
}

/** The loop over outputs and groups of 8 columns that drain and add share. */
function outputLoop(o: Output): Code {
  const [left, s, from, at, column, rest] = o.f.locals('i32', 6) as Tuple<6>;
  const [v0, v1, lo, hi, zp] = o.f.locals('v128', 5) as Tuple<5>;
  const packed = o.f.local('i64');
  const clamped = (v: Local): Code => i32x4.add(i32x4.minS(i32x4.maxS(v.get, lo.get), hi.get), zp.get);
  return [
    ...lo.set(i32x4.splat(o.low.get)),
    ...hi.set(i32x4.splat(o.high.get)),
    ...zp.set(i32x4.splat(o.zero.get)),
    ...doWhile(
      [
        left.set(o.columns.get),
        s.set(o.scales.get),
        column.set(o.sums.get),
        at.set(o.dest.get),
        doWhile(
          [
            from.set(column.get),
            ...o.value(v0, from, s, 0),
            from.set(column.get),
            ...o.value(v1, from, s, 1),
            v0.set(i16x8.narrowI32x4S(clamped(v0), clamped(v1))),
            v0.set(i8x16.narrowI16x8S(v0.get, v0.get)),
            ...writeBytes(v0, packed, at, left, rest),
            increase(at, i32.const(8)),
            increase(column, i32.const(32)),
            increase(s, i32.const(2 * SCALE_BYTES)),
            increase(left, i32.const(-8)),
          ],
          above(left),
        ),
        increase(o.dest, o.destPitch.get),
        o.sums.set(i32.add(o.sums.get, i32.mul(o.sumPitch.get, o.window))),
        increase(o.outputs, i32.const(-1)),
      ],
      above(o.outputs),
    ),
  ];
}

function drain(): Func {
  const f = new Func('drain');
  const [sums, sumPitch, outputs, window, columns, scales, wrap, doubled, low, high, zero, dest, destPitch] =
    f.params(13) as Tuple<13>;
  const n = f.local('i32');
  const [t, mode] = f.locals('v128', 2) as Tuple<2>;
  const wrapped = (from: Local, half: number): Code =>
    i32x4.shrS(i32x4.shl(v128.load(from.get, 16 * half), wrap.get), wrap.get);
  const value: Output['value'] = (v, from, s, half) => [
    v.set(wrapped(from, half)),
    n.set(i32.sub(window.get, i32.const(1))),
    whileLoop(
      above(n),
      increase(from, sumPitch.get),
      v.set(i32x4.maxS(v.get, wrapped(from, half))),
      increase(n, i32.const(-1)),
    ),
    ...scale(v, t, s.get, half * SCALE_BYTES, mode.get),
  ];
  const loop = outputLoop({
    f, sums, sumPitch, outputs, columns, scales, low, high, zero, dest, destPitch, window: window.get, value,
  }); // prettier-ignore
  return f.body(mode.set(i32x4.splat(doubled.get)), loop);
}

function add(): Func {
  const f = new Func('add');
  const [
    sums, sumPitch, outputs, zero1, zero2, columns, scales, scalePitch, wrap, doubled, low, high, zero, dest,
    destPitch,
  ] = f.params(15) as Tuple<15>; // prettier-ignore
  const set = f.local('i32');
  const [t, mode, second] = f.locals('v128', 3) as Tuple<3>;
  const operand = (from: Local, half: number, zeroPoint: Local): Code =>
    i32x4.shl(
      i32x4.sub(
        i32x4.shrS(i32x4.shl(v128.load(from.get, 16 * half), wrap.get), wrap.get),
        i32x4.splat(zeroPoint.get),
      ),
      i32.const(20),
    );
  const value: Output['value'] = (v, from, s, half) => [
    v.set(operand(from, half, zero1)),
    ...scale(v, t, s.get, half * SCALE_BYTES, mode.get),
    increase(from, sumPitch.get),
    second.set(operand(from, half, zero2)),
    set.set(i32.add(s.get, scalePitch.get)),
    ...scale(second, t, set.get, half * SCALE_BYTES, mode.get),
    v.set(i32x4.add(v.get, second.get)),
    increase(set, scalePitch.get),
    ...scale(v, t, set.get, half * SCALE_BYTES, mode.get),
  ];
  const loop = outputLoop({
    f, sums, sumPitch, outputs, columns, scales, low, high, zero, dest, destPitch, window: i32.const(2), value,
  }); // prettier-ignore
  return f.body(mode.set(i32x4.splat(doubled.get)), loop);
}

/** The module's bytes; the same every time. */
export const kernelModule = (): Uint8Array<ArrayBuffer> =>
  assembleModule([gather(), multiply(), depthwise(), drain(), add()]);
