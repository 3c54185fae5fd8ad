/** The part of the chip that is seen as SVG, in um, y upwards turned down; small shapes are left out as on the screen. */
import { seen, type Camera, type Size } from './camera.ts';
import { css, hex, type Rgb } from './colours.ts';
import type { Layered } from './painter.ts';

/** More would be a file that no program opens with joy. */
const SHAPES_MAX = 200_000;

export function writeSvg(
  camera: Camera,
  size: Size,
  dbuPerUm: number,
  layers: readonly Layered[],
  background: Rgb,
): string {
  const box = seen(camera, size);
  const um = (v: number): string => String(Number((v / dbuPerUm).toFixed(4)));
  const parts: string[] = [];
  let shapes = 0;
  for (const { batch, colour, alpha, ranges } of layers) {
    const { rects, colours } = batch;
    const byColour = new Map<string, string[]>();
    for (const i of numbers(ranges)) {
      if (shapes >= SHAPES_MAX) break;
      const [x1, y1, x2, y2] = rects.subarray(4 * i, 4 * i + 4);
      if (x2 < box.x1 || x1 > box.x2 || y2 < box.y1 || y1 > box.y2) continue;
      const fill = colours ? hex([colours[4 * i], colours[4 * i + 1], colours[4 * i + 2]]) : hex(colour);
      let list = byColour.get(fill);
      if (!list) byColour.set(fill, (list = []));
      list.push(`M${um(x1 - box.x1)} ${um(box.y2 - y2)}h${um(x2 - x1)}v${um(y2 - y1)}h${um(x1 - x2)}z`);
      shapes++;
    }
    for (const [fill, list] of byColour)
      parts.push(
        `<path data-batch="${batch.id}" fill="${fill}" fill-opacity="${alpha}" d="${list.join('')}"/>`,
      );
  }
  const [w, h] = [um(box.x2 - box.x1), um(box.y2 - box.y1)];
  const cut = shapes >= SHAPES_MAX ? `<!-- cut after ${SHAPES_MAX} shapes: zoom in for all -->` : '';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${size.width}" height="${size.height}"><title>${w} by ${h} um</title>${cut}<rect width="100%" height="100%" fill="${css(background)}"/>${parts.join('\n')}</svg>\n`;
}

function* numbers(ranges: readonly number[]): Generator<number> {
  for (let r = 0; r < ranges.length; r += 2)
    for (let i = ranges[r]; i < ranges[r] + ranges[r + 1]; i++) yield i;
}
