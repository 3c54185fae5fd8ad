/**
 * The address walker as the hardware has it: nested counters and one pointer that only ever adds steps.
 * All arithmetic is modulo 65536, of which the memory uses the low bits.
 */
import type { ExecFields } from './machine.ts';

export interface Walker {
  base: number;
  x: number;
  y: number;
  windowX: number;
  windowY: number;
  outX: number;
  outY: number;
  block: number;
}

export const startWalk = (f: ExecFields): Walker => ({
  base: f.source!,
  x: f.xInit!,
  y: f.yInit!,
  windowX: 0,
  windowY: 0,
  outX: 0,
  outY: 0,
  block: 0,
});

/** Whether the pixel is the last of its channel block. */
export const atLastPixel = (w: Walker, f: ExecFields): boolean =>
  w.windowX === f.windowW && w.windowY === f.windowH && w.outX === f.outW && w.outY === f.outH;

/** To the next pixel: window column, window row, output column, output row, channel block. */
export function stepWalk(w: Walker, f: ExecFields): void {
  if (w.windowX < f.windowW!) {
    w.windowX++;
    move(w, f.dWx!, f.xWx!, 0);
    return;
  }
  w.windowX = 0;
  if (w.windowY < f.windowH!) {
    w.windowY++;
    move(w, f.dWy!, f.xWy!, f.yWy!);
    return;
  }
  w.windowY = 0;
  if (w.outX < f.outW!) {
    w.outX++;
    move(w, f.dPx!, f.xPx!, f.yPx!);
    return;
  }
  w.outX = 0;
  if (w.outY < f.outH!) {
    w.outY++;
    move(w, f.dPy!, f.xInit! - w.x, f.yPy!);
    return;
  }
  w.outY = 0;
  w.block++;
  move(w, f.dKb!, f.xInit! - w.x, f.yInit! - w.y);
}

function move(w: Walker, address: number, dx: number, dy: number): void {
  w.base = (w.base + address) & 0xffff;
  w.x += dx;
  w.y += dy;
}
