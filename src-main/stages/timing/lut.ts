/**
 * All tables of a kit in one Float64Array, so that the inner loop touches no objects.
 * Bilinear between the four neighbours and linear beyond the ends, as Liberty's NLDM asks for.
 */
import type { Lut } from '../kit/types.ts';

export interface LutPool {
  /** Per table: index1, index2, values. */
  readonly data: Float64Array;
  /** [tables * 3] start in data, rows, columns */
  readonly meta: Int32Array;
}

export class LutPoolBuilder {
  private readonly luts: Lut[] = [];
  private readonly ids = new Map<Lut, number>();

  /** Id of the table, -1 for none. The same object is stored once. */
  add(lut: Lut | null): number {
    if (!lut) return -1;
    let id = this.ids.get(lut);
    if (id === undefined) {
      id = this.luts.length;
      this.ids.set(lut, id);
      this.luts.push(lut);
    }
    return id;
  }

  build(): LutPool {
    const meta = new Int32Array(this.luts.length * 3);
    let size = 0;
    this.luts.forEach((lut, i) => {
      const rows = Math.max(lut.index1.length, 1);
      const columns = Math.max(lut.index2.length, 1);
      meta.set([size, rows, columns], i * 3);
      size += rows + columns + rows * columns;
    });
    const data = new Float64Array(size);
    this.luts.forEach((lut, i) => {
      const start = meta[i * 3];
      const rows = meta[i * 3 + 1];
      data.set(lut.index1, start);
      data.set(lut.index2, start + rows);
      data.set(lut.values, start + rows + meta[i * 3 + 2]);
    });
    return { data, meta };
  }
}

/** Value of table `id` at (x on index1, y on index2). An axis of one entry is constant. */
export function lookUp(pool: LutPool, id: number, x: number, y: number): number {
  const { data, meta } = pool;
  const xs = meta[id * 3];
  const rows = meta[id * 3 + 1];
  const columns = meta[id * 3 + 2];
  const ys = xs + rows;
  const vs = ys + columns;
  let j = 0;
  let fy = 0;
  if (columns > 1) {
    while (j < columns - 2 && data[ys + j + 1] < y) j++;
    fy = (y - data[ys + j]) / (data[ys + j + 1] - data[ys + j]);
  }
  const dj = columns > 1 ? 1 : 0;
  if (rows === 1) {
    const v = vs + j;
    return data[v] + (data[v + dj] - data[v]) * fy;
  }
  let i = 0;
  while (i < rows - 2 && data[xs + i + 1] < x) i++;
  const fx = (x - data[xs + i]) / (data[xs + i + 1] - data[xs + i]);
  const v = vs + i * columns + j;
  const w = v + columns;
  const low = data[v] + (data[v + dj] - data[v]) * fy;
  const high = data[w] + (data[w + dj] - data[w]) * fy;
  return low + (high - low) * fx;
}
