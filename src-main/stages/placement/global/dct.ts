/**
 * One-dimensional cosine and sine transforms along the rows of an N x N field, N a power of two >= 4, two real
 * rows at a time through one complex FFT (Makhoul, "A fast cosine transform in one and two dimensions", 1980).
 * Forward (DCT-II):  X[k] = sum_n x[n] cos(pi k (2n + 1) / 2N).
 * Inverse (unscaled): x[n] = sum_k X[k] cos(pi k (2n + 1) / 2N), or the same with sin.
 */
export interface Dct {
  readonly size: number;
  /** In place, every row of the field. */
  readonly forwardRows: (field: Float64Array) => void;
  readonly inverseRows: (field: Float64Array, sine: boolean) => void;
  readonly transpose: (field: Float64Array) => void;
}

interface Tables {
  readonly reversed: Int32Array;
  /** Twiddles of the stage with half-size h start at h. */
  readonly twiddleCos: Float64Array;
  readonly twiddleSin: Float64Array;
  readonly halfCos: Float64Array;
  readonly halfSin: Float64Array;
}

function makeTables(n: number): Tables {
  const bits = Math.log2(n) | 0;
  const reversed = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    let r = 0;
    for (let b = 0; b < bits; b++) if ((i >> b) & 1) r |= 1 << (bits - 1 - b);
    reversed[i] = r;
  }
  const twiddleCos = new Float64Array(n);
  const twiddleSin = new Float64Array(n);
  for (let h = 1; h < n; h <<= 1) {
    for (let k = 0; k < h; k++) {
      twiddleCos[h + k] = Math.cos((Math.PI * k) / h);
      twiddleSin[h + k] = -Math.sin((Math.PI * k) / h);
    }
  }
  const halfCos = Float64Array.from({ length: n }, (_, k) => Math.cos((Math.PI * k) / (2 * n)));
  const halfSin = Float64Array.from({ length: n }, (_, k) => Math.sin((Math.PI * k) / (2 * n)));
  return { reversed, twiddleCos, twiddleSin, halfCos, halfSin };
}

/** Forward transform in place of data already in bit-reversed order; the first two stages as radix 4. */
function fft(re: Float64Array, im: Float64Array, t: Tables): void {
  const n = re.length;
  const { twiddleCos, twiddleSin } = t;
  for (let i = 0; i < n; i += 4) {
    const s0 = re[i] + re[i + 1];
    const s1 = re[i] - re[i + 1];
    const s2 = re[i + 2] + re[i + 3];
    const s3 = re[i + 2] - re[i + 3];
    const t0 = im[i] + im[i + 1];
    const t1 = im[i] - im[i + 1];
    const t2 = im[i + 2] + im[i + 3];
    const t3 = im[i + 2] - im[i + 3];
    re[i] = s0 + s2;
    im[i] = t0 + t2;
    re[i + 1] = s1 + t3;
    im[i + 1] = t1 - s3;
    re[i + 2] = s0 - s2;
    im[i + 2] = t0 - t2;
    re[i + 3] = s1 - t3;
    im[i + 3] = t1 + s3;
  }
  for (let h = 4; h < n; h <<= 1) {
    for (let i = 0; i < n; i += 2 * h) {
      for (let k = 0; k < h; k++) {
        const p = i + k;
        const q = p + h;
        const c = twiddleCos[h + k];
        const s = twiddleSin[h + k];
        const xr = re[q] * c - im[q] * s;
        const xi = re[q] * s + im[q] * c;
        re[q] = re[p] - xr;
        im[q] = im[p] - xi;
        re[p] = re[p] + xr;
        im[p] = im[p] + xi;
      }
    }
  }
}

function transposeField(field: Float64Array, n: number): void {
  const block = Math.min(16, n);
  for (let i = 0; i < n; i += block) {
    for (let j = i; j < n; j += block) {
      for (let a = i; a < i + block; a++) {
        for (let b = i === j ? a + 1 : j; b < j + block; b++) {
          const p = a * n + b;
          const q = b * n + a;
          const v = field[p];
          field[p] = field[q];
          field[q] = v;
        }
      }
    }
  }
}

function forward(field: Float64Array, n: number, re: Float64Array, im: Float64Array, t: Tables): void {
  const { reversed, halfCos, halfSin } = t;
  for (let o = 0; o < n * n; o += 2 * n) {
    const o2 = o + n;
    for (let k = 0; k < n >> 1; k++) {
      const j = reversed[k];
      re[j] = field[o + 2 * k];
      im[j] = field[o2 + 2 * k];
      const m = reversed[n - 1 - k];
      re[m] = field[o + 2 * k + 1];
      im[m] = field[o2 + 2 * k + 1];
    }
    fft(re, im, t);
    field[o] = re[0];
    field[o2] = im[0];
    for (let k = 1; k < n; k++) {
      // Split the two interleaved real transforms by symmetry, then turn by half a sample.
      const c = 0.5 * halfCos[k];
      const s = 0.5 * halfSin[k];
      const zr = re[k];
      const zi = im[k];
      const wr = re[n - k];
      const wi = im[n - k];
      field[o + k] = (zr + wr) * c + (zi - wi) * s;
      field[o2 + k] = (zi + wi) * c + (wr - zr) * s;
    }
  }
}

function inverse(
  field: Float64Array,
  n: number,
  sine: boolean,
  re: Float64Array,
  im: Float64Array,
  t: Tables,
): void {
  const { reversed, halfCos, halfSin } = t;
  for (let o = 0; o < n * n; o += 2 * n) {
    const o2 = o + n;
    re[0] = sine ? 0 : field[o];
    im[0] = sine ? 0 : -field[o2];
    for (let k = 1; k < n; k++) {
      const c = 0.5 * halfCos[k];
      const s = 0.5 * halfSin[k];
      // The sine transform is the cosine transform of the reversed coefficients with alternating signs.
      const x1 = sine ? field[o + n - k] : field[o + k];
      const y1 = sine ? field[o + k] : field[o + n - k];
      const x2 = sine ? field[o2 + n - k] : field[o2 + k];
      const y2 = sine ? field[o2 + k] : field[o2 + n - k];
      const j = reversed[k];
      re[j] = x1 * c + y1 * s - (x2 * s - y2 * c);
      im[j] = -(x1 * s - y1 * c + x2 * c + y2 * s);
    }
    fft(re, im, t);
    const sign = sine ? -1 : 1;
    for (let k = 0; k < n >> 1; k++) {
      field[o + 2 * k] = re[k];
      field[o2 + 2 * k] = -im[k];
      field[o + 2 * k + 1] = sign * re[n - 1 - k];
      field[o2 + 2 * k + 1] = -sign * im[n - 1 - k];
    }
  }
}

export function makeDct(size: number): Dct {
  const tables = makeTables(size);
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  return {
    size,
    forwardRows: (field) => forward(field, size, re, im, tables),
    inverseRows: (field, sine) => inverse(field, size, sine, re, im, tables),
    transpose: (field) => transposeField(field, size),
  };
}
