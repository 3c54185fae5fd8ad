/**
 * Judge of a compiled program. It starts from the disassembled text and the memory images alone and shares no
 * code with the compiler: every address is enumerated by running the nested loops, every bound recomputed.
 * Checked: fits the chip; ends; tokens balance and never deadlock; whatever may run at the same time uses different
 * ports and different bytes, words and blocks (so every read comes after its write); configuration complete; every
 * fetch in bounds and of a byte of its map; writes in bounds and never over bytes the layer reads; weights and
 * parameters loaded before use, each used by one layer; accumulators and additions cannot overflow; coordinates agree
 * with addresses; inputs and outputs are moved whole; the schedule is the cheapest of its certificate.
 */
import type { Diagnostic } from '../../base/diagnostic.ts';
import { disassemble, type Chip } from '../chip/index.ts';
import type { Program } from './types.ts';
import { LayerJudge } from './verify-layer.ts';
import { ByteSet, Memory } from './verify-memory.ts';
import { Order, type Use } from './verify-order.ts';
import { judgeSchedule } from './verify-schedule.ts';
import { Illegal, parseText, type Fields, type Line } from './verify-text.ts';

export interface ProgramVerdict {
  /** Empty: the program is legal. */
  readonly diagnostics: readonly Diagnostic[];
  /** What was compared, for the proof sheet. */
  readonly checked: {
    readonly instructions: number;
    readonly fetches: number;
    readonly writes: number;
    readonly sums: number;
    /** Schedules and ways compared in the certificate. */
    readonly alternatives: number;
  };
}

/** VERIFY-1xx diagnostics name the instruction; the first violation of an instruction is reported. */
export function verifyProgram(program: Program, chip: Chip): ProgramVerdict {
  const judge = new Judge(program, chip);
  const lines = parseText(disassemble(program.words));
  const diagnostics: Diagnostic[] = [];
  const attempt = (place: string, check: () => void): void => {
    try {
      check();
    } catch (e) {
      if (!(e instanceof Illegal)) throw e;
      diagnostics.push({ code: e.code, severity: 'error', message: e.message, place });
    }
  };
  attempt('program', () => judge.shape(lines));
  let configuration: Record<string, number> = {};
  for (const line of lines) {
    attempt(`instruction ${line.number} (${line.op})`, () => {
      if (line.op.startsWith('CFG')) configuration = { ...configuration, ...line.fields };
      judge.line(line, configuration);
    });
    if (line.op === 'END') break;
  }
  attempt('program', () => judge.finish());
  attempt('schedule', () => judgeSchedule(program));
  const { groups, variants } = program.schedule;
  const alternatives = groups.reduce((sum, g) => sum + g.candidates.length, variants.length);
  return { diagnostics, checked: { instructions: lines.length, ...judge.counts, alternatives } };
}

const NOTHING = new Uint32Array(0);
const EMPTY: Use = { reads: NOTHING, writes: NOTHING, weights: [0, 0], parameters: [0, 0] };

class Judge {
  readonly #program: Program;
  readonly #chip: Chip;
  readonly #memory: Memory;
  readonly #order: Order;
  readonly counts = { fetches: 0, writes: 0, sums: 0 };
  #input = 0;
  #output = 0;
  #last = 0;
  #stores = 0;

  constructor(program: Program, chip: Chip) {
    this.#program = program;
    this.#chip = chip;
    this.#memory = new Memory(program, chip);
    this.#order = new Order(chip);
  }

  shape(lines: readonly Line[]): void {
    if (lines.length > this.#chip.programWords)
      throw new Illegal('VERIFY-101', 'more instructions than the chip holds');
    const ends = lines.filter((l) => l.op === 'END').length;
    if (ends !== 1 || lines.at(-1)!.op !== 'END')
      throw new Illegal('VERIFY-102', 'END must be the last instruction, once');
    const K = this.#chip.columns;
    const { weights, biases, multipliers, shifts, stream } = this.#program;
    if (weights.length % K || weights.length / K > this.#chip.weightWords)
      throw new Illegal('VERIFY-101', 'weights do not fit the chip');
    if (biases.length % K || biases.length / K > this.#chip.parameterBlocks)
      throw new Illegal('VERIFY-101', 'parameters do not fit the chip');
    for (const p of [{ biases, multipliers, shifts }, stream]) {
      if (p.multipliers.length !== p.biases.length || p.shifts.length !== p.biases.length)
        throw new Illegal('VERIFY-101', 'parameter images differ in length');
      if (p.multipliers.some((q) => q < 0) || p.shifts.some((r) => r > 31))
        throw new Illegal('VERIFY-108', 'a scale is out of range');
    }
  }

  line(line: Line, configuration: Fields): void {
    this.#order.take(line);
    if (line.op === 'END') return this.#order.finish();
    if (line.op.startsWith('CFG')) return;
    this.#order.add(line, this.#use(line, configuration));
  }

  #use(line: Line, configuration: Fields): Use {
    const f = line.fields;
    if ((line.op === 'LDW' || line.op === 'LDP') && (this.#chip.bake || this.#chip.queueDepth === 0))
      throw new Illegal('VERIFY-110', 'the chip has no weight stream');
    switch (line.op) {
      case 'LDA':
        return this.#load(f);
      case 'ST':
        return this.#store(f);
      case 'LDW':
        this.#memory.loadWeights(f.word!, f.words! + 1);
        return { ...EMPTY, weights: [f.word!, f.word! + f.words! + 1] };
      case 'LDP':
        this.#memory.loadBlocks(f.block!, f.blocks! + 1);
        return { ...EMPTY, parameters: [f.block!, f.block! + f.blocks! + 1] };
      default:
        return new LayerJudge(this.#memory, { ...configuration, ...f }, this.counts).run();
    }
  }

  #bytes(f: Fields): number[] {
    const B = this.#chip.streamBytes;
    if (f.address! % B || (f.run! + 1) % B || f.gap! % B)
      throw new Illegal('VERIFY-117', `a transfer is not in whole beats of ${B} bytes`);
    const list: number[] = [];
    let at = f.address!;
    for (let r = 0; r <= f.runs!; r++, at += f.gap!) for (let i = 0; i <= f.run!; i++) list.push(at++);
    return list;
  }

  #load(f: Fields): Use {
    const writes = new ByteSet(this.#chip.activationBytes);
    const map = this.#memory.newMap({
      start: f.address!,
      isLoaded: true,
      pixels: 0,
      pitch: 0,
      shape: '',
      nextDest: 0,
    });
    for (const at of this.#bytes(f)) {
      this.#memory.bound(at, 'loads to');
      this.#memory.own(at, map);
      writes.add(at);
      this.#input++;
    }
    return { ...EMPTY, writes: writes.bits };
  }

  /** A whole map, from its first byte; with wide beats also what pads its pixels and its last word. */
  #store(f: Fields): Use {
    const reads = new ByteSet(this.#chip.activationBytes);
    const map = this.#memory.mapAt(f.address!, 'stores from');
    if (map.start !== f.address!)
      throw new Illegal('VERIFY-106', `byte ${f.address!} is not where its map starts`);
    const family = this.#memory.family(map);
    const isOwn = (at: number): boolean => family.has(this.#memory.owner[at]!);
    const members = [...family].map((id) => this.#memory.maps[id - 1]!);
    const form = this.#program.outputs[this.#stores++];
    if (!form) throw new Illegal('VERIFY-107', 'stores more maps than the program has outputs');
    const [h, w, c] = form.shape;
    const bytes = this.#bytes(f);
    if (bytes.length !== form.bytes)
      throw new Illegal('VERIFY-107', `stores ${bytes.length} bytes, the output has ${form.bytes}`);
    bytes.forEach((at, i) => {
      this.#memory.bound(at, 'stores from');
      const isValue = i % form.pitch < c && i < h * w * form.pitch;
      if (isValue && !isOwn(at))
        throw new Illegal('VERIFY-106', `stores byte ${at}, which is not of that map`);
      reads.add(at);
    });
    this.#output += bytes.length;
    // What is left out pads the pixels: it lies between the runs or behind the last one.
    const own = bytes.filter(isOwn).length;
    const all = members.reduce((sum, m) => sum + m.bytes, 0);
    const behind = Math.max(0, Math.max(...members.map((m) => m.last)) - bytes.at(-1)!);
    if (behind >= this.#chip.columns || all - own > f.runs! * f.gap! + behind)
      throw new Illegal('VERIFY-106', `stores ${own} of the map's ${all} bytes`);
    this.#last += f.last!;
    return { ...EMPTY, reads: reads.bits };
  }

  finish(): void {
    if (this.#input !== this.#program.inputBytes)
      throw new Illegal('VERIFY-107', `reads ${this.#input} input bytes`);
    if (this.#output !== this.#program.outputBytes)
      throw new Illegal('VERIFY-107', `writes ${this.#output} output bytes`);
    this.#memory.finish();
    if (this.#last !== 1) throw new Illegal('VERIFY-107', 'out_last must be raised once');
  }
}
