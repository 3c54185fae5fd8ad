/** A chosen list of layers to a program without images: addresses, chunks, instructions, exact cycles. */
import { IngotError } from '../../base/diagnostic.ts';
import type { Chip } from '../chip/index.ts';
import { outputsOf } from '../quantize/index.ts';
import { planMemory, type MemoryPlan, type Region } from './memory.ts';
import { chunksOf, fitsWhole, oneChunk, type Chunk } from './chunks.ts';
import { programCycles, type ProgramCycles } from './clock.ts';
import { predictCycles } from './predict.ts';
import type { TensorForm } from './forms.ts';
import type { Frame } from './frame.ts';
import type { Part } from './emit.ts';
import { blocksOf, Misfit, type Layer } from './layer.ts';
import type { View } from './layout.ts';
import { lastChannels, wholeTensors } from './schedule.ts';
import { sequence, type Places, type Sequence } from './sequence.ts';

export interface Build {
  readonly frame: Frame;
  readonly layers: readonly Layer[];
  readonly sequence: Sequence;
  readonly isResident: boolean;
  readonly memory: MemoryPlan;
  readonly regions: readonly Region[];
  readonly inputs: readonly TensorForm[];
  readonly outputs: readonly TensorForm[];
  /** Of each part. */
  readonly partCycles: readonly number[];
  readonly cycles: ProgramCycles;
}

export function build(f: Frame, layers: readonly Layer[]): Build {
  const { chip, segment } = f;
  const inputs = segment.inputs.map((t) => formOf(f, t));
  const outputs = segment.outputs.map((t) => formOf(f, t));
  const roots = rootsOf(f, layers);
  const regions = roots.map((t) => regionOf(f, t, layers));
  const rootIndex = new Map(roots.map((t, i) => [t, i]));
  const indexOf = (tensor: number): number => rootIndex.get(f.storage.get(tensor)!.root)!;
  const memory = planMemory({
    regions,
    capacity: chip.activationBytes,
    bankBytes: chip.activationBytes / chip.activationBanks,
    apart: banksApart(f, layers, indexOf),
    layers: ['input', ...layers.map((l) => l.name), 'output'],
  });
  const whole = wholeTensors(f);
  const places: Places = {
    inputs: segment.inputs.map((t, i) => ({
      address: memory.addresses[indexOf(t)]!,
      view: f.storage.get(t)!.written,
      form: inputs[i]!,
    })),
    outputs: segment.outputs.map((t, i) => ({
      address: memory.addresses[indexOf(t)]!,
      view: outputView(f, t),
      form: outputs[i]!,
    })),
    addressOf: (t) => memory.addresses[indexOf(t)]! + f.storage.get(t)!.offset,
    pitchOf: (t) => f.storage.get(t)!.written.pitch,
    lastChannels: (l) => lastChannels(f, l, whole),
    isSingleRounding: f.isSingleRounding,
  };
  const common = { frame: f, layers, memory, regions, inputs, outputs };
  const make = (chunks: readonly Chunk[], isResident: boolean): Build => {
    const s = sequence(chunks, chip, isResident, places);
    if (s.instructions.length > chip.programWords)
      throw new IngotError(
        'COMPILE-022',
        `the program needs ${s.instructions.length} programWords, the chip has ${chip.programWords}`,
        { place: 'chip.programWords', remedy: `set programWords to at least ${s.instructions.length}` },
      );
    const partCycles = s.parts.map((p) => cyclesOfPart(p, chip, places));
    const cycles = programCycles(s.instructions, partCycles, chip);
    return { ...common, sequence: s, isResident, partCycles, cycles };
  };
  if (fitsWhole(layers, chip)) return make(oneChunk(layers, chip.columns), true);
  if (!hasWeightStream(chip)) throw doesNotFit(layers, chip);
  return bestChunks(layers, chip, make);
}

/** Smaller chunks start earlier, larger ones split fewer layers: the exact latency decides. */
function bestChunks(
  layers: readonly Layer[],
  chip: Chip,
  make: (chunks: readonly Chunk[], isResident: boolean) => Build,
): Build {
  let best: Build | undefined;
  let trouble: unknown;
  for (let words = Math.floor(chip.weightWords / 2); words >= 1; words = Math.floor(words / 2)) {
    try {
      const next = make(chunksOf(layers, chip, words), false);
      if (!best || next.cycles.latency < best.cycles.latency) best = next;
    } catch (e) {
      trouble ??= e;
      if (best) break;
    }
    if (words * 64 < chip.weightWords) break;
  }
  if (!best) throw trouble;
  return best;
}

/** The hardware loads weights from its queue of loads. */
const hasWeightStream = (chip: Chip): boolean => !chip.bake && chip.queueDepth > 0;

function doesNotFit(layers: readonly Layer[], chip: Chip): IngotError {
  const [chunk] = oneChunk(layers, chip.columns);
  const isWeights = chunk!.weightWords > chip.weightWords;
  const [parameter, need, have] = isWeights
    ? ['weightWords', chunk!.weightWords, chip.weightWords]
    : ['parameterBlocks', chunk!.parameterBlocks, chip.parameterBlocks];
  return new IngotError(
    'COMPILE-022',
    `the program needs ${need} ${parameter}, the chip has ${have} and no weight stream to load more`,
    {
      place: `chip.${parameter}`,
      remedy: `set ${parameter} to at least ${need}, or queueDepth to at least 1 on a chip that is not baked`,
    },
  );
}

function cyclesOfPart(p: Part, chip: Chip, places: Places): number {
  const isEnd = p.to === blocksOf(p.layer, chip.columns);
  const last = isEnd ? places.lastChannels(p.layer) : chip.columns;
  return predictCycles(p.layer, chip, last, p.to - p.from);
}

/** How the host sees a tensor that goes in or out. */
function formOf(f: Frame, tensor: number): TensorForm {
  const t = f.segment.graph.tensors[tensor]!;
  const view = f.segment.inputs.includes(tensor) ? f.storage.get(tensor)!.written : outputView(f, tensor);
  const isWide = f.chip.streamBytes > 1;
  return {
    tensor,
    name: t.name,
    shape: t.shape,
    isTransposed: f.isTransposed,
    pack: f.packs.get(tensor) ?? null,
    pitch: isWide ? view.pitch : view.c,
    bytes: isWide ? view.bytes : view.h * view.w * view.c,
  };
}

/** An output that is a reshape must have its bytes in order. */
function outputView(f: Frame, tensor: number): View {
  const { view } = f.storage.get(tensor)!;
  if (view) return view;
  const op = f.segment.ops.find((o) => outputsOf(o).includes(tensor))!;
  throw new Misfit(
    'COMPILE-011',
    op.name,
    'the output is a reshaped map whose padding would have to move',
    'none needed',
  );
}

/** Tensors that take memory, in the order in which they are written. */
function rootsOf(f: Frame, layers: readonly Layer[]): number[] {
  return [...new Set([...f.segment.inputs, ...layers.map((l) => f.storage.get(l.dest)!.root)])];
}

/** Moments: 0 the input transfer, 1.. the layers, then the output transfer. */
function regionOf(f: Frame, root: number, layers: readonly Layer[]): Region {
  const isSame = (t: number): boolean => f.storage.get(t)!.root === root;
  const birth = f.segment.inputs.includes(root) ? 0 : layers.findIndex((l) => isSame(l.dest)) + 1;
  let death = birth;
  layers.forEach((l, i) => {
    if (l.sources.some(isSame) || isSame(l.dest)) death = i + 1;
  });
  if (f.segment.outputs.some(isSame)) death = layers.length + 1;
  const name = f.segment.graph.tensors[root]!.name;
  return { name, bytes: f.storage.get(root)!.written.bytes, birth, death };
}

/** A bank of macros has one port, so no layer may read and write one. */
function banksApart(f: Frame, layers: readonly Layer[], indexOf: (t: number) => number): [number, number][] {
  if (f.chip.memory !== 'macro') return [];
  return layers.flatMap((l) =>
    l.sources.map((t): [number, number] => {
      const [from, to] = [indexOf(t), indexOf(l.dest)];
      if (from !== to) return [from, to];
      const { root } = f.storage.get(t)!;
      const join = f.segment.ops.find((op) => outputsOf(op).includes(root))!;
      throw new Misfit(
        'COMPILE-019',
        join.name,
        `${l.name} reads one operand and writes another, and the banks of the map have one port`,
        'none needed',
      );
    }),
  );
}
