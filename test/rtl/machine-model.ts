/**
 * What a program means, in the plainest words: instructions one after the other, pixels by nested loops, big
 * integers for the requantiser. It shares no code with the simulator.
 */
import { decode, type Chip, type ParameterImages } from '../../src-main/stages/chip/index.ts';

type Fields = Readonly<Record<string, number>>;

export interface ModelProgram extends ParameterImages {
  readonly words: Uint32Array;
}

/** Output bytes of one pass; `memory` is what activation memory holds, and is changed. */
export function runModel(chip: Chip, p: ModelProgram, input: Int8Array, memory: Int8Array): Int8Array {
  const output: number[] = [];
  let taken = 0;
  let held: Fields = {};
  for (const { op, fields } of decode(p.words)) {
    held = { ...held, ...fields };
    if (op === 'EXEC') runExec(chip, p, held, memory);
    if (op !== 'LDA' && op !== 'ST') continue;
    let at = fields.address!;
    for (let run = 0; run <= fields.runs!; run++, at += fields.gap!)
      for (let i = 0; i <= fields.run!; i++, at++)
        if (op === 'LDA') memory[at] = input[taken++]!;
        else output.push(memory[at]!);
  }
  return Int8Array.from(output);
}

/** Round half away from zero after a shift, in the two ways of TensorFlow Lite. */
export function requantize(value: bigint, q: number, shift: number, single: boolean): bigint {
  const product = value * BigInt(q);
  if (shift === 0) return (product + (1n << 30n)) >> 31n;
  if (single) return ((product >> 31n) + (1n << BigInt(shift - 1))) >> BigInt(shift);
  const high = (product + (1n << 30n)) >> 31n;
  const unit = 1n << BigInt(shift);
  const size = ((high < 0n ? -high : high) + unit / 2n) / unit;
  return high < 0n ? -size : size;
}

function runExec(chip: Chip, p: ModelProgram, f: Fields, memory: Int8Array): void {
  const K = chip.columns;
  const single = f.rnd === 1;
  const old = memory.slice();
  let base = f.source!;
  let dest = f.dest!;
  let weight = f.weight!;
  const finish = (value: bigint): number => {
    const v = Number(value) + f.zeroPoint!;
    return Math.min(f.clampHi!, Math.max(f.clampLo!, v));
  };
  for (let block = 0; block <= f.kBlocks!; block++) {
    const channels = block === f.kBlocks ? f.kLast! + 1 : K;
    let used = 0;
    let y0 = f.yInit!;
    for (let py = 0; py <= f.outH!; py++) {
      let x0 = f.xInit!;
      for (let px = 0; px <= f.outW!; px++) {
        const sums: bigint[][] = [];
        let x = x0;
        let y = y0;
        for (let wy = 0; wy <= f.windowH!; wy++)
          for (let wx = 0; wx <= f.windowW!; wx++) {
            const pixel = sumPixel(chip, p, f, old, base, x, y, f.hold ? f.weight! : weight, block);
            sums.push(pixel.sums);
            used = pixel.used;
            if (wx < f.windowW!) {
              base += f.dWx!;
              x += f.xWx!;
            } else if (wy < f.windowH!) {
              base += f.dWy!;
              x += f.xWy!;
              y += f.yWy!;
            }
          }
        const lastX = px === f.outW;
        const lastY = lastX && py === f.outH;
        base = (base + (!lastX ? f.dPx! : !lastY ? f.dPy! : f.dKb!)) & 0xffff;
        x0 = x + f.xPx!;
        if (lastX) y0 = y + f.yPy!;
        else y0 = y + f.yPx!;
        for (let k = 0; k < channels; k++) {
          const scale = (b: number, v: bigint): bigint =>
            requantize(v, p.multipliers[b * K + k]!, p.shifts[b * K + k]!, single);
          const param = f.param!;
          let v: bigint;
          if (f.fold) {
            const a = scale(param, (sums[0]![k]! - BigInt(f.zero1!)) << 20n);
            const b = scale(param + 1, (sums[1]![k]! - BigInt(f.zero2!)) << 20n);
            v = scale(param + 2, a + b);
          } else {
            const peak = sums.map((s) => s[k]!).reduce((a, b) => (b > a ? b : a));
            v = scale(param + block, peak);
          }
          memory[dest + k] = finish(v);
        }
        dest = (dest + (lastY ? f.dstKb! : f.dstPitch!)) & 0xffff;
      }
    }
    weight += used;
  }
}

function sumPixel(
  chip: Chip,
  p: ModelProgram,
  f: Fields,
  memory: Int8Array,
  base: number,
  x: number,
  y: number,
  weight: number,
  block: number,
): { sums: bigint[]; used: number } {
  const K = chip.columns;
  const param = (f.fold ? f.param! : f.param! + block) * K;
  const sums = Array.from({ length: K }, (_, k) => BigInt(p.biases[param + k]!));
  let at = base;
  let used = 0;
  for (let ky = 0; ky <= f.kernelH!; ky++)
    for (let kx = 0; kx <= f.kernelW!; kx++)
      for (let word = 0; word <= f.cBlocks!; word++) {
        const inside = y + ky >= 0 && y + ky < f.inH! && x + kx >= 0 && x + kx < f.inW!;
        const byte = (c: number): number => (inside ? memory[(at + c) & 0xffff]! : f.padByte!);
        const steps = f.mode ? 1 : word === f.cBlocks ? f.cLast! + 1 : K;
        for (let c = 0; c < steps; c++, used++)
          for (let k = 0; k < K; k++) {
            const w = p.weights[(f.hold ? weight : weight + used) * K + k]!;
            sums[k] = sums[k]! + BigInt((f.mode ? (byte(k) ?? 0) : byte(c)) * w);
          }
        at = (at + (word < f.cBlocks! ? K : kx < f.kernelW! ? f.tapDx! : f.tapDy!)) & 0xffff;
      }
  return { sums: sums.map((s) => BigInt.asIntN(chip.accumulatorBits, s)), used };
}
