/** Values of one layer, computed from instruction fields and memory images only. */
import type { Program } from '../compiler/index.ts';
import type { ExecFields } from './machine.ts';
import { requantizeValue } from './requantize.ts';
import { atLastPixel, startWalk, stepWalk, type Walker } from './walk.ts';

/** Runs one EXEC on the activation memory `act`. */
export function runLayer(f: ExecFields, program: Program, act: Int8Array): void {
  const K = program.chip.columns;
  const walker = startWalk(f);
  const sums = new Int32Array(K);
  const peak = new Int32Array(K);
  const wrapBits = 32 - program.chip.accumulatorBits;
  let wordBase = f.weight!;
  let dest = f.dest!;
  let inWindow = 0;
  for (let block = 0; block <= f.kBlocks!; block++) {
    const channels = block === f.kBlocks ? f.kLast! + 1 : K;
    const param = (f.param! + block) * K;
    for (;;) {
      sums.set(program.biases.subarray(param, param + K));
      const words = accumulatePixel(f, walker, program.weights, wordBase * K, K, act, sums);
      for (let j = 0; j < K; j++) {
        const sum = (sums[j]! << wrapBits) >> wrapBits;
        peak[j] = inWindow === 0 ? sum : Math.max(peak[j]!, sum);
      }
      const last = atLastPixel(walker, f);
      stepWalk(walker, f);
      inWindow++;
      if (inWindow > f.window!) {
        inWindow = 0;
        writePixel(f, program, act, peak, param, dest, channels);
        dest = (dest + (last ? f.dstKb! : f.dstPitch!)) & 0xffff;
      }
      if (last) {
        wordBase += words;
        break;
      }
    }
  }
}

/** Adds all products of one pixel; returns the weight words used. */
function accumulatePixel(
  f: ExecFields,
  walker: Walker,
  weights: Int8Array,
  weightStart: number,
  K: number,
  act: Int8Array,
  sums: Int32Array,
): number {
  let weight = weightStart;
  let tap = 0;
  const mask = addressMask(act.length);
  for (let ky = 0; ky <= f.kernelH!; ky++) {
    for (let kx = 0; kx <= f.kernelW!; kx++) {
      const y = walker.y + ky;
      const x = walker.x + kx;
      const inside = y >= 0 && y < f.inH! && x >= 0 && x < f.inW!;
      for (let cb = 0; cb <= f.cBlocks!; cb++) {
        const channels = cb === f.cBlocks ? f.cLast! + 1 : K;
        const address = (walker.base + tap) & mask;
        for (let c = 0; c < channels; c++) {
          const a = inside ? act[address + c]! : f.padByte!;
          for (let j = 0; j < K; j++) sums[j] = sums[j]! + a * weights[weight + j]!;
          weight += K;
        }
        tap = (tap + (cb < f.cBlocks! ? K : kx < f.kernelW! ? f.tapDx! : f.tapDy!)) & 0xffff;
      }
    }
  }
  return (weight - weightStart) / K;
}

/** Address lines that the memory has. */
export function addressMask(bytes: number): number {
  let mask = 1;
  while (mask < bytes) mask *= 2;
  return mask - 1;
}

function writePixel(
  f: ExecFields,
  program: Program,
  act: Int8Array,
  values: Int32Array,
  param: number,
  dest: number,
  channels: number,
): void {
  const at = dest & addressMask(act.length);
  for (let j = 0; j < channels; j++)
    act[at + j] = requantizeValue(
      values[j]!,
      program.multipliers[param + j]!,
      program.shifts[param + j]!,
      f.zeroPoint!,
      f.clampLo!,
      f.clampHi!,
    );
}
