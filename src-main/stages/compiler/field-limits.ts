/** Limits of the instruction fields, named as the user knows them. */
import { Misfit, type Layer } from './layer.ts';

export function requireFieldLimits(l: Layer): void {
  const limits: readonly [string, number, number][] = [
    ['map height', l.view.h, 500],
    ['map width', l.view.w, 500],
    ['output height', l.outH, 500],
    ['output width', l.outW, 500],
    ['channels of the source in words', Math.ceil(l.view.c / 2), 1024],
    ['kernel height', l.kernelH, 32],
    ['kernel width', l.kernelW, 32],
    ['pooling window height', l.windowH, 16],
    ['pooling window width', l.windowW, 16],
    ['pooling window area', l.windowH * l.windowW, 256],
    ['stride', Math.max(l.strideH * l.windowStrideH, l.strideW * l.windowStrideW), 100],
    ['padding', Math.max(l.padTop, l.padLeft), 100],
  ];
  for (const [what, value, limit] of limits)
    if (value > limit)
      throw new Misfit(
        'COMPILE-017',
        l.name,
        `${what} is ${value}, the engine's limit is ${limit}`,
        'use smaller layers',
      );
}
