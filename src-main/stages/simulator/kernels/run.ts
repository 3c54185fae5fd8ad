/** Runs planned layers on the kernels: activations, tables and images in one WebAssembly memory. */
import { assert } from '../../../base/diagnostic.ts';
import type { Chip } from '../../chip/index.ts';
import { SCALE_BYTES } from './drain-kernels.ts';
import { kernelModule, type Kernels } from './module.ts';
import { PADDING, type LayerPlan, type Pass } from './plan.ts';

const PAGE_BYTES = 65536;
/** Bytes that vectors may read beyond the end of activation memory. */
const SLACK_BYTES = 64;
/** Operands gathered at a time; they and their sums should stay in the first-level caches. */
const OPERAND_BYTES = 16384;

let compiled: WebAssembly.Module | undefined | null = null;

/** The kernels, compiled once; undefined where WebAssembly SIMD is missing. */
function kernels(): WebAssembly.Module | undefined {
  if (compiled === null) {
    const bytes = kernelModule();
    const isThere = typeof WebAssembly === 'object' && WebAssembly.validate(bytes);
    compiled = isThere ? new WebAssembly.Module(bytes) : undefined;
  }
  return compiled;
}

export const hasKernels = (): boolean => kernels() !== undefined;

interface PlacedPass extends Pass {
  readonly weightsAt: number;
  readonly biasesAt: number;
  readonly scalesAt: number;
}

interface PlacedLayer {
  readonly plan: LayerPlan;
  readonly tableAt: number;
  readonly passes: readonly PlacedPass[];
  /** Pixels worked on at a time: whole windows. */
  readonly chunk: number;
  readonly operandPitch: number;
  readonly sumPitch: number;
}

/** A program's layers, ready to run. */
export class KernelMachine {
  /** The chip's activation memory. */
  readonly activations: Int8Array;
  readonly #kernels: Kernels;
  readonly #layers: readonly (PlacedLayer | undefined)[];
  readonly #wrap: number;
  readonly #operandsAt: number;
  readonly #sumsAt: number;

  constructor(plans: readonly (LayerPlan | undefined)[], chip: Chip) {
    const module = kernels();
    assert(module, 'no WebAssembly SIMD');
    const arena = new Arena(chip.activationBytes + SLACK_BYTES);
    this.#layers = plans.map((plan) => plan && placeLayer(plan, arena));
    let operands = 0;
    let sums = 0;
    for (const l of this.#layers) {
      if (!l) continue;
      operands = Math.max(operands, l.chunk * l.operandPitch);
      sums = Math.max(sums, l.chunk * l.sumPitch);
    }
    this.#operandsAt = arena.reserve(operands + SLACK_BYTES);
    this.#sumsAt = arena.reserve(sums + SLACK_BYTES);
    const memory = arena.build();
    this.activations = new Int8Array(memory.buffer, 0, chip.activationBytes);
    this.#kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels;
    this.#wrap = 32 - chip.accumulatorBits;
  }

  /** Runs layer `index`; false if it has no plan. */
  run(index: number): boolean {
    const layer = this.#layers[index];
    if (!layer) return false;
    for (let first = 0; first < layer.plan.pixels; first += layer.chunk) {
      const count = Math.min(layer.chunk, layer.plan.pixels - first);
      for (const pass of layer.passes) {
        this.#sums(layer, pass, first, count);
        this.#write(layer, pass, first, count);
      }
    }
    return true;
  }

  #sums(l: PlacedLayer, pass: PlacedPass, first: number, count: number): void {
    const { plan } = l;
    const table = l.tableAt + first * plan.taps * 4;
    if (plan.depthwise) {
      this.#kernels.depthwise(
        table, count, plan.taps, pass.shift, pass.weightsAt, pass.biasesAt, pass.columns, this.#sumsAt, l.sumPitch,
      ); // prettier-ignore
      return;
    }
    if (pass === l.passes[0] || pass.shift !== 0)
      this.#kernels.gather(table, count, plan.taps, plan.run, pass.shift, this.#operandsAt, l.operandPitch);
    const quads = Math.ceil((plan.taps * plan.run) / 4);
    this.#kernels.multiply(
      this.#operandsAt, l.operandPitch, count, pass.weightsAt, quads, pass.biasesAt, pass.columns, this.#sumsAt, l.sumPitch,
    ); // prettier-ignore
  }

  #write(l: PlacedLayer, pass: PlacedPass, first: number, count: number): void {
    const f = l.plan.fields;
    const window = f.window! + 1;
    const outputs = count / window;
    const doubled = f.rnd === 1 ? 0 : -1;
    const low = f.clampLo! - f.zeroPoint!;
    const high = f.clampHi! - f.zeroPoint!;
    for (const w of pass.writes) {
      const sums = this.#sumsAt + w.firstColumn * 4;
      const scales = pass.scalesAt + (w.firstColumn / 4) * SCALE_BYTES;
      const dest = w.dest + (first / window) * f.dstPitch!;
      if (f.fold === 1)
        this.#kernels.add(
          sums, l.sumPitch, outputs, f.zero1!, f.zero2!, w.columns, scales, (pass.columns / 4) * SCALE_BYTES,
          this.#wrap, doubled, low, high, f.zeroPoint!, dest, f.dstPitch!,
        ); // prettier-ignore
      else
        this.#kernels.drain(
          sums, l.sumPitch, outputs, window, w.columns, scales, this.#wrap, doubled, low, high, f.zeroPoint!,
          dest, f.dstPitch!,
        ); // prettier-ignore
    }
  }
}

function placeLayer(plan: LayerPlan, arena: Arena): PlacedLayer {
  const padding = new Int8Array(plan.paddingBytes).fill(plan.fields.padByte!);
  const paddingAt = arena.place(padding);
  const table = plan.table.map((address) => (address === PADDING ? paddingAt : address));
  const passes = plan.passes.map((pass) => ({
    ...pass,
    weightsAt: arena.place(pass.weights),
    biasesAt: arena.place(pass.biases),
    scalesAt: arena.place(pass.scales),
  }));
  const operandPitch = plan.depthwise ? 0 : Math.ceil((plan.taps * plan.run) / 4) * 8;
  const sumPitch = Math.max(...passes.map((p) => p.columns)) * 4;
  const window = plan.fields.window! + 1;
  const fitting = Math.floor(OPERAND_BYTES / Math.max(operandPitch, sumPitch));
  const chunk = Math.min(plan.pixels, Math.max(1, Math.floor(fitting / window / 4) * 4) * window);
  return { plan, tableAt: arena.place(table), passes, chunk, operandPitch, sumPitch };
}

/** Lays arrays out one after the other, then makes the memory that holds them. */
class Arena {
  readonly #parts: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  #end: number;

  constructor(reserved: number) {
    this.#end = reserved;
  }

  reserve(bytes: number): number {
    const at = Math.ceil(this.#end / 64) * 64;
    this.#end = at + bytes;
    return at;
  }

  place(array: Int8Array | Uint8Array | Int16Array | Int32Array): number {
    const at = this.reserve(array.byteLength);
    this.#parts.push({ at, bytes: new Uint8Array(array.buffer, array.byteOffset, array.byteLength) });
    return at;
  }

  build(): WebAssembly.Memory {
    const pages = Math.ceil((this.#end + SLACK_BYTES) / PAGE_BYTES);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const bytes = new Uint8Array(memory.buffer);
    for (const part of this.#parts) bytes.set(part.bytes, part.at);
    return memory;
  }
}
