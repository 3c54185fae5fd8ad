/**
 * From a layer's instruction fields and the memory images to what the kernels read: addresses of all operands,
 * weights and scales in the kernels' order. Done once a program.
 */
import type { Chip, ParameterImages } from '../../chip/index.ts';
import type { ExecFields } from '../machine.ts';
import { tapOffsets } from '../reach.ts';
import { addressMask } from '../values.ts';
import { atLastPixel, startWalk, stepWalk } from '../walk.ts';
import { SCALE_BYTES } from './drain-kernels.ts';

/** One EXEC for the kernels; tables are relative to activation memory and to the layer's own padding bytes. */
export interface LayerPlan {
  readonly fields: ExecFields;
  readonly depthwise: boolean;
  /** Pixels of a channel block, window by window. */
  readonly pixels: number;
  readonly taps: number;
  /** Bytes a tap reads. */
  readonly run: number;
  /** Source address step from a channel block to the next; 0: all blocks read the same. */
  readonly blockShift: number;
  /** [pixel][tap]: address in activation memory, or PADDING for a tap outside the map. */
  readonly table: Int32Array;
  /** Bytes that taps outside the map read. */
  readonly paddingBytes: number;
  /** Channel blocks that are computed together, and their number. */
  readonly passes: readonly Pass[];
}

export const PADDING = -1;

/** Channel blocks whose sums are computed from one gathering of operands. */
export interface Pass {
  /** Added to source addresses. */
  readonly shift: number;
  /** Columns, a multiple of 8. */
  readonly columns: number;
  readonly weights: Int16Array;
  readonly biases: Int32Array;
  /** SCALE_BYTES for four columns; for an addition three sets. */
  readonly scales: Uint8Array;
  readonly writes: readonly Write[];
}

/** Columns written side by side. */
export interface Write {
  readonly firstColumn: number;
  readonly columns: number;
  readonly dest: number;
}

/** Larger tables than this are not worth their memory: such a layer runs on the slow path. */
const MOST_FETCHES = 2 ** 22;
/** Padding bytes that may be laid out for steps between blocks. */
const MOST_SHIFT = 2 ** 14;

/**
 * The layer's plan, or undefined where its fields ask for what the kernels do not do (addresses that wrap
 * around, results written over operands, windows that the walker does not enumerate whole): the slow path
 * does that.
 */
export function planLayer(f: ExecFields, images: ParameterImages, chip: Chip): LayerPlan | undefined {
  const K = chip.columns;
  const depthwise = f.mode === 1;
  const fold = f.fold ?? 0;
  const window = f.window! + 1;
  const taps = (f.kernelH! + 1) * (f.kernelW! + 1);
  const pixels = (f.windowW! + 1) * (f.windowH! + 1) * (f.outW! + 1) * (f.outH! + 1);
  if (window !== (f.windowW! + 1) * (f.windowH! + 1)) return undefined;
  if (fold === 1 && window !== 2) return undefined;
  if (f.lut === 1 || (depthwise && f.cBlocks! > 0) || pixels * taps > MOST_FETCHES) return undefined;
  const run = depthwise ? K : f.cBlocks! * K + f.cLast! + 1;
  // A depthwise word's bytes beyond the last channel are read by no column that is written.
  const used = depthwise && f.kBlocks === 0 ? f.kLast! + 1 : run;
  const fetches = fetchTable(f, chip, pixels, taps, used);
  if (!fetches) return undefined;
  const { table, blockShift } = fetches;
  const together = blockShift === 0 ? !depthwise || f.kBlocks === 0 : depthwise && blockShift === K;
  const shift = together && !depthwise ? 0 : blockShift;
  const passes: Pass[] = [];
  const blocksOfPass = together ? f.kBlocks! + 1 : 1;
  for (let block = 0; block <= f.kBlocks!; block += blocksOfPass) {
    const pass = planPass(f, images, chip, { block, blocks: blocksOfPass, taps, run, pixels, depthwise });
    if (!pass) return undefined;
    passes.push({ ...pass, shift: block * shift });
  }
  if (overlaps(f, passes, pixels / window, fetches)) return undefined;
  return {
    fields: f,
    depthwise,
    pixels,
    taps,
    run,
    blockShift: shift,
    table,
    paddingBytes: run + f.kBlocks! * Math.max(shift, depthwise ? K : 0) + 16,
    passes,
  };
}

interface Fetches {
  readonly table: Int32Array;
  readonly blockShift: number;
  /** Bytes that all blocks read from an address of the table on. */
  readonly reach: number;
  /** Bytes read: low..high-1. */
  readonly low: number;
  readonly high: number;
}

function fetchTable(
  f: ExecFields,
  chip: Chip,
  pixels: number,
  taps: number,
  run: number,
): Fetches | undefined {
  const mask = addressMask(chip.activationBytes);
  const offsets = tapOffsets(f, chip.columns);
  const table = new Int32Array(pixels * taps);
  const walker = startWalk(f);
  const first = walker.base;
  let low = Infinity;
  let high = 0;
  let at = 0;
  for (;;) {
    for (let t = 0, ky = 0; ky <= f.kernelH!; ky++) {
      const y = walker.y + ky;
      const rowInside = y >= 0 && y < f.inH!;
      for (let kx = 0; kx <= f.kernelW!; kx++, t++) {
        const x = walker.x + kx;
        if (!rowInside || x < 0 || x >= f.inW!) {
          table[at++] = PADDING;
          continue;
        }
        const address = (walker.base + offsets[t]!) & mask;
        table[at++] = address;
        if (address < low) low = address;
        if (address + run > high) high = address + run;
      }
    }
    const last = atLastPixel(walker, f);
    stepWalk(walker, f);
    if (last) break;
  }
  const blockShift = f.kBlocks === 0 ? 0 : (walker.base - first) & 0xffff;
  if (blockShift * f.kBlocks! > MOST_SHIFT) return undefined;
  high += blockShift * f.kBlocks!;
  if (high > chip.activationBytes) return undefined;
  return { table, blockShift, reach: run + blockShift * f.kBlocks!, low, high };
}

interface PassShape {
  readonly block: number;
  readonly blocks: number;
  readonly taps: number;
  readonly run: number;
  readonly pixels: number;
  readonly depthwise: boolean;
}

function planPass(
  f: ExecFields,
  images: ParameterImages,
  chip: Chip,
  s: PassShape,
): Omit<Pass, 'shift'> | undefined {
  const K = chip.columns;
  const columns = Math.ceil((s.blocks * K) / 8) * 8;
  const steps = s.depthwise ? s.taps : s.taps * s.run;
  const words = f.hold === 1 ? 1 : (f.kBlocks! + 1) * steps;
  const params = f.fold === 1 ? 3 : f.kBlocks! + 1;
  if ((f.weight! + words) * K > images.weights.length) return undefined;
  if ((f.param! + params) * K > images.biases.length) return undefined;
  const writes = planWrites(f, K, s);
  if (!writes) return undefined;
  /** First weight byte of a column and step. */
  const weightAt = (column: number, step: number): number => {
    const block = s.block + Math.floor(column / K);
    const word = f.weight! + (f.hold === 1 ? 0 : block * steps + step);
    return word * K + (column % K);
  };
  const biases = new Int32Array(columns);
  for (let j = 0; j < s.blocks * K; j++)
    biases[j] = images.biases[(f.param! + (f.fold === 1 ? 0 : s.block)) * K + (f.fold === 1 ? j % K : j)]!;
  const scales = packScales(f, images, K, s, columns);
  if (!scales) return undefined;
  const used = s.blocks * K;
  const weights = s.depthwise
    ? depthwiseWeights(images.weights, used, steps, weightAt)
    : denseWeights(images.weights, used, steps, weightAt);
  return { columns, weights, biases, scales, writes };
}

type WeightAt = (column: number, step: number) => number;

/** [columns/8][quads][2][8][2]: the two steps of a pair side by side, steps beyond the last 0. */
function denseWeights(image: Int8Array, used: number, steps: number, weightAt: WeightAt): Int16Array {
  const quads = Math.ceil(steps / 4);
  const packed = new Int16Array(Math.ceil(used / 8) * quads * 32);
  for (let j = 0; j < used; j++) {
    const base = (j >> 3) * quads * 32 + (j & 7) * 2;
    const from = weightAt(j, 0);
    const pitch = steps > 1 ? weightAt(j, 1) - from : 0;
    for (let s = 0, at = from; s < steps; s++, at += pitch)
      packed[base + (s >> 1) * 16 + (s & 1)] = image[at]!;
  }
  return packed;
}

/** [columns/8][taps][8] */
function depthwiseWeights(image: Int8Array, used: number, taps: number, weightAt: WeightAt): Int16Array {
  const packed = new Int16Array(Math.ceil(used / 8) * taps * 8);
  for (let j = 0; j < used; j++)
    for (let t = 0; t < taps; t++) packed[((j >> 3) * taps + t) * 8 + (j & 7)] = image[weightAt(j, t)]!;
  return packed;
}

function packScales(
  f: ExecFields,
  images: ParameterImages,
  K: number,
  s: PassShape,
  columns: number,
): Uint8Array | undefined {
  const sets = f.fold === 1 ? 3 : 1;
  const bytes = new Uint8Array((sets * columns * SCALE_BYTES) / 4);
  const words = new Int32Array(bytes.buffer);
  for (let set = 0; set < sets; set++)
    for (let j = 0; j < s.blocks * K; j++) {
      const at = f.fold === 1 ? (f.param! + set) * K + (j % K) : (f.param! + s.block) * K + j;
      const q = images.multipliers[at]!;
      const shift = images.shifts[at]!;
      if (q < 0 || shift > 31) return undefined;
      const group = ((set * columns) / 4 + (j >> 2)) * (SCALE_BYTES / 4);
      words[group + (j & 3)] = q;
      words[group + 4 + (j & 3)] = shift === 0 ? 0 : 2 ** (31 - shift);
      words[group + 8 + (j & 3)] = shift === 0 ? -1 : 0;
      // The lower half of a 64-bit nudge.
      words[group + 12 + 2 * (j & 3)] = f.rnd === 1 && shift > 0 ? 0 : 2 ** 30;
    }
  return bytes;
}

/** Where the columns of a pass go: all blocks side by side, or each for itself. */
function planWrites(f: ExecFields, K: number, s: PassShape): Write[] | undefined {
  const outputs = s.pixels / (f.window! + 1);
  const step = ((outputs - 1) * f.dstPitch! + f.dstKb!) & 0xffff;
  const destOf = (block: number): number => (f.dest! + block * step) & 0xffff;
  const columnsOf = (block: number): number => (block === f.kBlocks ? f.kLast! + 1 : K);
  const last = s.block + s.blocks - 1;
  if (s.blocks === 1 || step === K)
    return [{ firstColumn: 0, columns: (s.blocks - 1) * K + columnsOf(last), dest: destOf(s.block) }];
  if (K < 4) return undefined;
  return Array.from({ length: s.blocks }, (_, i) => ({
    firstColumn: i * K,
    columns: columnsOf(s.block + i),
    dest: destOf(s.block + i),
  }));
}

/** Whether a byte is written twice, outside memory, or where the layer reads. */
function overlaps(f: ExecFields, passes: readonly Pass[], outputs: number, fetches: Fetches): boolean {
  const writes = passes.flatMap((p) => p.writes);
  const pitch = outputs > 1 ? f.dstPitch! : 0;
  const low = Math.min(...writes.map((w) => w.dest));
  const high = Math.max(...writes.map((w) => w.dest + (outputs - 1) * pitch + w.columns));
  if (high > 65536) return true;
  const isApart = high <= fetches.low || fetches.high <= low;
  if (isApart && writes.length === 1) return outputs > 1 && pitch < writes[0]!.columns;
  const written = new Uint8Array(high);
  for (const w of writes)
    for (let o = 0; o < outputs; o++)
      for (let j = 0, at = w.dest + o * pitch; j < w.columns; j++, at++) {
        if (written[at]) return true;
        written[at] = 1;
      }
  return !isApart && readsWritten(fetches, written);
}

function readsWritten({ table, reach }: Fetches, written: Uint8Array): boolean {
  /** First written byte from an address on. */
  const next = new Int32Array(written.length + 1);
  next[written.length] = 2 ** 30;
  for (let at = written.length - 1; at >= 0; at--) next[at] = written[at] ? at : next[at + 1]!;
  return table.some((at) => at !== PADDING && at < written.length && next[at]! < at + reach);
}
