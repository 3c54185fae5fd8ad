/** The same picture without WebGL2: slower, and thin things by the same rule (a pixel wide, fainter). */
import { css, type Rgb } from './colours.ts';
import type { Painter } from './gl-painter.ts';

export function canvasPainter(canvas: HTMLCanvasElement): Painter {
  const context = canvas.getContext('2d', { alpha: false })!;
  return {
    kind: 'Canvas2D',
    uploadedBytes: () => 0,
    draw(frame, layers) {
      const { width, height, scale } = frame;
      context.globalAlpha = 1;
      context.fillStyle = css(frame.background);
      context.fillRect(0, 0, width, height);
      for (const { batch, colour, alpha, count } of layers) {
        const { rects, colours } = batch;
        context.fillStyle = css(colour);
        for (let i = 0; i < count; i++) {
          const x1 = (rects[4 * i] - frame.x) * scale + width / 2;
          const x2 = (rects[4 * i + 2] - frame.x) * scale + width / 2;
          if (x2 < 0 || x1 > width) continue;
          const y1 = height / 2 - (rects[4 * i + 3] - frame.y) * scale;
          const y2 = height / 2 - (rects[4 * i + 1] - frame.y) * scale;
          if (y2 < 0 || y1 > height) continue;
          const [w, h] = [x2 - x1, y2 - y1];
          context.globalAlpha = alpha * Math.max(0.04, Math.min(1, w) * Math.min(1, h));
          if (colours)
            context.fillStyle = css([
              colours[4 * i],
              colours[4 * i + 1],
              colours[4 * i + 2],
            ] as unknown as Rgb);
          context.fillRect(x1, y1, Math.max(1, w), Math.max(1, h));
        }
      }
    },
    drop() {},
    finish() {},
    dispose() {},
  };
}
