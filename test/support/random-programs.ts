/**
 * Recipes to legal programs: places in memory, weights, instruction words, and the fewest tokens that order what
 * must be ordered. It shares no code with the compiler.
 */
import { makeRng } from '../../src-main/base/rng.ts';
import { encode, type Chip, type Instruction } from '../../src-main/stages/chip/index.ts';
import type { LayerRecord, Program, TensorForm } from '../../src-main/stages/compiler/index.ts';
import {
  intOf,
  outputSize,
  type AddStep,
  type Int,
  type LayerStep,
  type LoadStep,
  type Recipe,
  type StoreStep,
} from './random-recipes.ts';
import { orderWork, type Range, type Work } from './random-tokens.ts';

/** A map in memory. */
interface Place {
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly pitch: number;
  /** Whole words. */
  readonly bytes: number;
  readonly address: number;
  /** Every byte of it is written, padding included. */
  readonly isWhole: boolean;
}

class Unfit extends Error {}

/** More steps of the array than this make a program too slow for its use. */
const MOST_STEPS = 6000;

/** The recipe's program, or undefined where it does not fit the chip or cannot be ordered with the tokens there are. */
export function programOf(recipe: Recipe): Program | undefined {
  try {
    return new Lowering(recipe).program();
  } catch (e) {
    if (e instanceof Unfit) return undefined;
    throw e;
  }
}

const wrap = (v: number): number => ((v % 65536) + 65536) % 65536;

interface Images {
  readonly weights: number[];
  readonly biases: number[];
  readonly multipliers: number[];
  readonly shifts: number[];
}
const noImages = (): Images => ({ weights: [], biases: [], multipliers: [], shifts: [] });

class Lowering {
  readonly #recipe: Recipe;
  readonly #chip: Chip;
  readonly #int: Int;
  readonly #places = new Map<number, Place>();
  /** Last step that needs a map. */
  readonly #death = new Map<number, number>();
  readonly #work: Work[] = [];
  readonly #resident = noImages();
  readonly #stream = noImages();
  readonly #layers: LayerRecord[] = [];
  /** Where the next streamed weights and parameters go: from the end of the memories down, round again. */
  #streamWord = 0;
  #streamBlock = 0;
  readonly #outputs: TensorForm[] = [];
  #inputBytes = 0;
  #outputBytes = 0;
  #steps = 0;
  #at = 0;

  constructor(recipe: Recipe) {
    this.#recipe = recipe;
    this.#chip = recipe.chip;
    this.#int = intOf(makeRng(recipe.placeSeed));
  }

  program(): Program {
    const { steps } = this.#recipe;
    steps.forEach((s, i) => {
      if (s.kind === 'layer' || s.kind === 'store') this.#death.set(s.source, i);
      if (s.kind === 'add') this.#death.set(s.a, i).set(s.b, i);
    });
    const last = steps.findLastIndex((s) => s.kind === 'store');
    if (last < 0 || steps[0]?.kind !== 'load') throw new Unfit();
    for (const [i, s] of steps.entries()) {
      this.#at = i;
      if (s.kind === 'load') this.#load(s);
      else if (s.kind === 'layer') this.#layer(s);
      else if (s.kind === 'add') this.#add(s);
      else this.#store(s, i === last);
    }
    return this.#finish();
  }

  #finish(): Program {
    const chip = this.#chip;
    const K = chip.columns;
    const ordered = orderWork(this.#work, chip);
    if (!ordered) throw new Unfit();
    const instructions = [...ordered, instruction('END', {})];
    const { weights, biases } = this.#resident;
    if (instructions.length > chip.programWords || this.#steps > MOST_STEPS) throw new Unfit();
    if (weights.length > (chip.weightWords / 2) * K || biases.length > (chip.parameterBlocks / 2) * K)
      throw new Unfit();
    const images = (i: Images): Pick<Program, 'weights' | 'biases' | 'multipliers' | 'shifts'> => ({
      weights: Int8Array.from(i.weights),
      biases: Int32Array.from(i.biases),
      multipliers: Int32Array.from(i.multipliers),
      shifts: Uint8Array.from(i.shifts),
    });
    return {
      name: 'random', chip, words: encode(instructions), ...images(this.#resident), stream: images(this.#stream),
      inputBytes: this.#inputBytes, outputBytes: this.#outputBytes, inputs: [], outputs: this.#outputs, layers: this.#layers,
      memoryMap: [], memory: { peakBytes: 0, lowerBoundBytes: 0, isOptimal: false, occupancyBytes: [] },
      schedule: { objective: 'latency', variants: [], chosen: 0, groups: [], packing: null },
      cycles: { latency: 0, core: 0, gaps: 0, inputBeats: 0, outputBeats: 0, weightBeats: 0 },
    } as Program; // prettier-ignore
  }

  #place(map: number): Place {
    const place = this.#places.get(map);
    if (!place) throw new Unfit();
    return place;
  }

  /** Finds room for a map: not over one that is still needed and, on one-port banks, in other banks than `apart`. */
  #put(map: number, h: number, w: number, c: number, isWhole: boolean, apart: readonly Place[]): Place {
    const K = this.#chip.columns;
    if (h < 1 || w < 1 || h > 60 || w > 60) throw new Unfit();
    let pitch = K;
    if (c >= K) pitch = Math.ceil(c / K) * K;
    else while (pitch / 2 >= c && pitch > 1) pitch /= 2;
    const bytes = Math.ceil((h * w * pitch) / K) * K;
    const bank = this.#chip.activationBytes / this.#chip.activationBanks;
    const banksOf = (address: number, size: number): [number, number] => [
      Math.floor(address / bank),
      Math.floor((address + size - 1) / bank),
    ];
    const isFree = (address: number): boolean =>
      [...this.#places].every(
        ([other, p]) =>
          (this.#death.get(other) ?? -1) < this.#at ||
          address + bytes <= p.address ||
          p.address + p.bytes <= address,
      ) &&
      (this.#chip.memory !== 'macro' ||
        apart.every((p) => {
          const [a, b] = banksOf(address, bytes);
          const [from, to] = banksOf(p.address, p.bytes);
          return b < from || to < a;
        }));
    const fits: number[] = [];
    for (let address = 0; address + bytes <= this.#chip.activationBytes; address += K)
      if (isFree(address)) fits.push(address);
    if (fits.length === 0) throw new Unfit();
    const address = this.#int(0, 2) === 0 ? fits[0]! : fits[this.#int(0, fits.length - 1)]!;
    const place = { h, w, c, pitch, bytes, address, isWhole: isWhole || c === pitch };
    this.#places.set(map, place);
    return place;
  }

  #push(
    op: string,
    fields: Record<string, number>,
    uses: Partial<Omit<Work, 'instructions' | 'engine'>>,
  ): void {
    const engine = op === 'ST' ? 'store' : op === 'EXEC' ? 'exec' : 'load';
    this.#work.push({
      engine,
      instructions: [instruction(op, fields)],
      reads: [],
      writes: [],
      weightReads: [],
      weightWrites: [],
      parameterReads: [],
      parameterWrites: [],
      ...uses,
    });
  }

  #load(s: LoadStep): void {
    const p = this.#put(s.map, s.h, s.w, s.c, s.split !== 'pixels', []);
    const B = this.#chip.streamBytes;
    const row = p.w * p.pitch;
    let [run, runs, gap] = [p.bytes, 1, 0];
    if (s.split === 'rows' && row % B === 0) [run, runs] = [row, p.h];
    if (s.split === 'pixels' && B === 1) [run, runs, gap] = [p.c, p.h * p.w, p.pitch - p.c];
    this.#push(
      'LDA',
      { address: p.address, run: run - 1, runs: runs - 1, gap },
      { writes: [{ from: p.address, to: p.address + p.bytes }] },
    );
    this.#inputBytes += run * runs;
  }

  #store(s: StoreStep, isLast: boolean): void {
    const p = this.#place(s.source);
    const B = this.#chip.streamBytes;
    const row = p.w * p.pitch;
    // What lies between the channels of two pixels is unknown unless it was written.
    let [run, runs, gap] = [p.c, p.h * p.w, p.pitch - p.c];
    if (p.isWhole && (p.h * row) % B === 0) [run, runs, gap] = [p.h * row, 1, 0];
    if (p.isWhole && s.split === 'rows' && row % B === 0) [run, runs, gap] = [row, p.h, 0];
    if (run % B !== 0 || gap % B !== 0) throw new Unfit();
    this.#push(
      'ST',
      { address: p.address, run: run - 1, runs: runs - 1, gap, last: isLast ? 1 : 0 },
      { reads: [{ from: p.address, to: p.address + p.bytes }] },
    );
    this.#outputBytes += run * runs;
    this.#outputs.push({
      tensor: 0, name: `map${s.source}`, shape: [p.h, p.w, p.c], isTransposed: false, pack: null, pitch: run % p.pitch === 0 ? p.pitch : p.c,
      bytes: run * runs,
    }); // prettier-ignore
  }

  #layer(s: LayerStep): void {
    const chip = this.#chip;
    const K = chip.columns;
    const source = this.#place(s.source);
    const depthwise = s.mode === 'depthwise';
    const outC = depthwise ? source.c : s.outC;
    const [outH, outW] = outputSize(s, source);
    const random = makeRng(s.seed);
    const int = intOf(random);
    const blocks = Math.ceil(outC / K);
    let pitch = K;
    while (pitch / 2 >= outC && pitch > 1) pitch /= 2;
    // Sometimes the whole last word is written, which a wide stream needs; depthwise would copy unknown padding.
    const isWhole = (chip.streamBytes > 1 || random() < 0.3) && (!depthwise || source.isWhole);
    if (depthwise && isRagged(source, K)) throw new Unfit();
    const kLast = isWhole ? (outC < K ? pitch : K) : outC - (blocks - 1) * K;
    const dest = this.#put(s.map, outH, outW, outC, isWhole, [source]);
    const words = depthwise ? 1 : Math.ceil(source.c / K);
    const cLast = depthwise ? Math.min(K, source.c) : source.c - (words - 1) * K;
    const taps = s.kernelH * s.kernelW;
    const stepsPerTile = depthwise ? taps : taps * source.c;
    const pixels = outH * outW * s.windowH * s.windowW;
    this.#steps += stepsPerTile * Math.ceil(pixels / chip.rows) * blocks;
    const image = weighted(int, random, chip, {
      blocks,
      words: s.hold ? 1 : stepsPerTile * blocks,
      products: stepsPerTile,
      isPool: s.hold,
    });
    const at = this.#images(image, s.streamed);
    const step = (x: number, y: number): number => wrap(y * source.w * source.pitch + x * source.pitch);
    const [stepX, stepY] = [s.strideW * s.windowStrideW, s.strideH * s.windowStrideH];
    const [wX, wY] = [(s.windowW - 1) * s.strideW, (s.windowH - 1) * s.strideH];
    const [lastX, lastY] = [(outW - 1) * stepX + wX, (outH - 1) * stepY + wY];
    const lo = int(-128, 40);
    const fields: Fields = {
      CFGS: {
        inH: source.h, inW: source.w, kernelH: s.kernelH - 1, kernelW: s.kernelW - 1, cBlocks: words - 1,
        cLast: cLast - 1, tapDx: wrap(source.pitch - (words - 1) * K),
        tapDy: wrap((source.w - s.kernelW + 1) * source.pitch - (words - 1) * K),
        padByte: int(-128, 127), mode: depthwise ? 1 : 0, share: s.share ? 1 : 0, hold: s.hold ? 1 : 0,
      },
      CFGP: {
        windowW: s.windowW - 1, windowH: s.windowH - 1, outW: outW - 1, outH: outH - 1, kBlocks: blocks - 1,
        dWx: step(s.strideW, 0), dWy: step(-wX, s.strideH), dPx: step(stepX - wX, -wY), dPy: step(-lastX, stepY - wY),
      },
      CFGX: {
        xInit: -s.padLeft, yInit: -s.padTop, xWx: s.strideW, xWy: -wX, xPx: stepX - wX, yWy: s.strideH, yPx: -wY,
        yPy: stepY - wY, dKb: wrap((depthwise ? K : 0) - lastY * source.w * source.pitch - lastX * source.pitch),
      },
      CFGD: {
        zeroPoint: int(-128, 127), clampLo: lo, clampHi: int(lo, 127), window: s.windowH * s.windowW - 1,
        dstPitch: dest.pitch, dstKb: wrap(K - (outH * outW - 1) * dest.pitch), kLast: kLast - 1,
        rnd: s.rnd ? 1 : 0,
      },
      EXEC: {
        source: wrap(source.address - (s.padTop * source.w + s.padLeft) * source.pitch), dest: dest.address,
        weight: at.word, param: at.block,
      },
    }; // prettier-ignore
    this.#exec(fields, [source], dest, at, outH * outW * outC * (depthwise ? taps : stepsPerTile));
  }

  /** Pixel pairs of two maps, moved through the array by depthwise steps with the weight 1, or by an identity matrix. */
  #add(s: AddStep): void {
    const chip = this.#chip;
    const K = chip.columns;
    const [a, b] = [this.#place(s.a), this.#place(s.b)];
    if (a.h !== b.h || a.w !== b.w || a.c !== b.c || a.pitch !== b.pitch) throw new Unfit();
    const random = makeRng(s.seed);
    const int = intOf(random);
    const blocks = Math.ceil(a.c / K);
    if (isRagged(a, K) || isRagged(b, K)) throw new Unfit();
    const isWhole = (chip.streamBytes > 1 || random() < 0.3) && a.isWhole && b.isWhole;
    const kLast = isWhole ? Math.min(K, a.pitch) : a.c - (blocks - 1) * K;
    const dest = this.#put(s.map, a.h, a.w, a.c, isWhole, [a, b]);
    const used = Math.min(K, isWhole ? a.pitch : a.c);
    const channels = chip.depthwise ? 1 : used;
    this.#steps += channels * Math.ceil((2 * a.h * a.w) / chip.rows) * blocks;
    const identity = chip.depthwise
      ? new Array<number>(K).fill(1)
      : Array.from({ length: used * K }, (_, i) => (Math.floor(i / K) === i % K ? 1 : 0));
    const image = noImages();
    for (let block = 0; block < (chip.depthwise ? 1 : blocks); block++) image.weights.push(...identity);
    const shift = [int(0, 2), int(0, 2), int(18, 22)];
    for (let set = 0; set < 3; set++)
      for (let k = 0; k < K; k++) {
        image.biases.push(0);
        image.multipliers.push(int(2 ** 29, 2 ** 31 - 1));
        image.shifts.push(shift[set]!);
      }
    const at = this.#images(image, false);
    const apart = wrap(b.address - a.address);
    const row = a.w * a.pitch;
    const lo = int(-128, 40);
    const fields: Fields = {
      CFGS: {
        inH: a.h, inW: a.w, kernelH: 0, kernelW: 0, cBlocks: 0, cLast: used - 1, tapDx: a.pitch, tapDy: row,
        padByte: 0, mode: chip.depthwise ? 1 : 0, hold: chip.depthwise ? 1 : 0,
      },
      CFGP: {
        windowW: 1, windowH: 0, outW: a.w - 1, outH: a.h - 1, kBlocks: blocks - 1, dWx: apart,
        dPx: wrap(a.pitch - apart), dPy: wrap(a.pitch - apart),
      },
      CFGX: { xPx: 1, yPy: 1, dKb: wrap(K - (a.h * a.w - 1) * a.pitch - apart) },
      CFGD: {
        zeroPoint: int(-128, 127), clampLo: lo, clampHi: int(lo, 127), window: 1, dstPitch: dest.pitch,
        dstKb: wrap(K - (a.h * a.w - 1) * dest.pitch), kLast: kLast - 1, fold: 1, rnd: s.rnd ? 1 : 0,
      },
      CFGA: { zero1: int(-128, 127), zero2: int(-128, 127) },
      EXEC: { source: a.address, dest: dest.address, weight: at.word, param: at.block },
    }; // prettier-ignore
    this.#exec(fields, [a, b], dest, at, 0);
  }

  #exec(fields: Fields, sources: readonly Place[], dest: Place, at: ImageUse, macs: number): void {
    const range = (p: Place): Range => ({ from: p.address, to: p.address + p.bytes });
    this.#push('EXEC', fields.EXEC!, {
      reads: sources.map(range),
      writes: [range(dest)],
      weightReads: [{ from: at.word, to: at.word + at.words }],
      parameterReads: [{ from: at.block, to: at.block + at.blocks }],
    });
    const last = this.#work.at(-1)!;
    const configuration = Object.entries(fields).filter(([op]) => op !== 'EXEC');
    last.instructions.unshift(...configuration.map(([op, values]) => instruction(op, values)));
    this.#layers.push({
      name: `layer${this.#layers.length}`, kind: 'conv', macs, cyclesPredicted: 0, utilisation: 0, accumulatorMin: 0,
      accumulatorMax: 0,
    }); // prettier-ignore
  }

  /** Puts images into the memories: resident ones into the lower half, streamed ones into the upper. */
  #images(image: Images, streamed: boolean): ImageUse {
    const { columns: K, weightWords, parameterBlocks } = this.#chip;
    const words = image.weights.length / K;
    const blocks = image.biases.length / K;
    const into = streamed ? this.#stream : this.#resident;
    let [word, block] = [into.weights.length / K, into.biases.length / K];
    if (streamed) {
      const [half, halfBlocks] = [Math.floor(weightWords / 2), Math.floor(parameterBlocks / 2)];
      if (words > half || blocks > halfBlocks) throw new Unfit();
      if (this.#streamWord + words > half) this.#streamWord = 0;
      if (this.#streamBlock + blocks > halfBlocks) this.#streamBlock = 0;
      word = weightWords - half + this.#streamWord;
      block = parameterBlocks - halfBlocks + this.#streamBlock;
      this.#streamWord += words;
      this.#streamBlock += blocks;
      this.#push('LDW', { word, words: words - 1 }, { weightWrites: [{ from: word, to: word + words }] });
      this.#push(
        'LDP',
        { block, blocks: blocks - 1 },
        { parameterWrites: [{ from: block, to: block + blocks }] },
      );
    }
    for (const name of ['weights', 'biases', 'multipliers', 'shifts'] as const)
      for (const v of image[name]) into[name].push(v);
    return { word, words, block, blocks };
  }
}

type Fields = Readonly<Record<string, Record<string, number>>>;

interface ImageUse {
  readonly word: number;
  readonly words: number;
  readonly block: number;
  readonly blocks: number;
}

/** One weight a column for all steps, and the scale that takes it and their number back. */
function poolImages(int: Int, K: number, blocks: number, products: number, most: number): Images {
  if (most < 2) throw new Unfit();
  const image = noImages();
  for (let k = 0; k < K; k++) image.weights.push(int(2, Math.min(127, most)));
  for (let k = 0; k < blocks * K; k++) {
    const gain = image.weights[k % K]! * products;
    const shift = Math.ceil(Math.log2(gain)) - 1;
    image.biases.push(0);
    image.multipliers.push(Math.min(2 ** 31 - 1, Math.round((2 ** shift / gain) * 2 ** 31)));
    image.shifts.push(shift);
  }
  return image;
}

/** Its last words hold unknown bytes, which a layer that reads whole words must not see. */
const isRagged = (p: Place, K: number): boolean => p.c > K && p.c % K !== 0 && !p.isWhole;

const instruction = (op: string, fields: Record<string, number>): Instruction => ({
  op,
  wait: 0,
  signal: 0,
  tag: 0,
  fields,
});

/** Weights and scales whose sums fit the accumulator and spread over the output's range. */
function weighted(
  int: Int,
  random: () => number,
  chip: Chip,
  size: {
    readonly blocks: number;
    readonly words: number;
    readonly products: number;
    readonly isPool: boolean;
  },
): Images {
  const K = chip.columns;
  const limit = 2 ** (chip.accumulatorBits - 1) - 1;
  const most = Math.min(128, Math.floor((limit * 0.9) / (128 * size.products)));
  if (most < 1) throw new Unfit();
  if (size.isPool) return poolImages(int, K, size.blocks, size.products, most);
  const bias = Math.floor(Math.min(limit - most * 128 * size.products, 2 ** 20));
  const image = noImages();
  const scale = random() < 0.2 ? 0.05 : 1;
  for (let i = 0; i < size.words * K; i++)
    image.weights.push(Math.max(-128, Math.min(127, Math.round(int(-most, most) * scale))));
  const spread = Math.max(1, Math.sqrt(size.products) * 64 * most * 0.6 * scale);
  for (let k = 0; k < size.blocks * K; k++) {
    const isOdd = random() < 0.06;
    image.biases.push(Math.round((random() - 0.5) * 2 * Math.min(bias, spread)));
    image.multipliers.push(isOdd ? int(0, 2 ** 31 - 1) : int(2 ** 30, 2 ** 31 - 1));
    const shift = Math.round(Math.log2(spread / 64)) + int(-2, 2);
    image.shifts.push(isOdd ? int(0, 31) : Math.max(0, Math.min(31, shift)));
  }
  return image;
}
