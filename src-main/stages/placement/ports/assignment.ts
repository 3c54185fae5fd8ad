/**
 * Least-cost assignment of n rows to m >= n columns (Hungarian method with potentials, Kuhn 1955; the shortest
 * augmenting path form of Jonker and Volgenant, 1987). `cost[r * columns + c]`. Returns the column of each row.
 */
export function assign(cost: Float64Array, rows: number, columns: number): Int32Array {
  const rowPotential = new Float64Array(rows + 1);
  const columnPotential = new Float64Array(columns + 1);
  // Column 0 and row 0 are the artificial root; real ones count from 1.
  const rowOf = new Int32Array(columns + 1);
  const previous = new Int32Array(columns + 1);
  const shortest = new Float64Array(columns + 1);
  const done = new Uint8Array(columns + 1);
  for (let r = 1; r <= rows; r++) {
    rowOf[0] = r;
    let column = 0;
    shortest.fill(Infinity);
    done.fill(0);
    do {
      done[column] = 1;
      const row = rowOf[column];
      let delta = Infinity;
      let next = 0;
      for (let c = 1; c <= columns; c++) {
        if (done[c]) continue;
        const reduced = cost[(row - 1) * columns + c - 1] - rowPotential[row] - columnPotential[c];
        if (reduced < shortest[c]) {
          shortest[c] = reduced;
          previous[c] = column;
        }
        if (shortest[c] < delta) {
          delta = shortest[c];
          next = c;
        }
      }
      for (let c = 0; c <= columns; c++) {
        if (done[c]) {
          rowPotential[rowOf[c]] += delta;
          columnPotential[c] -= delta;
        } else {
          shortest[c] -= delta;
        }
      }
      column = next;
    } while (rowOf[column] !== 0);
    while (column !== 0) {
      const from = previous[column];
      rowOf[column] = rowOf[from];
      column = from;
    }
  }
  const result = new Int32Array(rows).fill(-1);
  for (let c = 1; c <= columns; c++) if (rowOf[c] > 0) result[rowOf[c] - 1] = c - 1;
  return result;
}
