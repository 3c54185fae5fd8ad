/** Widths and counts of one generated design: the only place where they are worked out. */
import { IngotError } from '../../base/diagnostic.ts';
import {
  biasBits,
  decode,
  EXEC_OPS,
  OP_BY_NAME,
  scaleBits,
  type Chip,
  type Instruction,
} from '../chip/index.ts';
import type { Program } from '../compiler/index.ts';
import { bitsFor } from './text.ts';

/** A field of the EXEC engine as the hardware keeps it. */
export interface ExecField {
  readonly op: string;
  readonly name: string;
  /** Lowest bit in the instruction word. */
  readonly lsb: number;
  /** Bits kept in hardware; may be fewer, or for signed fields more, than in the word. */
  readonly width: number;
  readonly wordWidth: number;
  readonly signed: boolean;
}

export interface Shape {
  readonly chip: Chip;
  readonly program: Program | null;
  readonly instructions: readonly Instruction[];
  /** Values of the EXEC fields, one record per layer (baked chips only). */
  readonly layers: readonly Readonly<Record<string, number>>[];
  readonly fields: readonly ExecField[];
  readonly words: number;
  readonly addressBits: number;
  readonly columnBits: number;
  readonly coordinateBits: number;
  readonly weightBits: number;
  readonly blockBits: number;
  readonly pcBits: number;
  readonly layerBits: number;
  /** Column groups of one requantiser turn: K / lanes. */
  readonly groups: number;
  readonly groupBits: number;
  readonly rowBits: number;
  readonly phaseBits: number;
  /** Multiplier bits per cycle of a lane. */
  readonly digitBits: number;
  /** What of the engine is built: what the chip has and, if it is baked, its program uses. */
  readonly depthwise: boolean;
  readonly share: boolean;
  readonly add: boolean;
  /** Bits a lane multiplies. */
  readonly laneBits: number;
  /** Bits that count the beats of a memory word. */
  readonly beatBits: number;
  /** Weights and parameters can be streamed in while the chip runs. */
  readonly weightStream: boolean;
  /** Halves of weight and parameter memories that have ports of their own. */
  readonly halves: number;
  readonly transfer: { readonly runBits: number; readonly runsBits: number; readonly gaps: boolean };
  /** Bytes by which a fetched word may have to be shifted down. */
  readonly byteOffsets: readonly number[];
}

/** Values that address memory: kept modulo the memory's address. */
const ADDRESS_FIELDS = new Set([
  ...['tapDx', 'tapDy', 'dWx', 'dWy', 'dPx', 'dPy', 'dKb', 'dstPitch', 'dstKb', 'source', 'dest'],
]);
const COORDINATE_FIELDS = new Set(['inH', 'inW', 'xInit', 'yInit', 'xWx', 'xWy', 'xPx', 'yWy', 'yPx', 'yPy']);

/** Fields of parts that a chip may lack, and a layer's values that need the part. */
const OPTIONAL = { mode: 'depthwise', hold: 'depthwise', share: 'share', fold: 'add' } as const;

function featuresOf(chip: Chip, layers: readonly Readonly<Record<string, number>>[], bake: boolean) {
  const uses = (name: string): boolean => !bake || layers.some((l) => l[name]! > 0);
  return {
    depthwise: chip.depthwise && (uses('mode') || uses('hold')),
    share: chip.depthwise && chip.rows > 1 && uses('share'),
    add: chip.add && uses('fold'),
    rnd: uses('rnd'),
  };
}

/** Refuses a program that needs what the chip has not. */
function requireFeatures(chip: Chip, layers: readonly Readonly<Record<string, number>>[]): void {
  const have = { depthwise: chip.depthwise, share: chip.depthwise, add: chip.add };
  for (const [field, feature] of Object.entries(OPTIONAL))
    if (!have[feature] && layers.some((l) => l[field]! > 0))
      throw new IngotError('RTL-002', `the program sets ${field}, which this chip has not`, {
        place: `chip.${feature}`,
        remedy: 'compile the program for this chip',
      });
}

export function shapeOf(chip: Chip, program: Program | null): Shape {
  const bake = chip.bake ? program : null;
  const instructions = bake ? decode(bake.words) : [];
  const layers = layersOf(instructions);
  const K = chip.columns;
  const addressBits = bitsFor(chip.activationBytes);
  const coordinateBits = bake ? coordinateBitsOf(layers) : 11;
  const weightBits = bitsFor(bake ? bake.weights.length / K : chip.weightWords);
  const blockBits = bitsFor(bake ? bake.biases.length / K : chip.parameterBlocks);
  if (bake) requireFeatures(chip, layers);
  const { depthwise, share, add, rnd } = featuresOf(chip, layers, bake !== null);
  const absent = new Set([
    ...(depthwise ? [] : ['mode', 'hold']),
    ...(share ? [] : ['share']),
    ...(add ? [] : ['fold', 'zero1', 'zero2']),
    ...(rnd ? [] : ['rnd']),
    'lut',
  ]);
  const weightStream = !chip.bake && chip.queueDepth > 0;
  const fields = EXEC_OPS.flatMap((op) =>
    OP_BY_NAME.get(op)!
      .fields.filter((f) => !absent.has(f.name))
      .map((f): ExecField => {
        let width = f.width;
        if (ADDRESS_FIELDS.has(f.name)) width = addressBits;
        else if (COORDINATE_FIELDS.has(f.name)) width = coordinateBits;
        else if (f.name === 'weight') width = weightBits;
        else if (f.name === 'param') width = blockBits;
        else if (f.name === 'kLast' || f.name === 'cLast') width = bitsFor(K);
        else if (bake && !f.signed) width = bitsFor(Math.max(...layers.map((l) => l[f.name]!)) + 1);
        return { op, name: f.name, lsb: f.lsb, width, wordWidth: f.width, signed: f.signed };
      }),
  );
  const groups = K / chip.lanes;
  return {
    chip,
    program: bake,
    instructions,
    layers,
    fields,
    words: chip.activationBytes / K,
    addressBits,
    columnBits: bitsFor(K),
    coordinateBits,
    weightBits,
    blockBits,
    pcBits: bitsFor(bake ? instructions.length : chip.programWords),
    layerBits: bitsFor(Math.max(2, layers.length)),
    groups,
    groupBits: bitsFor(groups),
    rowBits: bitsFor(chip.rows),
    phaseBits: bitsFor(chip.requantizeCycles),
    digitBits: 32 / chip.requantizeCycles,
    depthwise,
    share,
    add,
    laneBits: add ? Math.max(30, chip.accumulatorBits) : chip.accumulatorBits,
    beatBits: bitsFor(Math.ceil(Math.max(8 * K, biasBits(chip), scaleBits(chip)) / (8 * chip.streamBytes))),
    weightStream,
    halves: weightStream && chip.memory === 'macro' ? 2 : 1,
    transfer: transferOf(instructions, bake !== null),
    byteOffsets: byteOffsetsOf(layers, K, bake !== null),
  };
}

function layersOf(instructions: readonly Instruction[]): Record<string, number>[] {
  let held: Record<string, number> = { zero1: 0, zero2: 0 };
  const layers: Record<string, number>[] = [];
  for (const i of instructions) {
    held = { ...held, ...i.fields };
    if (i.op === 'EXEC') layers.push(held);
  }
  return layers;
}

/** Coordinates wrap: negative ones must look larger than any map, positive ones must not wrap. */
function coordinateBitsOf(layers: readonly Readonly<Record<string, number>>[]): number {
  let reach = 2;
  for (const l of layers) {
    const farX = l.outW! * (l.xPx! - l.xWy!) + l.windowW! * l.xWx! + l.kernelW! - l.xInit!;
    const farY = l.outH! * (l.yPy! - l.yPx!) + l.windowH! * l.yWy! + l.kernelH! - l.yInit!;
    reach = Math.max(reach, farX + 1, farY + 1, l.inW! + 1 - l.xInit!, l.inH! + 1 - l.yInit!);
  }
  return bitsFor(reach + 1);
}

function transferOf(instructions: readonly Instruction[], bake: boolean): Shape['transfer'] {
  const moves = instructions.filter((i) => i.op === 'LDA' || i.op === 'ST');
  if (!bake) return { runBits: 16, runsBits: 16, gaps: true };
  const most = (name: string): number => Math.max(...moves.map((m) => m.fields[name]!));
  return { runBits: bitsFor(most('run') + 1), runsBits: bitsFor(most('runs') + 1), gaps: most('runs') > 0 };
}

/** Which offsets inside a word a fetch can have: multiples of the pitch of packed maps. */
function byteOffsetsOf(
  layers: readonly Readonly<Record<string, number>>[],
  K: number,
  bake: boolean,
): number[] {
  if (!bake) return Array.from({ length: K }, (_, i) => i);
  const offsets = new Set<number>([0]);
  for (const l of layers) {
    const pitch = l.cBlocks! === 0 ? l.cLast! + 1 : K;
    let packed = 1;
    while (packed < pitch) packed *= 2;
    for (let o = 0; o < K; o += packed) offsets.add(o);
  }
  return [...offsets].sort((a, b) => a - b);
}
