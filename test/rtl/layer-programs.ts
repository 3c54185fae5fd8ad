/** Seeded random programs of a few layers, made of instructions, for any chip. */
import { makeRng } from '../../src-main/base/rng.ts';
import { encode, type Chip, type Instruction } from '../../src-main/stages/chip/index.ts';
import type { ModelProgram } from './machine-model.ts';

type Fields = Record<string, number>;
const wrap = (v: number): number => ((v % 65536) + 65536) % 65536;

export interface LayerProgram extends ModelProgram {
  readonly inputBytes: number;
  readonly kinds: readonly string[];
}

interface Images {
  readonly weights: number[];
  readonly biases: number[];
  readonly multipliers: number[];
  readonly shifts: number[];
}

/** Loads all of activation memory, runs layers between its halves and stores the half written last. */
export function layerProgram(chip: Chip, seed: number, layers = 3): LayerProgram {
  const random = makeRng(seed * 104729 + 7);
  const int = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
  const half = chip.activationBytes / 2;
  const images: Images = { weights: [], biases: [], multipliers: [], shifts: [] };
  const instructions: Instruction[] = [];
  const emit = (op: string, fields: Fields, wait = 0, signal = 0): number =>
    instructions.push({ op, wait, signal, tag: instructions.length & 255, fields });
  emit('LDA', { address: 0, run: chip.activationBytes - 1 }, 0, 1);
  const kinds: string[] = [];
  for (let i = 0; i < layers; i++) {
    const from = i % 2 === 0 ? 0 : half;
    const layer = randomLayer(chip, int, images, from, half - from, half);
    kinds.push(layer.kind);
    for (const op of ['CFGS', 'CFGP', 'CFGX', 'CFGD', ...(layer.words.CFGA ? ['CFGA'] : [])])
      emit(op, layer.words[op]!);
    emit('EXEC', layer.words.EXEC!, i === 0 ? 1 : 0, i === layers - 1 ? 4 : 0);
  }
  const at = layers % 2 === 0 ? 0 : half;
  emit('ST', { address: at, run: half - 1, last: 1 }, 4, 0);
  emit('END', {});
  return {
    words: encode(instructions),
    weights: Int8Array.from(images.weights),
    biases: Int32Array.from(images.biases),
    multipliers: Int32Array.from(images.multipliers),
    shifts: Uint8Array.from(images.shifts),
    inputBytes: chip.activationBytes,
    kinds,
  };
}

type Int = (low: number, high: number) => number;

export function randomLayer(
  chip: Chip,
  int: Int,
  images: Images,
  source: number,
  dest: number,
  room: number,
): { kind: string; words: Record<string, Fields> } {
  const kinds = [
    'conv',
    'conv',
    ...(chip.depthwise ? ['depthwise', 'hold'] : []),
    ...(chip.add ? ['add'] : []),
  ];
  const kind = kinds[int(0, kinds.length - 1)]!;
  return kind === 'add'
    ? { kind, words: addition(chip, int, images, source, dest, room) }
    : { kind, words: convolution(chip, int, images, source, dest, room, kind) };
}

function blocks(chip: Chip, int: Int, images: Images, count: number, shiftLow: number): number {
  const first = images.biases.length / chip.columns;
  for (let i = 0; i < count * chip.columns; i++) {
    images.biases.push(shiftLow > 0 ? int(-3000, 3000) : 0);
    images.multipliers.push(int(0, 9) === 0 ? 0 : int(2 ** 30, 2 ** 31 - 1));
    images.shifts.push(int(shiftLow, shiftLow + 5));
  }
  return first;
}

const pitchOf = (channels: number, columns: number): number => {
  if (channels >= columns) return Math.ceil(channels / columns) * columns;
  let pitch = 1;
  while (pitch < channels) pitch *= 2;
  return pitch;
};

const drain = (int: Int): Fields => ({
  zeroPoint: int(-128, 127),
  clampLo: int(-128, -90),
  clampHi: int(90, 127),
  rnd: int(0, 1),
});

function convolution(
  chip: Chip,
  int: Int,
  images: Images,
  source: number,
  dest: number,
  room: number,
  kind: string,
): Record<string, Fields> {
  const K = chip.columns;
  const depthwise = kind !== 'conv';
  for (;;) {
    const kernelH = int(1, 3);
    const kernelW = int(1, 3);
    const strideH = int(1, 2);
    const strideW = int(1, 2);
    const padTop = int(0, kernelH - 1);
    const padLeft = int(0, kernelW - 1);
    const inH = int(1, 7);
    const inW = int(1, 9);
    const channels = depthwise && int(0, 1) ? K * int(1, 2) : int(1, depthwise ? K : 2 * K + 1);
    const outC = depthwise ? channels : int(1, 2 * K + 1);
    const windowed = int(0, 3) === 0;
    const windowH = windowed ? int(1, 2) : 1;
    const windowW = windowed ? int(1, 2) : 1;
    const sum = (v: number, pad: number, k: number, stride: number): number =>
      Math.floor((v + 2 * pad - k) / stride) + 1;
    const outH = Math.floor(sum(inH, padTop, kernelH, strideH) / windowH);
    const outW = Math.floor(sum(inW, padLeft, kernelW, strideW) / windowW);
    const pitch = pitchOf(channels, K);
    const outPitch = pitchOf(outC, K);
    if (outH < 1 || outW < 1 || inH * inW * pitch > room || outH * outW * outPitch > room) continue;
    const words = depthwise ? 1 : Math.ceil(channels / K);
    const cLast = channels - (words - 1) * K - 1;
    const row = inW * pitch;
    const step = (x: number, y: number): number => wrap(y * row + x * pitch);
    const stepX = strideW * windowW;
    const stepY = strideH * windowH;
    const backX = (windowW - 1) * strideW;
    const backY = (windowH - 1) * strideH;
    const lastX = (outW - 1) * stepX + backX;
    const lastY = (outH - 1) * stepY + backY;
    const kBlocks = Math.ceil(outC / K);
    const hold = kind === 'hold' ? 1 : 0;
    const weight = images.weights.length / K;
    const perBlock = kernelH * kernelW * (depthwise ? 1 : (words - 1) * K + cLast + 1);
    const count = hold ? 1 : perBlock * kBlocks;
    for (let i = 0; i < count * K; i++) images.weights.push(int(-128, 127));
    const param = blocks(chip, int, images, kBlocks, 4);
    return {
      CFGS: {
        inH,
        inW,
        kernelH: kernelH - 1,
        kernelW: kernelW - 1,
        cBlocks: words - 1,
        cLast,
        tapDx: wrap(pitch - (words - 1) * K),
        tapDy: wrap(row - (kernelW - 1) * pitch - (words - 1) * K),
        padByte: int(-128, 127),
        mode: depthwise ? 1 : 0,
        share: depthwise && !windowed && strideW === 1 ? 1 : 0,
        hold,
      },
      CFGP: {
        windowW: windowW - 1,
        windowH: windowH - 1,
        outW: outW - 1,
        outH: outH - 1,
        kBlocks: kBlocks - 1,
        dWx: step(strideW, 0),
        dWy: step(-backX, strideH),
        dPx: step(stepX - backX, -backY),
        dPy: step(-lastX, stepY - backY),
      },
      CFGX: {
        xInit: -padLeft,
        yInit: -padTop,
        xWx: strideW,
        xWy: -backX,
        xPx: stepX - backX,
        yWy: strideH,
        yPx: -backY,
        yPy: stepY - backY,
        dKb: wrap((depthwise ? K : 0) - lastY * row - lastX * pitch),
      },
      CFGD: {
        ...drain(int),
        window: windowH * windowW - 1,
        dstPitch: outPitch,
        dstKb: wrap(K - (outH * outW - 1) * outPitch),
        kLast: outC - (kBlocks - 1) * K - 1,
        fold: 0,
      },
      EXEC: { source: wrap(source - padTop * row - padLeft * pitch), dest, weight, param },
    };
  }
}

/** Two dense maps in the same half. */
function addition(
  chip: Chip,
  int: Int,
  images: Images,
  source: number,
  dest: number,
  room: number,
): Record<string, Fields> {
  const K = chip.columns;
  const outH = int(1, 3);
  const kBlocks = int(1, 2);
  const pitch = kBlocks * K;
  const most = Math.floor(room / 2 / pitch / outH);
  const outW = int(1, Math.max(1, Math.min(9, most)));
  const apart = outH * outW * pitch;
  const weight = images.weights.length / K;
  for (let k = 0; k < K; k++) images.weights.push(1);
  const param = images.biases.length / K;
  blocks(chip, int, images, 3, 0);
  for (let k = 0; k < K; k++) images.shifts[(param + 2) * K + k] = int(16, 21);
  const kLast = int(0, 1) ? K - 1 : int(0, K - 1);
  return {
    CFGS: {
      inH: outH,
      inW: outW,
      kernelH: 0,
      kernelW: 0,
      cBlocks: 0,
      cLast: K - 1,
      tapDx: pitch,
      tapDy: pitch * outW,
      padByte: 0,
      mode: 1,
      share: 0,
      hold: 1,
    },
    CFGP: {
      windowW: 1,
      windowH: 0,
      outW: outW - 1,
      outH: outH - 1,
      kBlocks: kBlocks - 1,
      dWx: apart,
      dWy: 0,
      dPx: wrap(pitch - apart),
      dPy: wrap(pitch - apart),
    },
    CFGX: {
      xInit: 0,
      yInit: 0,
      xWx: 0,
      xWy: 0,
      xPx: 1,
      yWy: 0,
      yPx: 0,
      yPy: 1,
      dKb: wrap(K - apart - (outH * outW - 1) * pitch),
    },
    CFGD: {
      ...drain(int),
      window: 1,
      dstPitch: pitch,
      dstKb: wrap(K - (outH * outW - 1) * pitch),
      kLast,
      fold: 1,
    },
    CFGA: { zero1: int(-128, 127), zero2: int(-128, 127) },
    EXEC: { source, dest, weight, param },
  };
}
