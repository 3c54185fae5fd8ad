/** The kernels from sums to bytes: fold, requantise, clamp, write. */
import {
  above,
  doWhile,
  Func,
  i16x8,
  i32,
  i32x4,
  i64,
  i64x2,
  i8x16,
  increase,
  v128,
  when,
  whileLoop,
  type Code,
  type Local,
  type Tuple,
} from './wasm.ts';

/** Per four columns: multiplier q, 2^(31 - shift), all ones where shift is 0, nudges of columns 0, 1 and 2, 3. */
export const SCALE_BYTES = 80;

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

export function drain(): Func {
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

export function add(): Func {
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
