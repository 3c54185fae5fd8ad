/** The same picture without WebGL2: slower, and thin things by the same rule (a pixel wide, fainter). */
import { css, type Rgb } from './colours.ts';
import type { Frame, Layered, Painter } from './painter.ts';

type Context = CanvasRenderingContext2D;

/** Rectangles from..to of a batch. */
function paint(context: Context, frame: Frame, layer: Layered, from: number, to: number): void {
  const { width, height, scale } = frame;
  const { rects, colours } = layer.batch;
  context.fillStyle = css(layer.colour);
  for (let i = from; i < to; i++) {
    const x1 = (rects[4 * i] - frame.x) * scale + width / 2;
    const x2 = (rects[4 * i + 2] - frame.x) * scale + width / 2;
    if (x2 < 0 || x1 > width) continue;
    const y1 = height / 2 - (rects[4 * i + 3] - frame.y) * scale;
    const y2 = height / 2 - (rects[4 * i + 1] - frame.y) * scale;
    if (y2 < 0 || y1 > height) continue;
    const [w, h] = [x2 - x1, y2 - y1];
    context.globalAlpha = layer.alpha * Math.max(0.04, Math.min(1, w) * Math.min(1, h));
    if (colours)
      context.fillStyle = css([colours[4 * i], colours[4 * i + 1], colours[4 * i + 2]] as unknown as Rgb);
    context.fillRect(x1, y1, Math.max(1, w), Math.max(1, h));
  }
}

function clear(context: Context, { width, height, background }: Frame): void {
  context.globalAlpha = 1;
  context.fillStyle = css(background);
  context.fillRect(0, 0, width, height);
}

interface Work {
  readonly frame: Frame;
  readonly context: Context;
  readonly layers: readonly Layered[];
  layer: number;
  range: number;
  done: number;
}

export function canvasPainter(canvas: HTMLCanvasElement): Painter {
  const context = canvas.getContext('2d', { alpha: false })!;
  let kept: { frame: Frame; canvas: HTMLCanvasElement } | null = null;
  let work: Work | null = null;

  function show(now: Frame): void {
    if (!kept) return;
    const { frame: was } = kept;
    const zoom = now.scale / was.scale;
    const [w, h] = [zoom * was.width, zoom * was.height];
    context.globalAlpha = 1;
    context.drawImage(
      kept.canvas,
      now.width / 2 + (was.x - now.x) * now.scale - w / 2,
      now.height / 2 - (was.y - now.y) * now.scale - h / 2,
      w,
      h,
    );
  }

  return {
    kind: 'Canvas2D',
    uploadedBytes: () => 0,
    draw(frame, layers, coarse) {
      clear(context, frame);
      for (const layer of layers)
        for (let r = 0; r < layer.ranges.length; r += 2)
          paint(context, frame, layer, layer.ranges[r], layer.ranges[r] + layer.ranges[r + 1]);
      if (coarse !== undefined) show(frame);
    },
    start(frame, layers) {
      const aside = document.createElement('canvas');
      [aside.width, aside.height] = [frame.width, frame.height];
      const own = aside.getContext('2d', { alpha: false })!;
      clear(own, frame);
      work = { frame, context: own, layers, layer: 0, range: 0, done: 0 };
    },
    go(most) {
      if (!work) return true;
      let left = most;
      for (; work.layer < work.layers.length; work.layer++, work.range = 0) {
        const layer = work.layers[work.layer];
        for (; work.range < layer.ranges.length; work.range += 2, work.done = 0) {
          const count = Math.min(left, layer.ranges[work.range + 1] - work.done);
          const first = layer.ranges[work.range] + work.done;
          paint(work.context, work.frame, layer, first, first + count);
          work.done += count;
          left -= count;
          if (left <= 0) return false;
        }
      }
      kept = { frame: work.frame, canvas: work.context.canvas };
      work = null;
      show(kept.frame);
      return true;
    },
    forget() {
      kept = null;
      work = null;
    },
    isBusy: () => false,
    drop() {},
    finish() {},
    dispose() {
      kept = null;
      work = null;
    },
  };
}
