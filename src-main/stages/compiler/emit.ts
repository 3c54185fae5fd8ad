/** Layers and addresses to instructions. */
import type { Chip, Instruction } from '../chip/index.ts';
import { channelBlocks, channelsInLast } from './images.ts';
import type { View } from './layout.ts';
import type { Layer } from './lower.ts';

const LOAD_TO_EXEC = 1;
const EXEC_TO_STORE = 4;

/** Addresses and steps are kept modulo 65536; the hardware drops what its memory does not have. */
const wrap = (v: number): number => ((v % 65536) + 65536) % 65536;

export function emitTransfer(op: 'LDA' | 'ST', address: number, view: View): Instruction {
  const dense = view.pitch === view.c;
  const pixels = view.h * view.w;
  return {
    op,
    wait: op === 'ST' ? EXEC_TO_STORE : 0,
    signal: op === 'LDA' ? LOAD_TO_EXEC : 0,
    tag: 0,
    fields: {
      address,
      run: (dense ? pixels * view.c : view.c) - 1,
      runs: (dense ? 1 : pixels) - 1,
      gap: dense ? 0 : view.pitch - view.c,
      ...(op === 'ST' ? { last: 1 } : {}),
    },
  };
}

export interface ExecPlace {
  readonly index: number;
  readonly layers: number;
  readonly source: number;
  readonly dest: number;
  readonly destPitch: number;
  readonly weight: number;
  readonly param: number;
  readonly kLast: number;
}

export function emitLayer(l: Layer, chip: Chip, at: ExecPlace): Instruction[] {
  const K = chip.columns;
  const v = l.sourceView;
  const words = channelBlocks(l, K);
  const blocks = Math.ceil(l.outC / K);
  const row = v.w * v.pitch;
  const windowW = l.windowW - 1;
  const windowH = l.windowH - 1;
  const stepX = l.strideW * l.windowStrideW;
  const stepY = l.strideH * l.windowStrideH;
  const lastX = (l.outW - 1) * stepX + windowW * l.strideW;
  const lastY = (l.outH - 1) * stepY + windowH * l.strideH;
  const tag = Math.min(255, at.index);
  const configure = (op: string, fields: Record<string, number>): Instruction => ({
    op,
    wait: 0,
    signal: 0,
    tag,
    fields,
  });
  const step = (x: number, y: number): number => wrap(y * row + x * v.pitch);
  return [
    configure('CFGS', {
      inH: v.h,
      inW: v.w,
      kernelH: l.kernelH - 1,
      kernelW: l.kernelW - 1,
      cBlocks: words - 1,
      cLast: channelsInLast(l, K) - 1,
      tapDx: wrap(v.pitch - (words - 1) * K),
      tapDy: wrap(row - (l.kernelW - 1) * v.pitch - (words - 1) * K),
      padByte: l.padByte,
    }),
    configure('CFGP', {
      windowW,
      windowH,
      outW: l.outW - 1,
      outH: l.outH - 1,
      kBlocks: blocks - 1,
      dWx: step(l.strideW, 0),
      dWy: step(-windowW * l.strideW, l.strideH),
      dPx: step(stepX - windowW * l.strideW, -windowH * l.strideH),
      dPy: step(-lastX, stepY - windowH * l.strideH),
    }),
    configure('CFGX', {
      xInit: -l.padLeft,
      yInit: -l.padTop,
      xWx: l.strideW,
      xWy: -windowW * l.strideW,
      xPx: stepX - windowW * l.strideW,
      yWy: l.strideH,
      yPx: -windowH * l.strideH,
      yPy: stepY - windowH * l.strideH,
      dKb: wrap((l.diagonal ? K : 0) - lastY * row - lastX * v.pitch),
    }),
    configure('CFGD', {
      zeroPoint: l.zeroPoint,
      clampLo: l.clampMin,
      clampHi: l.clampMax,
      window: l.windowH * l.windowW - 1,
      dstPitch: at.destPitch,
      dstKb: wrap(K - (l.outH * l.outW - 1) * at.destPitch),
      kLast: at.kLast - 1,
    }),
    {
      op: 'EXEC',
      wait: at.index === 0 ? LOAD_TO_EXEC : 0,
      signal: at.index === at.layers - 1 ? EXEC_TO_STORE : 0,
      tag,
      fields: {
        source: wrap(at.source - l.padTop * row - l.padLeft * v.pitch),
        dest: at.dest,
        weight: at.weight,
        param: at.param,
      },
    },
  ];
}
