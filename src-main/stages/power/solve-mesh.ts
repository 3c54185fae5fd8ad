/**
 * Conjugate gradients with an incomplete Cholesky factor of no fill-in (Meijerink, van der Vorst, "An iterative
 * solution method for linear systems of which the coefficient matrix is a symmetric M-matrix", Math. Comp. 1977).
 * The matrices here are conductances of resistive meshes, M-matrices, so the factor exists; rails numbered along
 * their length make it nearly exact.
 */

/** Symmetric positive definite, the lower triangle by rows: columns ascending, the diagonal last. */
export interface LowerMatrix {
  readonly rowStart: Int32Array;
  readonly column: Int32Array;
  readonly value: Float64Array;
}

export interface Solution {
  readonly x: Float64Array;
  readonly iterations: number;
  /** ||b - A x|| / ||b|| */
  readonly residual: number;
}

/** L with L L^T = A on A's own pattern. */
function incompleteCholesky({ rowStart, column, value }: LowerMatrix): Float64Array {
  const l = value.slice();
  const rows = rowStart.length - 1;
  for (let i = 0; i < rows; i++) {
    const end = rowStart[i + 1] - 1;
    for (let a = rowStart[i]; a < end; a++) {
      const k = column[a];
      const diagonal = rowStart[k + 1] - 1;
      let sum = l[a];
      for (let p = rowStart[i], q = rowStart[k]; p < a && q < diagonal;) {
        if (column[p] < column[q]) p++;
        else if (column[p] > column[q]) q++;
        else sum -= l[p++] * l[q++];
      }
      l[a] = sum / l[diagonal];
    }
    let square = l[end];
    for (let a = rowStart[i]; a < end; a++) square -= l[a] * l[a];
    l[end] = Math.sqrt(square);
  }
  return l;
}

function multiply(m: LowerMatrix, x: Float64Array, y: Float64Array): void {
  const { rowStart, column, value } = m;
  y.fill(0);
  for (let i = 0; i < y.length; i++) {
    const end = rowStart[i + 1] - 1;
    let sum = value[end] * x[i];
    for (let a = rowStart[i]; a < end; a++) {
      sum += value[a] * x[column[a]];
      y[column[a]] += value[a] * x[i];
    }
    y[i] += sum;
  }
}

/** z with L L^T z = r. */
function precondition(m: LowerMatrix, l: Float64Array, r: Float64Array, z: Float64Array): void {
  const { rowStart, column } = m;
  const n = r.length;
  for (let i = 0; i < n; i++) {
    let sum = r[i];
    const end = rowStart[i + 1] - 1;
    for (let a = rowStart[i]; a < end; a++) sum -= l[a] * z[column[a]];
    z[i] = sum / l[end];
  }
  for (let i = n - 1; i >= 0; i--) {
    const end = rowStart[i + 1] - 1;
    z[i] /= l[end];
    for (let a = rowStart[i]; a < end; a++) z[column[a]] -= l[a] * z[i];
  }
}

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};

/** Solves A x = b to `tolerance` of the residual, or as far as `maxIterations` bring it. */
export function solveMesh(m: LowerMatrix, b: Float64Array, tolerance = 1e-9, maxIterations = 5000): Solution {
  const n = b.length;
  const x = new Float64Array(n);
  const r = b.slice();
  const z = new Float64Array(n);
  const q = new Float64Array(n);
  const norm = Math.sqrt(dot(b, b));
  if (norm === 0) return { x, iterations: 0, residual: 0 };
  const l = incompleteCholesky(m);
  precondition(m, l, r, z);
  const p = z.slice();
  let rz = dot(r, z);
  let iterations = 0;
  while (iterations < maxIterations && Math.sqrt(dot(r, r)) > tolerance * norm) {
    multiply(m, p, q);
    const alpha = rz / dot(p, q);
    for (let i = 0; i < n; i++) {
      x[i] += alpha * p[i];
      r[i] -= alpha * q[i];
    }
    precondition(m, l, r, z);
    const next = dot(r, z);
    for (let i = 0; i < n; i++) p[i] = z[i] + (next / rz) * p[i];
    rz = next;
    iterations++;
  }
  return { x, iterations, residual: Math.sqrt(dot(r, r)) / norm };
}
