/**
 * The engine's loops as a WebAssembly SIMD module: gather, multiply, depthwise, drain. All pointers are byte
 * addresses in the one memory; 16-byte vectors need no alignment. Sizes are never 0.
 */
import { add, drain } from './drain-kernels.ts';
import {
  above,
  assembleModule,
  doWhile,
  Func,
  i32,
  i32x4,
  increase,
  v128,
  whileLoop,
  type Code,
  type Tuple,
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

/** The module's bytes; the same every time. */
export const kernelModule = (): Uint8Array<ArrayBuffer> =>
  assembleModule([gather(), multiply(), depthwise(), drain(), add()]);
