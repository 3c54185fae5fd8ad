/** Pictures of the window for resources/docs/images, small: at most 256 colours, the most frequent ones kept as they are. */
import { crc32, deflateSync } from 'node:zlib';
import { decode } from 'fast-png';

const COLOURS_MAX = 256;

/** A PNG with a palette of the same picture. */
export function smallPng(png: Uint8Array): Uint8Array {
  const { width, height, channels, data } = decode(png);
  const pixels = new Uint32Array(width * height);
  const counts = new Map<number, number>();
  for (let i = 0; i < pixels.length; i++) {
    const at = i * channels;
    const colour = (data[at]! << 16) | (data[at + 1]! << 8) | data[at + 2]!;
    pixels[i] = colour;
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const palette = [...counts].sort(([, a], [, b]) => b - a).slice(0, COLOURS_MAX);
  const indices = new Map(palette.map(([colour], index) => [colour, index]));
  for (const colour of counts.keys()) if (!indices.has(colour)) indices.set(colour, nearest(palette, colour));
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = indices.get(pixels[y * width + x]!)!;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 8 bits a pixel, by palette.
  header.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flatMap(([c]) => [c >> 16, (c >> 8) & 255, c & 255]))),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function nearest(palette: readonly (readonly [number, number])[], colour: number): number {
  let best = 0;
  let least = Infinity;
  palette.forEach(([c], index) => {
    const apart = (shift: number): number => ((c >> shift) & 255) - ((colour >> shift) & 255);
    const [r, g, b] = [apart(16), apart(8), apart(0)];
    const distance = 2 * r * r + 4 * g * g + 3 * b * b;
    if (distance < least) [least, best] = [distance, index];
  });
  return best;
}

function chunk(type: string, body: Uint8Array): Uint8Array {
  const out = Buffer.alloc(body.length + 12);
  out.writeUInt32BE(body.length, 0);
  out.write(type, 4, 'latin1');
  out.set(body, 8);
  out.writeUInt32BE(crc32(out.subarray(4, -4)), out.length - 4);
  return out;
}
