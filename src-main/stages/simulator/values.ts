/**
 * Values of one layer, computed from instruction fields and memory images only: the counters and pointers of
 * the hardware, one product after the other. Slow and obvious; the kernels are held to its bytes.
 */
import type { Chip, ParameterImages } from '../chip/index.ts';
import type { ExecFields } from './machine.ts';
import { requantizeValue, scaleValue } from './requantize.ts';
import { atLastPixel, startWalk, stepWalk, type Walker } from './walk.ts';

/** Runs one EXEC on the activation memory `act`. */
export function runLayer(f: ExecFields, images: ParameterImages, chip: Chip, act: Int8Array): void {
  const K = chip.columns;
  const walker = startWalk(f);
  const wrapBits = 32 - chip.accumulatorBits;
  const sums = new Int32Array(K);
  const window: Int32Array[] = [];
  let weight = f.weight! * K;
  let dest = f.dest!;
  for (let block = 0; block <= f.kBlocks!; block++) {
    const channels = block === f.kBlocks ? f.kLast! + 1 : K;
    const param = (f.param! + (f.fold === 1 ? 0 : block)) * K;
    for (;;) {
      sums.set(images.biases.subarray(param, param + K));
      const steps = accumulatePixel(f, walker, images.weights, weight, K, act, sums);
      window.push(sums.map((sum) => (sum << wrapBits) >> wrapBits));
      const last = atLastPixel(walker, f);
      stepWalk(walker, f);
      if (window.length > f.window!) {
        const write = f.fold === 1 ? addPixels : foldPixels;
        write(
          f,
          images,
          (set) => param + set * K,
          act,
          window.splice(0),
          dest & addressMask(act.length),
          channels,
        );
        dest = (dest + (last ? f.dstKb! : f.dstPitch!)) & 0xffff;
      }
      if (!last) continue;
      if (f.hold !== 1) weight += steps * K;
      break;
    }
  }
}

/** Adds all products of one pixel; returns the weight words passed. */
function accumulatePixel(
  f: ExecFields,
  walker: Walker,
  weights: Int8Array,
  weightStart: number,
  K: number,
  act: Int8Array,
  sums: Int32Array,
): number {
  const mask = addressMask(act.length);
  const wordStep = f.hold === 1 ? 0 : K;
  let weight = weightStart;
  let steps = 0;
  let tap = 0;
  for (let ky = 0; ky <= f.kernelH!; ky++) {
    for (let kx = 0; kx <= f.kernelW!; kx++) {
      const y = walker.y + ky;
      const x = walker.x + kx;
      const inside = y >= 0 && y < f.inH! && x >= 0 && x < f.inW!;
      for (let cb = 0; cb <= f.cBlocks!; cb++) {
        const channels = f.mode === 1 ? 1 : cb === f.cBlocks ? f.cLast! + 1 : K;
        const address = (walker.base + tap) & mask;
        for (let c = 0; c < channels; c++, weight += wordStep)
          for (let j = 0; j < K; j++) {
            const a = inside ? act[address + (f.mode === 1 ? j : c)]! : f.padByte!;
            sums[j] = sums[j]! + a * weights[weight + j]!;
          }
        steps += channels;
        tap = (tap + (cb < f.cBlocks! ? K : kx < f.kernelW! ? f.tapDx! : f.tapDy!)) & 0xffff;
      }
    }
  }
  return steps;
}

/** Address lines that the memory has. */
export function addressMask(bytes: number): number {
  let mask = 1;
  while (mask < bytes) mask *= 2;
  return mask - 1;
}

/** The window's maximum, requantised. */
function foldPixels(
  f: ExecFields,
  images: ParameterImages,
  scaleAt: (set: number) => number,
  act: Int8Array,
  window: readonly Int32Array[],
  dest: number,
  channels: number,
): void {
  for (let j = 0; j < channels; j++) {
    const peak = window.reduce((most, sums) => Math.max(most, sums[j]!), -Infinity);
    act[dest + j] = requantizeValue(
      peak,
      images.multipliers[scaleAt(0) + j]!,
      images.shifts[scaleAt(0) + j]!,
      f.rnd === 1,
      f.zeroPoint!,
      f.clampLo!,
      f.clampHi!,
    );
  }
}

/** The sum of the window's two pixels: each less its zero point and scaled to full width, then scaled together. */
function addPixels(
  f: ExecFields,
  images: ParameterImages,
  scaleAt: (set: number) => number,
  act: Int8Array,
  window: readonly Int32Array[],
  dest: number,
  channels: number,
): void {
  const zeros = [f.zero1!, f.zero2!];
  for (let j = 0; j < channels; j++) {
    const at = (set: number): number => scaleAt(set) + j;
    const [a, b] = window.map((sums, i) =>
      scaleValue(
        (sums[j]! - zeros[i]!) << 20,
        images.multipliers[at(i)]!,
        images.shifts[at(i)]!,
        f.rnd === 1,
      ),
    );
    act[dest + j] = requantizeValue(
      (a! + b!) | 0,
      images.multipliers[at(2)]!,
      images.shifts[at(2)]!,
      f.rnd === 1,
      f.zeroPoint!,
      f.clampLo!,
      f.clampHi!,
    );
  }
}
