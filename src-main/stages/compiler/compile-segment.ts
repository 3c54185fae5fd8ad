/** One engine segment to the best program for it: all variants, exact costs, then the images of the winner. */
import { IngotError } from '../../base/diagnostic.ts';
import { encode, type Chip } from '../chip/index.ts';
import { build, type Build } from './build.ts';
import type { InputPack } from './forms.ts';
import { geometryIn, makeFrame, readersIn, shapeIn, zeroPointOf, type Segment } from './frame.ts';
import { blocksOf, Misfit, stepsOf, type Layer } from './layer.ts';
import { groupsOf, pick, recordOf, type Group } from './schedule.ts';
import type {
  CompileOptions,
  GroupRecord,
  LayerRecord,
  Program,
  ScheduleRecord,
  VariantRecord,
} from './types.ts';
import { layerParameters, layerWords, sumBounds } from './images.ts';

interface Variant {
  readonly name: string;
  readonly by: 'cycles' | 'weightWords';
  readonly isPacked: boolean;
  readonly build: Build | null;
  readonly groups: readonly GroupRecord[];
  readonly reason: string | null;
}

/**
 * Throws Misfit naming an operator that the engine cannot take in any variant, IngotError where the chip's
 * memories are too small.
 */
export function compileSegment(segment: Segment, chip: Chip, options: CompileOptions): Program {
  const objective = options.objective ?? 'latency';
  const variants: Variant[] = [];
  let trouble: unknown;
  for (const isTransposed of options.transpose === false ? [false] : [false, true]) {
    const packs = options.kxPacking === false ? undefined : packsOf(segment, chip, isTransposed);
    for (const pack of packs && packs.size > 0 ? [undefined, packs] : [undefined])
      for (const by of ['cycles', 'weightWords'] as const) {
        const name = [
          isTransposed ? 'maps by columns' : 'maps by rows',
          pack ? 'input packed' : '',
          by === 'weightWords' ? 'fewest weights' : '',
        ]
          .filter((s) => s !== '')
          .join(', ');
        try {
          const found = variantOf(segment, chip, options, isTransposed, pack, by);
          const isSame =
            by === 'weightWords' &&
            variants.at(-1)?.groups.every((g, i) => g.chosen === found.groups[i]!.chosen);
          if (!isSame) variants.push({ name, by, isPacked: pack !== undefined, ...found, reason: null });
        } catch (e) {
          if (!(e instanceof Misfit || e instanceof IngotError)) throw e;
          trouble ??= e;
          variants.push({
            name,
            by,
            isPacked: pack !== undefined,
            build: null,
            groups: [],
            reason: e.message,
          });
        }
      }
  }
  let chosen = -1;
  variants.forEach((v, i) => {
    if (v.build && (chosen < 0 || v.build.cycles[objective] < variants[chosen]!.build!.cycles[objective]))
      chosen = i;
  });
  if (chosen < 0) throw trouble;
  return finish(segment, chip, variants, chosen, objective);
}

function variantOf(
  segment: Segment,
  chip: Chip,
  options: CompileOptions,
  isTransposed: boolean,
  packs: ReadonlyMap<number, InputPack> | undefined,
  by: 'cycles' | 'weightWords',
): { build: Build; groups: GroupRecord[] } {
  const frame = makeFrame(segment, chip, {
    isTransposed,
    packs: packs ?? new Map(),
    isSingleRounding: options.singleRounding === true,
  });
  const groups: Group[] = groupsOf(frame, options.fusePooling !== false);
  const chosen = groups.map((g) => pick(g, by));
  const layers = groups.flatMap((g, i) => g.candidates[chosen[i]!]!.layers);
  return { build: build(frame, layers), groups: groups.map((g, i) => recordOf(g, chosen[i]!)) };
}

/** Thin inputs that a convolution alone reads: C < K and C * KW <= 4 K. */
function packsOf(segment: Segment, chip: Chip, isTransposed: boolean): Map<number, InputPack> {
  const packs = new Map<number, InputPack>();
  const frame = makeFrame(segment, chip, { isTransposed, packs, isSingleRounding: false });
  for (const t of segment.inputs) {
    const readers = readersIn(segment, t);
    const [op] = readers;
    if (readers.length !== 1 || (op!.kind !== 'conv' && op!.kind !== 'depthwise')) continue;
    if (segment.outputs.includes(t)) continue;
    const { kernelW, strideW, padLeft } = geometryIn(frame, op!);
    const [, , c] = shapeIn(frame, t);
    if (kernelW < 2 || c >= chip.columns || c * kernelW > 4 * chip.columns) continue;
    const [, outW] = shapeIn(frame, op!.output);
    packs.set(t, { kernelW, strideW, padLeft, outW, padByte: zeroPointOf(frame, t) });
  }
  return packs;
}

function finish(
  segment: Segment,
  chip: Chip,
  variants: readonly Variant[],
  chosen: number,
  objective: 'latency' | 'core',
): Program {
  const variant = variants[chosen]!;
  const b = variant.build!;
  const { layers: records, images } = imagesOf(b, chip);
  const none = {
    weights: new Int8Array(0),
    biases: new Int32Array(0),
    multipliers: new Int32Array(0),
    shifts: new Uint8Array(0),
  };
  const sum = (forms: readonly { readonly bytes: number }[]): number =>
    forms.reduce((n, f) => n + f.bytes, 0);
  return {
    name: segment.name,
    chip,
    words: encode(b.sequence.instructions),
    ...(b.isResident ? images : none),
    stream: b.isResident ? none : images,
    inputBytes: sum(b.inputs),
    outputBytes: sum(b.outputs),
    inputs: b.inputs,
    outputs: b.outputs,
    layers: records,
    memoryMap: b.regions.map((r, i) => ({
      tensor: r.name,
      address: b.memory.addresses[i]!,
      bytes: r.bytes,
      firstLayer: r.birth - 1,
      lastLayer: r.death - 1,
    })),
    memory: {
      peakBytes: b.memory.peak,
      lowerBoundBytes: b.memory.lowerBound,
      isOptimal: b.memory.isOptimal,
      occupancyBytes: b.memory.occupancy,
    },
    schedule: scheduleOf(variants, chosen, objective),
    cycles: b.cycles,
  };
}

function scheduleOf(
  variants: readonly Variant[],
  chosen: number,
  objective: 'latency' | 'core',
): ScheduleRecord {
  const best = variants[chosen]!;
  const plain = variants
    .filter((v) => v.build && !v.isPacked)
    .sort((a, b) => a.build!.cycles[objective] - b.build!.cycles[objective])[0];
  const bytes = (v: Variant): number => v.build!.inputs.reduce((n, f) => n + f.bytes, 0);
  return {
    objective,
    variants: variants.map((v): VariantRecord => ({
      name: v.name,
      by: v.by,
      cycles: v.build?.cycles ?? null,
      reason: v.reason,
    })),
    chosen,
    groups: best.groups,
    packing:
      best.isPacked && plain
        ? {
            cyclesSaved: plain.build!.cycles.core - best.build!.cycles.core,
            bytesAdded: bytes(best) - bytes(plain),
          }
        : null,
  };
}

/** Images of all parts, one after the other, and what is promised of each. */
function imagesOf(
  b: Build,
  chip: Chip,
): {
  layers: LayerRecord[];
  images: { weights: Int8Array; biases: Int32Array; multipliers: Int32Array; shifts: Uint8Array };
} {
  const K = chip.columns;
  const { parts } = b.sequence;
  const words = parts.reduce((n, p) => n + (p.layer.hold ? 1 : (p.to - p.from) * stepsOf(p.layer, K)), 0);
  const blocks = parts.reduce((n, p) => n + (p.layer.isAdd ? 3 : p.to - p.from), 0);
  const images = {
    weights: new Int8Array(words * K),
    biases: new Int32Array(blocks * K),
    multipliers: new Int32Array(blocks * K),
    shifts: new Uint8Array(blocks * K),
  };
  const made = new Map<Layer, ReturnType<typeof imageOf>>();
  let weightAt = 0;
  let blockAt = 0;
  const count = new Map<Layer, number>();
  const layers = parts.map((p, i): LayerRecord => {
    const { layer } = p;
    const image = made.get(layer) ?? imageOf(layer, K);
    made.set(layer, image);
    const all = blocksOf(layer, K);
    const isWhole = p.to - p.from === all;
    const per = layer.hold ? 0 : stepsOf(layer, K) * K;
    const slice = layer.hold ? image.words : image.words.subarray(p.from * per, p.to * per);
    images.weights.set(slice, weightAt);
    weightAt += slice.length;
    const [from, to] = layer.isAdd ? [0, 3 * K] : [p.from * K, p.to * K];
    images.biases.set(image.parameters.biases.subarray(from, to), blockAt);
    images.multipliers.set(image.parameters.multipliers.subarray(from, to), blockAt);
    images.shifts.set(image.parameters.shifts.subarray(from, to), blockAt);
    blockAt += to - from;
    const number = (count.get(layer) ?? 0) + 1;
    count.set(layer, number);
    const channels = Math.min(p.to * K, layer.outC) - p.from * K;
    const macs = isWhole ? layer.macs : (layer.macs / layer.outC) * channels;
    return {
      name: isWhole ? layer.name : `${layer.name}#${number}`,
      kind: layer.kind,
      macs,
      cyclesPredicted: b.partCycles[i]!,
      utilisation: macs / (b.partCycles[i]! * chip.rows * K),
      accumulatorMin: image.bounds.min,
      accumulatorMax: image.bounds.max,
    };
  });
  return { layers, images };
}

function imageOf(layer: Layer, columns: number) {
  const words = layerWords(layer, columns);
  const parameters = layerParameters(layer, columns);
  return { words, parameters, bounds: sumBounds(layer, words, parameters, columns) };
}
