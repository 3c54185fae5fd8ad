import { IntList } from '../../base/int-list.ts';

/** Rectangles of one layer, structure of arrays, in GDS database units. */
export interface RectTable {
  readonly count: number;
  readonly x1: Int32Array;
  readonly y1: Int32Array;
  readonly x2: Int32Array;
  readonly y2: Int32Array;
  /** [count] placed cell the rectangle belongs to, -1 for the top's own metal */
  readonly owner: Int32Array;
  /** [count] electrical node: rectangles of one node are connected by what they are part of */
  readonly node: Int32Array;
}

const COLUMNS = 6;

/** Collects rectangles whose number is not known beforehand. */
export class RectList {
  readonly #values = new IntList(1024);

  get count(): number {
    return this.#values.length / COLUMNS;
  }

  push(x1: number, y1: number, x2: number, y2: number, owner: number, node: number): void {
    const values = this.#values;
    values.push(x1);
    values.push(y1);
    values.push(x2);
    values.push(y2);
    values.push(owner);
    values.push(node);
  }

  finish(): RectTable {
    const { count } = this;
    const raw = this.#values.raw;
    const column = (k: number): Int32Array => {
      const out = new Int32Array(count);
      for (let i = 0; i < count; i++) out[i] = raw[i * COLUMNS + k]!;
      return out;
    };
    return {
      count,
      x1: column(0),
      y1: column(1),
      x2: column(2),
      y2: column(3),
      owner: column(4),
      node: column(5),
    };
  }
}
