/**
 * Seeded random int8 networks with everything the engine has: convolutions, depthwise ones with and without a
 * multiplier, pools with and without padding, additions over skips, joined channels, reshapes, several outputs. Some
 * operators are such that no engine can take them (scales of 1 or more, padded averages), so plans change sides.
 */
import { makeRng } from '../../src-main/base/rng.ts';
import type {
  QuantGraph,
  QuantOp,
  QuantTensor,
  Requantize,
  Window,
} from '../../src-main/stages/quantize/types.ts';

type Shape = readonly [number, number, number];

export interface RandomNetOptions {
  readonly maxSide?: number;
  readonly maxChannels?: number;
  readonly layers?: number;
  /** Only operators that the engine takes (default false). */
  readonly engineOnly?: boolean;
}

export function randomNet(seed: number, options: RandomNetOptions = {}): QuantGraph {
  const net = new Net(seed, options);
  return net.graph();
}

/** One sample of every input. */
export function netInputs(graph: QuantGraph, seed: number): Int8Array[] {
  const random = makeRng(seed);
  return graph.inputs.map((t) => {
    const length = graph.tensors[t]!.shape.reduce((a, b) => a * b, 1);
    return Int8Array.from({ length }, () => Math.floor(random() * 256) - 128);
  });
}

class Net {
  readonly #random: () => number;
  readonly #seed: number;
  readonly #options: RandomNetOptions;
  readonly #tensors: QuantTensor[] = [];
  readonly #ops: QuantOp[] = [];

  constructor(seed: number, options: RandomNetOptions) {
    this.#seed = seed;
    this.#options = options;
    this.#random = makeRng(seed * 104_729 + 17);
  }

  graph(): QuantGraph {
    const { maxSide = 9, maxChannels = 12, layers = 5 } = this.#options;
    const input = this.#tensor([
      this.#int(1, maxSide),
      this.#int(1, maxSide),
      this.#chance(0.4) ? this.#int(1, 3) : this.#int(1, maxChannels),
    ]);
    let current = input;
    const maps = [];
    for (let i = 0; i < layers; i++) {
      current = this.#layer(current, maps, maxChannels, i === 0);
      maps.push(current);
    }
    const outputs = [this.#head(current)];
    if (this.#chance(0.25) && maps.length > 1) outputs.push(maps[0]!);
    return {
      name: `net${this.#seed}`,
      tensors: this.#tensors,
      ops: this.#ops,
      inputs: [input],
      outputs: [...new Set(outputs)],
    };
  }

  #int(low: number, high: number): number {
    return low + Math.floor(this.#random() * (high - low + 1));
  }

  #chance(p: number): boolean {
    return this.#random() < p;
  }

  #tensor(shape: Shape, like?: number): number {
    const { scale, zeroPoint } =
      like === undefined
        ? { scale: Math.fround(0.01 + this.#random()), zeroPoint: this.#int(-128, 127) }
        : this.#tensors[like]!;
    const name = `t${this.#tensors.length}`;
    this.#tensors.push({ name, dtype: 'int8', shape, modelShape: [1, ...shape], scale, zeroPoint });
    return this.#tensors.length - 1;
  }

  #shape(t: number): Shape {
    return this.#tensors[t]!.shape;
  }

  #bytes(n: number): Int8Array {
    return Int8Array.from({ length: n }, () => (this.#chance(0.1) ? 0 : this.#int(-127, 127)));
  }

  #scales(outC: number, taps: number): { bias: Int32Array; requantize: Requantize } {
    const base = Math.round(5 + Math.log2(taps) / 2);
    const isUp = this.#options.engineOnly !== true && this.#chance(0.03);
    return {
      bias: Int32Array.from({ length: outC }, () => this.#int(-4000, 4000)),
      requantize: {
        multiplierQ31: Int32Array.from({ length: outC }, () =>
          this.#chance(0.05) ? 0 : this.#int(2 ** 30, 2 ** 31 - 1),
        ),
        shift: Int32Array.from({ length: outC }, (_, k) =>
          isUp && k === 0 ? 1 : -Math.min(31, Math.max(0, base + this.#int(-2, 3))),
        ),
        clampMin: this.#int(-128, -100),
        clampMax: this.#int(100, 127),
      },
    };
  }

  #window(h: number, w: number, isPadded: boolean): Window {
    const kernelH = this.#int(1, Math.min(4, h));
    const kernelW = this.#int(1, Math.min(4, w));
    const pad = (k: number): number => (isPadded ? this.#int(0, k - 1) : 0);
    const stride = (): number => (this.#chance(0.6) ? 1 : 2);
    return {
      ...{ kernelH, kernelW, strideH: stride(), strideW: stride() },
      ...{ padTop: pad(kernelH), padLeft: pad(kernelW), padBottom: pad(kernelH), padRight: pad(kernelW) },
    };
  }

  #layer(input: number, maps: readonly number[], maxChannels: number, isFirst: boolean): number {
    const kind = this.#random();
    if (!isFirst && kind < 0.15) {
      const twin = maps.find((t) => t !== input && this.#shape(t).join() === this.#shape(input).join());
      return this.#add(input, twin ?? this.#conv(input, maxChannels, true));
    }
    if (kind < 0.5) return this.#conv(input, maxChannels, false);
    if (kind < 0.75) return this.#depthwise(input, maxChannels);
    if (kind < 0.83) return this.#join(input);
    return this.#pool(input, kind > 0.92);
  }

  #name(kind: string): string {
    return `${kind}${this.#ops.length}`;
  }

  #conv(input: number, maxChannels: number, isTwin: boolean): number {
    const [h, w, c] = this.#shape(input);
    const unit: Window = {
      ...{ kernelH: 1, kernelW: 1, strideH: 1, strideW: 1 },
      ...{ padTop: 0, padLeft: 0, padBottom: 0, padRight: 0 },
    };
    const window = isTwin ? unit : this.#window(h, w, true);
    const outC = isTwin ? c : this.#int(1, maxChannels);
    const taps = window.kernelH * window.kernelW * c;
    const output = this.#tensor([...outputSize(h, w, window), outC]);
    const weights = this.#bytes(outC * taps);
    this.#ops.push({ kind: 'conv', name: this.#name('conv'), input, output, ...window, weights, ...this.#scales(outC, taps) }); // prettier-ignore
    return output;
  }

  #depthwise(input: number, maxChannels: number): number {
    const [h, w, c] = this.#shape(input);
    const window = this.#window(h, w, true);
    const most = Math.max(1, Math.floor(maxChannels / c));
    const depthMultiplier = this.#chance(0.6) ? 1 : this.#int(1, most);
    const outC = c * depthMultiplier;
    const taps = window.kernelH * window.kernelW;
    const output = this.#tensor([...outputSize(h, w, window), outC]);
    const weights = this.#bytes(outC * taps);
    this.#ops.push({ kind: 'depthwise', name: this.#name('dw'), input, output, ...window, depthMultiplier, weights, ...this.#scales(outC, taps) }); // prettier-ignore
    return output;
  }

  #pool(input: number, isAverage: boolean): number {
    const [h, w, c] = this.#shape(input);
    const isPadded = isAverage ? this.#options.engineOnly !== true && this.#chance(0.3) : this.#chance(0.4);
    const window = this.#window(h, w, isPadded);
    if (isPadded && !touches(h, w, window)) return this.#conv(input, c, true);
    const output = this.#tensor([...outputSize(h, w, window), c], input);
    const kind = isAverage ? 'averagePool' : 'maxPool';
    this.#ops.push({ kind, name: this.#name('pool'), input, output, ...window, clampMin: this.#int(-128, -100), clampMax: 127 }); // prettier-ignore
    return output;
  }

  #add(a: number, b: number): number {
    const output = this.#tensor(this.#shape(a));
    const factor = (up: number) => ({
      multiplierQ31: this.#int(2 ** 30, 2 ** 31 - 1),
      shift: -this.#int(up, up + 2),
    });
    this.#ops.push({ kind: 'add', name: this.#name('add'), inputs: [a, b], output, input1: factor(0), input2: factor(1), outputScale: factor(17), clampMin: -128, clampMax: this.#int(90, 127) }); // prettier-ignore
    return output;
  }

  /** The map next to a convolution of itself. */
  #join(input: number): number {
    const [h, w, c] = this.#shape(input);
    if (this.#options.engineOnly) return this.#conv(input, c, true);
    const other = this.#conv(input, this.#int(1, c), true);
    const chunks = [c, this.#shape(other)[2]];
    const output = this.#tensor([h, w, chunks[0]! + chunks[1]!]);
    this.#ops.push({ kind: 'concat', name: this.#name('join'), inputs: [input, other], output, outer: h * w, chunks }); // prettier-ignore
    return output;
  }

  #head(input: number): number {
    if (this.#chance(0.3)) return input;
    const size = this.#shape(input).reduce((a, b) => a * b, 1);
    let flat = input;
    if (this.#chance(0.7)) {
      flat = this.#tensor([1, 1, size], input);
      this.#ops.push({ kind: 'reshape', name: this.#name('flat'), input, output: flat });
    }
    const outC = this.#int(1, 11);
    const output = this.#tensor([1, 1, outC]);
    const weights = this.#bytes(outC * size);
    this.#ops.push({ kind: 'fullyConnected', name: this.#name('fc'), input: flat, output, weights, ...this.#scales(outC, size) }); // prettier-ignore
    return output;
  }
}

function outputSize(h: number, w: number, k: Window): [number, number] {
  return [
    Math.floor((h + k.padTop + k.padBottom - k.kernelH) / k.strideH) + 1,
    Math.floor((w + k.padLeft + k.padRight - k.kernelW) / k.strideW) + 1,
  ];
}

/** No window of a pool may lie wholly in padding. */
function touches(h: number, w: number, k: Window): boolean {
  const [oh, ow] = outputSize(h, w, k);
  return (oh - 1) * k.strideH - k.padTop < h && (ow - 1) * k.strideW - k.padLeft < w;
}
