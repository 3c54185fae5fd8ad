/**
 * How the host lays out a tensor's bytes for the streams: rows and columns exchanged, kernel columns folded into
 * channels (kx-packing), pixels padded to their pitch. Pure byte moves; no value is computed.
 */
import { assert } from '../../base/diagnostic.ts';

/**
 * Kernel columns as channels: pixel x of the packed map holds the columns x * strideW - padLeft .. + kernelW - 1
 * of the tensor's row, [kernelW][c]; columns outside it are padByte. In the frame (after a transposition).
 */
export interface InputPack {
  readonly kernelW: number;
  readonly strideW: number;
  readonly padLeft: number;
  readonly outW: number;
  readonly padByte: number;
}

export interface TensorForm {
  /** Index into the graph's tensors. */
  readonly tensor: number;
  readonly name: string;
  /** [h, w, c] as the graph has it. */
  readonly shape: readonly [number, number, number];
  /** Pixel (y, x) is handed over as pixel (x, y). */
  readonly isTransposed: boolean;
  readonly pack: InputPack | null;
  /** Bytes from one pixel to the next on the stream; what lies between pixels is 0 and means nothing. */
  readonly pitch: number;
  /** Bytes on the stream: whole memory words if the chip's beats are wider than a byte. */
  readonly bytes: number;
}

/** NHWC bytes of the tensor to its bytes on the input stream. */
export function packInput(form: TensorForm, data: Int8Array): Int8Array {
  const [h, w, c] = form.shape;
  assert(data.length === h * w * c, `${form.name} has ${data.length} bytes, not ${h * w * c}`);
  const out = new Int8Array(form.bytes);
  const [rows, columns] = form.isTransposed ? [w, h] : [h, w];
  const at = (y: number, x: number): number => (form.isTransposed ? x * w + y : y * w + x) * c;
  const { pack } = form;
  if (!pack) {
    for (let y = 0; y < rows; y++)
      for (let x = 0; x < columns; x++)
        out.set(data.subarray(at(y, x), at(y, x) + c), (y * columns + x) * form.pitch);
    return out;
  }
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < pack.outW; x++)
      for (let k = 0; k < pack.kernelW; k++) {
        const column = x * pack.strideW - pack.padLeft + k;
        const to = (y * pack.outW + x) * form.pitch + k * c;
        if (column < 0 || column >= columns) out.fill(pack.padByte, to, to + c);
        else out.set(data.subarray(at(y, column), at(y, column) + c), to);
      }
  return out;
}

/** Bytes of the output stream to the tensor's NHWC bytes. */
export function unpackOutput(form: TensorForm, bytes: Int8Array): Int8Array {
  const [h, w, c] = form.shape;
  assert(bytes.length === form.bytes && !form.pack, `${form.name} has ${bytes.length} bytes on the stream`);
  const out = new Int8Array(h * w * c);
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) {
      const from = (form.isTransposed ? x * h + y : y * w + x) * form.pitch;
      out.set(bytes.subarray(from, from + c), (y * w + x) * c);
    }
  return out;
}

/** All inputs of an inference, one after the other. */
export const packInputs = (forms: readonly TensorForm[], data: readonly Int8Array[]): Int8Array =>
  concatBytes(forms.map((form, i) => packInput(form, data[i]!)));

/** The bytes of the output stream to the tensors they hold. */
export function unpackOutputs(forms: readonly TensorForm[], bytes: Int8Array): Int8Array[] {
  let at = 0;
  return forms.map((form) => unpackOutput(form, bytes.subarray(at, (at += form.bytes))));
}

function concatBytes(parts: readonly Int8Array[]): Int8Array {
  const out = new Int8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}
