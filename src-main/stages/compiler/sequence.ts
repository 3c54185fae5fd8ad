/** Chunks and addresses to the whole program: order, tokens, halves. */
import type { Chip, Instruction } from '../chip/index.ts';
import { partBlocks, partWords, type Chunk } from './chunks.ts';
import type { TensorForm } from './forms.ts';
import {
  EXEC_TO_LOAD,
  EXEC_TO_STORE,
  LOAD_TO_EXEC,
  execWords,
  transfer,
  withoutRepeats,
  type Part,
} from './emit.ts';
import { blocksOf, type Layer } from './layer.ts';
import type { View } from './layout.ts';

/** A tensor that goes in or out: where, and how it looks on the stream. */
export interface Port {
  readonly address: number;
  readonly view: View;
  readonly form: TensorForm;
}

export interface Places {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly addressOf: (tensor: number) => number;
  readonly pitchOf: (tensor: number) => number;
  /** Channels drained in a layer's last block. */
  readonly lastChannels: (l: Layer) => number;
  readonly isSingleRounding: boolean;
}

export interface Sequence {
  readonly instructions: readonly Instruction[];
  /** In the order of the EXECs. */
  readonly parts: readonly Part[];
}

export function sequence(chunks: readonly Chunk[], chip: Chip, isResident: boolean, at: Places): Sequence {
  const list: Instruction[] = [];
  at.inputs.forEach((p, i) => {
    const isLast = isResident && i === at.inputs.length - 1;
    list.push(
      transfer('LDA', p.address, p.view, p.form, { wait: 0, signal: isLast ? LOAD_TO_EXEC : 0 }, false),
    );
  });
  const loads = isResident ? [] : chunks.map((c, i) => loadsOf(c, chip, i));
  let tag = 0;
  const execs = chunks.map((c, i) => {
    const first = tag;
    tag += c.parts.length;
    return execsOf(c, chip, { index: i, count: chunks.length, isResident, tag: first }, at);
  });
  list.push(...(loads[0] ?? []));
  execs.forEach((chunk, i) => {
    list.push(...(loads[i + 1] ?? []), ...chunk.flat());
  });
  at.outputs.forEach((p, i) => {
    const tokens = { wait: i === 0 ? EXEC_TO_STORE : 0, signal: 0 };
    list.push(transfer('ST', p.address, p.view, p.form, tokens, i === at.outputs.length - 1));
  });
  list.push({ op: 'END', wait: 0, signal: 0, tag: 0, fields: {} });
  return { instructions: withoutRepeats(list), parts: chunks.flatMap((c) => c.parts) };
}

/** The half that chunk `i` uses must be free: a token says that the chunk before the last one is done with it. */
function loadsOf(c: Chunk, chip: Chip, i: number): Instruction[] {
  const half = i % 2;
  const wait = i >= 2 ? EXEC_TO_LOAD : 0;
  return [
    {
      op: 'LDW',
      wait,
      signal: 0,
      tag: 0,
      fields: { word: half * Math.floor(chip.weightWords / 2), words: c.weightWords - 1 },
    },
    {
      op: 'LDP',
      wait: 0,
      signal: LOAD_TO_EXEC,
      tag: 0,
      fields: { block: half * Math.floor(chip.parameterBlocks / 2), blocks: c.parameterBlocks - 1 },
    },
  ];
}

/** Per part, its instructions. */
function execsOf(
  c: Chunk,
  chip: Chip,
  where: {
    readonly index: number;
    readonly count: number;
    readonly isResident: boolean;
    readonly tag: number;
  },
  at: Places,
): Instruction[][] {
  const { index, count, isResident } = where;
  const K = chip.columns;
  const half = isResident ? 0 : index % 2;
  let weight = half * Math.floor(chip.weightWords / 2);
  let param = half * Math.floor(chip.parameterBlocks / 2);
  return c.parts.map((part, i) => {
    const { layer } = part;
    const isFirst = i === 0;
    const isLast = i === c.parts.length - 1;
    let signal = 0;
    if (isLast && index === count - 1) signal |= EXEC_TO_STORE;
    if (isLast && !isResident && index < count - 2) signal |= EXEC_TO_LOAD;
    const [source, source2] = [layer.sources[0]!, layer.sources.at(-1)!];
    const words = execWords(part, chip, {
      wait: isFirst ? LOAD_TO_EXEC : 0,
      signal,
      tag: Math.min(255, where.tag + i),
      source: at.addressOf(source),
      source2: at.addressOf(source2),
      dest: at.addressOf(layer.dest),
      destPitch: layer.destPitch ?? at.pitchOf(layer.dest),
      weight,
      param,
      kLast: part.to === blocksOf(layer, K) ? at.lastChannels(layer) : K,
      isSingleRounding: at.isSingleRounding,
    });
    weight += partWords(part, K);
    param += partBlocks(part);
    return words;
  });
}
