/** Layers and addresses to instructions. */
import type { Chip, Instruction } from '../chip/index.ts';
import type { TensorForm } from './forms.ts';
import { lastWordChannels, tapWords, type Layer } from './layer.ts';
import type { View } from './layout.ts';

/** Bits of the wait and signal masks. */
export const LOAD_TO_EXEC = 1;
export const EXEC_TO_LOAD = 2;
export const EXEC_TO_STORE = 4;

export interface Tokens {
  readonly wait: number;
  readonly signal: number;
}

/** Addresses and steps are kept modulo 65536; the hardware drops what its memory does not have. */
const wrap = (v: number): number => ((v % 65536) + 65536) % 65536;

export function transfer(
  op: 'LDA' | 'ST',
  address: number,
  view: View,
  form: TensorForm,
  tokens: Tokens,
  isLast: boolean,
): Instruction {
  const isInLine = form.bytes === view.bytes || view.pitch === view.c || view.h * view.w === 1;
  return {
    op,
    ...tokens,
    tag: 0,
    fields: {
      address,
      run: (isInLine ? form.bytes : view.c) - 1,
      runs: (isInLine ? 1 : view.h * view.w) - 1,
      gap: isInLine ? 0 : view.pitch - view.c,
      ...(op === 'ST' ? { last: isLast ? 1 : 0 } : {}),
    },
  };
}

/** Part of a layer: output blocks `from` to `to`. */
export interface Part {
  readonly layer: Layer;
  readonly from: number;
  readonly to: number;
}

export interface ExecPlace extends Tokens {
  readonly tag: number;
  readonly source: number;
  /** Of an addition's second operand. */
  readonly source2: number;
  readonly dest: number;
  readonly destPitch: number;
  readonly weight: number;
  readonly param: number;
  /** Channels drained in the part's last block. */
  readonly kLast: number;
  readonly isSingleRounding: boolean;
}

/** Configuration words and EXEC, all fields. */
export function execWords(part: Part, chip: Chip, at: ExecPlace): Instruction[] {
  const { layer: l } = part;
  const K = chip.columns;
  const { pitch, w, h } = l.view;
  const words = tapWords(l, K);
  const row = w * pitch;
  const windowW = l.windowW - 1;
  const windowH = l.windowH - 1;
  const stepX = l.isAdd ? 1 : l.strideW * l.windowStrideW;
  const stepY = l.isAdd ? 1 : l.strideH * l.windowStrideH;
  // An addition's window is not two columns of one map but one pixel of two maps.
  const [tapX, tapY] = l.isAdd ? [0, 0] : [l.strideW, l.strideH];
  const other = l.isAdd ? at.source2 - at.source : 0;
  const lastX = (l.outW - 1) * stepX + windowW * tapX;
  const lastY = (l.outH - 1) * stepY + windowH * tapY;
  const configure = (op: string, fields: Record<string, number>): Instruction => ({
    op,
    wait: 0,
    signal: 0,
    tag: 0,
    fields,
  });
  const step = (x: number, y: number): number => y * row + x * pitch;
  const list = [
    configure('CFGS', {
      inH: h,
      inW: w,
      kernelH: l.kernelH - 1,
      kernelW: l.kernelW - 1,
      cBlocks: words - 1,
      cLast: (l.mode === 'depthwise' ? Math.min(l.view.c, K) : lastWordChannels(l, K)) - 1,
      tapDx: wrap(pitch - (words - 1) * K),
      tapDy: wrap(row - (l.kernelW - 1) * pitch - (words - 1) * K),
      padByte: l.padByte,
      mode: l.mode === 'depthwise' ? 1 : 0,
      share: l.share ? 1 : 0,
      hold: l.hold ? 1 : 0,
    }),
    configure('CFGP', {
      windowW,
      windowH,
      outW: l.outW - 1,
      outH: l.outH - 1,
      kBlocks: part.to - part.from - 1,
      dWx: wrap(step(tapX, 0) + other),
      dWy: wrap(step(-windowW * tapX, tapY)),
      dPx: wrap(step(stepX - windowW * tapX, -windowH * tapY) - other),
      dPy: wrap(step(-lastX, stepY - windowH * tapY) - other),
    }),
    configure('CFGX', {
      xInit: -l.padLeft,
      yInit: -l.padTop,
      xWx: tapX,
      xWy: -windowW * tapX,
      xPx: stepX - windowW * tapX,
      yWy: tapY,
      yPx: -windowH * tapY,
      yPy: stepY - windowH * tapY,
      dKb: wrap(l.blockChannels - step(lastX, lastY) - other),
    }),
    configure('CFGD', {
      zeroPoint: l.zeroPoint,
      clampLo: l.clampMin,
      clampHi: l.clampMax,
      window: l.windowH * l.windowW - 1,
      dstPitch: at.destPitch,
      dstKb: wrap(K - (l.outH * l.outW - 1) * at.destPitch),
      kLast: at.kLast - 1,
      fold: l.isAdd ? 1 : 0,
      rnd: at.isSingleRounding ? 1 : 0,
      lut: 0,
    }),
  ];
  if (l.isAdd) list.push(configure('CFGA', { zero1: l.addZeros[0], zero2: l.addZeros[1] }));
  list.push({
    op: 'EXEC',
    wait: at.wait,
    signal: at.signal,
    tag: at.tag,
    fields: {
      source: wrap(at.source + part.from * l.blockChannels - l.padTop * row - l.padLeft * pitch),
      dest: at.dest + part.from * K,
      weight: at.weight,
      param: at.param,
    },
  });
  return list;
}

/**
 * Drops configuration words that repeat what the registers hold. Fields that a later layer does not set keep
 * their values, so words are compared whole.
 */
export function withoutRepeats(list: readonly Instruction[]): Instruction[] {
  const held = new Map<string, string>();
  return list.filter((i) => {
    if (!i.op.startsWith('CFG')) return true;
    const text = JSON.stringify(i.fields);
    if (held.get(i.op) === text) return false;
    held.set(i.op, text);
    return true;
  });
}
