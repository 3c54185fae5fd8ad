import { IngotError, type Diagnosed, type Diagnostic } from '../../base/diagnostic.ts';
import { encode, validateChip, type Chip, type Instruction } from '../chip/index.ts';
import { engineCore, type QuantGraph } from '../quantize/index.ts';
import { emitLayer, emitTransfer } from './emit.ts';
import { accumulatorBounds, requireAccumulator, weightWords } from './images.ts';
import { lower, type Layer, type Lowered } from './lower.ts';
import { planMemory } from './memory.ts';
import { lastBlockChannels, predictCycles } from './predict.ts';
import type { CompileOptions, LayerRecord, MemoryRegion, Program } from './types.ts';

/**
 * Compiles an int8 graph for a chip. Exact-cost and deterministic: with fusion allowed, the fused and the
 * unfused schedule are both built and the one with fewer predicted cycles is kept (fused on a tie).
 * Throws COMPILE-0xx naming the operator, or the chip's parameter, that is at fault.
 */
export function compile(graph: QuantGraph, chip: Chip, options: CompileOptions = {}): Diagnosed<Program> {
  validateChip(chip);
  const choices = options.fusePooling === false ? [false] : [true, false];
  let best: Program | undefined;
  let firstTrouble: unknown;
  for (const fuse of choices) {
    try {
      const program = build(graph, chip, lower(graph, chip.columns, fuse));
      if (!best || totalCycles(program) < totalCycles(best)) best = program;
    } catch (e) {
      firstTrouble ??= e;
    }
  }
  if (!best) throw firstTrouble;
  return { value: best, diagnostics: notes(graph, best) };
}

const totalCycles = (p: Program): number => p.layers.reduce((sum, l) => sum + l.cyclesPredicted, 0);

function notes(graph: QuantGraph, program: Program): Diagnostic[] {
  const tail = engineCore(graph).tail.filter((op) => op.kind !== 'dequantize');
  if (tail.length === 0) return [];
  return [
    {
      code: 'COMPILE-100',
      severity: 'info',
      message: `left to the host: ${tail.map((op) => op.name).join(', ')}`,
      place: program.name,
    },
  ];
}

interface Images {
  readonly weights: number[];
  readonly biases: number[];
  readonly multipliers: number[];
  readonly shifts: number[];
}

function build(graph: QuantGraph, chip: Chip, lowered: Lowered): Program {
  const K = chip.columns;
  const { layers, buffers } = lowered;
  const { addresses } = planMemory(buffers, chip.activationBytes);
  const images: Images = { weights: [], biases: [], multipliers: [], shifts: [] };
  const input = buffers[lowered.input]!;
  const output = buffers[lowered.output]!;
  const instructions: Instruction[] = [emitTransfer('LDA', addresses[lowered.input]!, input.view)];
  const records: LayerRecord[] = [];
  layers.forEach((layer, index) => {
    const bounds = accumulatorBounds(layer);
    requireAccumulator(layer, bounds, chip);
    const dest = buffers[layer.dest]!;
    const kLast = dest.readWhole ? K : lastBlockChannels(layer, K);
    instructions.push(
      ...emitLayer(layer, chip, {
        index,
        layers: layers.length,
        source: addresses[layer.source]!,
        dest: addresses[layer.dest]!,
        destPitch: dest.view.pitch,
        weight: images.weights.length / K,
        param: images.biases.length / K,
        kLast,
      }),
    );
    appendImages(images, layer, K);
    const cyclesPredicted = predictCycles(layer, chip, kLast);
    records.push({
      name: layer.name,
      kind: layer.kind,
      macs: layer.macs,
      cyclesPredicted,
      utilisation: layer.macs / (cyclesPredicted * chip.rows * K),
      accumulatorMin: bounds.min,
      accumulatorMax: bounds.max,
    });
  });
  instructions.push(emitTransfer('ST', addresses[lowered.output]!, output.view));
  instructions.push({ op: 'END', wait: 0, signal: 0, tag: 0, fields: {} });
  requireCapacity(chip, instructions.length, images);
  const region = (b: (typeof buffers)[number], i: number): MemoryRegion => ({
    tensor: b.name,
    address: addresses[i]!,
    bytes: b.view.bytes,
    firstLayer: b.birth,
    lastLayer: b.death,
  });
  const core = engineCore(graph);
  const size = (i: number): number => graph.tensors[i]!.shape.reduce((a, b) => a * b, 1);
  return {
    name: graph.name,
    chip,
    words: encode(instructions),
    weights: Int8Array.from(images.weights),
    biases: Int32Array.from(images.biases),
    multipliers: Int32Array.from(images.multipliers),
    shifts: Uint8Array.from(images.shifts),
    inputBytes: size(core.input),
    outputBytes: size(core.output),
    layers: records,
    memoryMap: buffers.map(region),
  };
}

function appendImages(images: Images, layer: Layer, K: number): void {
  for (const w of weightWords(layer, K)) images.weights.push(w);
  for (let k = 0; k < Math.ceil(layer.outC / K) * K; k++) {
    const used = k < layer.outC;
    images.biases.push(used ? layer.bias[k]! : 0);
    images.multipliers.push(used ? layer.multiplier[k]! : 0);
    images.shifts.push(used ? layer.shift[k]! : 0);
  }
}

function requireCapacity(chip: Chip, instructions: number, images: Images): void {
  const needs: readonly [keyof Chip, number, number][] = [
    ['programWords', instructions, chip.programWords],
    ['weightWords', images.weights.length / chip.columns, chip.weightWords],
    ['parameterBlocks', images.biases.length / chip.columns, chip.parameterBlocks],
  ];
  for (const [parameter, need, have] of needs)
    if (need > have)
      throw new IngotError('COMPILE-022', `the program needs ${need} ${parameter}, the chip has ${have}`, {
        place: `chip.${parameter}`,
        remedy: `set ${parameter} to at least ${need}`,
      });
}
