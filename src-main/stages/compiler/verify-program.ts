/**
 * Judge of a compiled program. It starts from the disassembled text and the memory images alone and shares no
 * code with the compiler: every address is enumerated by running the nested loops, every bound recomputed.
 * Checked: fits the chip; ends; tokens balance and never deadlock; no two engines share a memory port;
 * configuration complete; every fetch in bounds and of a byte written before; writes in bounds and never over
 * bytes the layer still reads; weight and parameter words exist; accumulators cannot overflow; coordinates
 * agree with addresses; every weight word and parameter block belongs to one layer; the output is fully written.
 */
import type { Diagnostic } from '../../base/diagnostic.ts';
import { disassemble, type Chip } from '../chip/index.ts';
import type { Program } from './types.ts';

type Fields = Readonly<Record<string, number>>;

interface Line {
  readonly number: number;
  readonly op: string;
  readonly wait: readonly string[];
  readonly signal: readonly string[];
  readonly fields: Fields;
}

export interface ProgramVerdict {
  /** Empty: the program is legal. */
  readonly diagnostics: readonly Diagnostic[];
  /** What was compared, for the proof sheet. */
  readonly checked: {
    readonly instructions: number;
    readonly fetches: number;
    readonly writes: number;
    readonly sums: number;
  };
}

class Illegal extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

function parse(text: string): Line[] {
  return text
    .trim()
    .split('\n')
    .map((line, number) => {
      const [op, ...rest] = line.split(' ');
      const pairs = new Map(rest.map((r) => r.split('=') as [string, string]));
      const tokens = (name: string): string[] => (pairs.get(name) ?? '-').split('+').filter((t) => t !== '-');
      const fields = Object.fromEntries([...pairs].map(([k, v]) => [k, Number(v)]));
      return { number, op: op!, wait: tokens('wait'), signal: tokens('signal'), fields };
    });
}

/** VERIFY-1xx diagnostics name the instruction; the first violation of an instruction is reported. */
export function verifyProgram(program: Program, chip: Chip): ProgramVerdict {
  const judge = new Judge(program, chip);
  const lines = parse(disassemble(program.words));
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
      judge.order(line);
      if (line.op === 'LDA') judge.load(line.fields);
      else if (line.op === 'ST') judge.store(line.fields);
      else if (line.op === 'EXEC') judge.exec({ ...configuration, ...line.fields });
      else if (line.op !== 'END') configuration = { ...configuration, ...line.fields };
    });
    if (line.op === 'END') break;
  }
  attempt('program', () => judge.finish());
  return { diagnostics, checked: { instructions: lines.length, ...judge.counts } };
}

/** Which engine each token joins, from its name. */
const PRODUCER: Readonly<Record<string, string>> = {
  loadToExec: 'LDA',
  execToLoad: 'EXEC',
  execToStore: 'EXEC',
  storeToExec: 'ST',
};
const CONSUMER: Readonly<Record<string, string>> = {
  loadToExec: 'EXEC',
  execToLoad: 'LDA',
  execToStore: 'ST',
  storeToExec: 'EXEC',
};

class Judge {
  readonly #program: Program;
  readonly #chip: Chip;
  /** Per byte, the number of the LDA or EXEC that wrote it last; 0 for none. */
  readonly #writer: Int32Array;
  #writers = 0;
  readonly #tokens = new Set<string>();
  /** Engines that may still be at work: their completion has not been waited for. */
  readonly #running = new Set<string>();
  readonly counts = { fetches: 0, writes: 0, sums: 0 };
  /** How often each weight word, and each parameter block, belongs to a layer. */
  readonly #weightUse: Uint8Array;
  readonly #blockUse: Uint8Array;
  #input = 0;
  #output = 0;
  #last = 0;

  constructor(program: Program, chip: Chip) {
    this.#program = program;
    this.#chip = chip;
    this.#writer = new Int32Array(chip.activationBytes);
    this.#weightUse = new Uint8Array(Math.ceil(program.weights.length / chip.columns));
    this.#blockUse = new Uint8Array(Math.ceil(program.biases.length / chip.columns));
  }

  shape(lines: readonly Line[]): void {
    if (lines.length > this.#chip.programWords)
      throw new Illegal('VERIFY-101', 'more instructions than the chip holds');
    const ends = lines.filter((l) => l.op === 'END').length;
    if (ends !== 1 || lines.at(-1)!.op !== 'END')
      throw new Illegal('VERIFY-102', 'END must be the last instruction, once');
    const K = this.#chip.columns;
    const { weights, biases, multipliers, shifts } = this.#program;
    if (weights.length % K || weights.length / K > this.#chip.weightWords)
      throw new Illegal('VERIFY-101', 'weights do not fit the chip');
    if (biases.length % K || biases.length / K > this.#chip.parameterBlocks)
      throw new Illegal('VERIFY-101', 'parameters do not fit the chip');
    if (multipliers.length !== biases.length || shifts.length !== biases.length)
      throw new Illegal('VERIFY-101', 'parameter images differ in length');
    if (multipliers.some((q) => q < 0) || shifts.some((r) => r > 31))
      throw new Illegal('VERIFY-108', 'a scale is out of range');
  }

  /** Issue is in order, so a token that is not set when its turn comes can never be set: deadlock. */
  order(line: Line): void {
    for (const t of line.wait) {
      if (CONSUMER[t] !== line.op) throw new Illegal('VERIFY-103', `${line.op} must not take the token ${t}`);
      if (!this.#tokens.delete(t))
        throw new Illegal('VERIFY-103', `waits for ${t}, which nothing sets: deadlock`);
      this.#running.delete(PRODUCER[t]!);
    }
    if (line.op === 'LDA' || line.op === 'ST' || line.op === 'EXEC') {
      this.#running.delete(line.op); // in order within an engine
      // LDA and EXEC write, ST and EXEC read: EXEC shares a port with either.
      const rivals = line.op === 'EXEC' ? ['LDA', 'ST'] : ['EXEC'];
      for (const rival of rivals)
        if (this.#running.has(rival))
          throw new Illegal('VERIFY-104', `may run beside ${rival}, which uses the same memory port`);
      this.#running.add(line.op);
    }
    for (const t of line.signal) {
      if (PRODUCER[t] !== line.op) throw new Illegal('VERIFY-103', `${line.op} must not set the token ${t}`);
      if (this.#tokens.has(t))
        throw new Illegal('VERIFY-103', `sets ${t}, which is still set: a token is lost`);
      this.#tokens.add(t);
    }
  }

  #bytes(f: Fields): number[] {
    const list: number[] = [];
    let at = f.address!;
    for (let r = 0; r <= f.runs!; r++, at += f.gap!) for (let i = 0; i <= f.run!; i++) list.push(at++);
    return list;
  }

  load(f: Fields): void {
    this.#writers++;
    for (const at of this.#bytes(f)) {
      this.#bound(at, 'loads to');
      this.#writer[at] = this.#writers;
      this.#input++;
    }
  }

  store(f: Fields): void {
    const map = this.#mapAt(f.address!);
    for (const at of this.#bytes(f)) {
      this.#bound(at, 'stores from');
      if (this.#writer[at] !== map.writer)
        throw new Illegal('VERIFY-106', `stores byte ${at}, which is not of that map`);
      this.#output++;
    }
    this.#last += f.last!;
  }

  finish(): void {
    if (this.#tokens.size > 0)
      throw new Illegal('VERIFY-103', `tokens left at END: ${[...this.#tokens].join(', ')}`);
    if (this.#input !== this.#program.inputBytes)
      throw new Illegal('VERIFY-107', `reads ${this.#input} input bytes`);
    if (this.#output !== this.#program.outputBytes)
      throw new Illegal('VERIFY-107', `writes ${this.#output} output bytes`);
    if (this.#weightUse.some((n) => n !== 1) || this.#blockUse.some((n) => n !== 1))
      throw new Illegal('VERIFY-115', 'a weight word or parameter block is used by no layer or by two');
    if (this.#last !== 1) throw new Illegal('VERIFY-107', 'out_last must be raised once');
  }

  /** The map that starts at a byte: its writer and its last byte. */
  #mapAt(start: number): { readonly writer: number; readonly last: number } {
    this.#bound(start, 'reads a map at');
    const writer = this.#writer[start]!;
    if (writer === 0) throw new Illegal('VERIFY-106', `reads byte ${start}, which nothing has written`);
    if (this.#writer.indexOf(writer) !== start)
      throw new Illegal('VERIFY-106', `byte ${start} is not where its map starts`);
    return { writer, last: this.#writer.lastIndexOf(writer) };
  }

  /** The source of a layer must be one whole map: the origin is its first byte, the last pixel holds its last. */
  #sourceMap(f: Fields): number {
    const pitch = (f.tapDx! + f.cBlocks! * this.#chip.columns) & 0xffff;
    const row = f.inW! * pitch;
    const map = this.#mapAt((f.source! - f.yInit! * row - f.xInit! * pitch) & 0xffff);
    const lastPixel = (this.#writer.indexOf(map.writer) + (f.inH! - 1) * row + (f.inW! - 1) * pitch) & 0xffff;
    if (map.last < lastPixel || map.last >= lastPixel + pitch)
      throw new Illegal('VERIFY-106', 'the source map has another size than its writer made');
    return map.writer;
  }

  #bound(at: number, what: string): void {
    if (at < 0 || at >= this.#chip.activationBytes)
      throw new Illegal('VERIFY-105', `${what} byte ${at} of ${this.#chip.activationBytes}`);
  }

  /** Runs the loops of one layer: pixels outermost, as the walker orders them. */
  exec(f: Fields): void {
    const K = this.#chip.columns;
    for (const name of ['inH', 'windowW', 'xInit', 'clampLo', 'source'])
      if (f[name] === undefined) throw new Illegal('VERIFY-109', 'EXEC before its configuration');
    if (f.window !== (f.windowW! + 1) * (f.windowH! + 1) - 1)
      throw new Illegal('VERIFY-110', 'the drain folds another number of pixels than the window has');
    if (f.cLast! >= K || f.kLast! >= K)
      throw new Illegal('VERIFY-110', 'more channels in a word than columns');
    if (f.clampLo! > f.clampHi!) throw new Illegal('VERIFY-110', 'clamps are crossed');
    const read = new Uint8Array(this.#chip.activationBytes);
    const fresh = new Uint8Array(this.#chip.activationBytes);
    const perBlock = (f.kernelH! + 1) * (f.kernelW! + 1) * (f.cBlocks! * K + f.cLast! + 1);
    if ((f.weight! + perBlock * (f.kBlocks! + 1)) * K > this.#program.weights.length)
      throw new Illegal('VERIFY-111', 'reads weights past their end');
    if ((f.param! + f.kBlocks! + 1) * K > this.#program.biases.length)
      throw new Illegal('VERIFY-111', 'reads parameters past their end');
    for (let i = 0; i < perBlock * (f.kBlocks! + 1); i++) this.#weightUse[f.weight! + i]!++;
    for (let k = 0; k <= f.kBlocks!; k++) this.#blockUse[f.param! + k]!++;
    const writer = this.#sourceMap(f);
    let base = f.source!;
    let dest = f.dest!;
    for (let k = 0; k <= f.kBlocks!; k++) {
      for (let py = 0; py <= f.outH!; py++) {
        for (let px = 0; px <= f.outW!; px++) {
          for (let wy = 0; wy <= f.windowH!; wy++) {
            for (let wx = 0; wx <= f.windowW!; wx++) {
              const x = this.#column(f, px, wx);
              const y = this.#line(f, py, wy);
              this.#agree(f, base, x, y, k);
              this.#pixel(f, base, x, y, writer, read);
              const lastX = wx === f.windowW;
              const lastY = lastX && wy === f.windowH;
              const lastPx = lastY && px === f.outW;
              const lastPy = lastPx && py === f.outH;
              base += !lastX ? f.dWx! : !lastY ? f.dWy! : !lastPx ? f.dPx! : !lastPy ? f.dPy! : f.dKb!;
              base &= 0xffff;
            }
          }
          const channels = k === f.kBlocks ? f.kLast! + 1 : K;
          for (let c = 0; c < channels; c++) {
            this.#bound(dest + c, 'writes');
            if (fresh[dest + c]) throw new Illegal('VERIFY-112', `writes byte ${dest + c} twice`);
            fresh[dest + c] = 1;
            this.counts.writes++;
          }
          dest = (dest + (px === f.outW && py === f.outH ? f.dstKb! : f.dstPitch!)) & 0xffff;
        }
      }
      this.#sums(f, k, perBlock);
    }
    this.#writers++;
    for (let at = 0; at < read.length; at++) {
      if (read[at] && fresh[at]) throw new Illegal('VERIFY-112', `writes byte ${at}, which the layer reads`);
      if (fresh[at]) this.#writer[at] = this.#writers;
    }
  }

  /** Column of the top left tap, from the step the walker makes for a window and for an output column. */
  #column(f: Fields, px: number, wx: number): number {
    return f.xInit! + px * (f.xPx! + f.windowW! * f.xWx!) + wx * f.xWx!;
  }

  #line(f: Fields, py: number, wy: number): number {
    return f.yInit! + py * (f.yPy! + f.windowH! * f.yWy!) + wy * f.yWy!;
  }

  /** The pointer must be where the coordinates say: (y * rowPitch + x * pitch) from the start, K more per block at most. */
  #agree(f: Fields, base: number, x: number, y: number, k: number): void {
    const K = this.#chip.columns;
    if (f.xWy! !== -f.windowW! * f.xWx! || f.yPx! !== -f.windowH! * f.yWy!)
      throw new Illegal('VERIFY-114', 'a window does not return to its first column or row');
    const pitch = f.tapDx! + f.cBlocks! * K;
    const row = f.tapDy! + f.kernelW! * pitch + f.cBlocks! * K;
    const distance = base - f.source! - (y - f.yInit!) * row - (x - f.xInit!) * pitch;
    const wrapped = ((distance % 65536) + 65536) % 65536;
    if (wrapped !== 0 && wrapped !== k * K)
      throw new Illegal('VERIFY-114', `pointer and coordinates disagree at column ${x}, row ${y}`);
  }

  /** All taps of one pixel: in the map they must be bytes written before. */
  #pixel(f: Fields, base: number, x: number, y: number, writer: number, read: Uint8Array): void {
    const K = this.#chip.columns;
    let tap = 0;
    for (let ky = 0; ky <= f.kernelH!; ky++)
      for (let kx = 0; kx <= f.kernelW!; kx++) {
        const inside = y + ky >= 0 && y + ky < f.inH! && x + kx >= 0 && x + kx < f.inW!;
        for (let cb = 0; cb <= f.cBlocks!; cb++) {
          const channels = cb === f.cBlocks ? f.cLast! + 1 : K;
          if (inside) this.#fetch((base + tap) & 0xffff, channels, writer, read);
          tap += cb < f.cBlocks! ? K : kx < f.kernelW! ? f.tapDx! : f.tapDy!;
        }
      }
  }

  #fetch(at: number, channels: number, writer: number, read: Uint8Array): void {
    const K = this.#chip.columns;
    this.counts.fetches++;
    if ((at % K) + channels > K) throw new Illegal('VERIFY-105', `fetch at byte ${at} crosses a word`);
    for (let c = 0; c < channels; c++) {
      this.#bound(at + c, 'fetches');
      if (this.#writer[at + c] !== writer)
        throw new Illegal('VERIFY-106', `fetches byte ${at + c}, which is not of the source map`);
      read[at + c] = 1;
    }
  }

  /** Worst sums of a block's channels over all int8 inputs, straight from the weight image. */
  #sums(f: Fields, k: number, perBlock: number): void {
    const K = this.#chip.columns;
    const limit = 2 ** (this.#chip.accumulatorBits - 1);
    const channels = k === f.kBlocks ? f.kLast! + 1 : K;
    for (let c = 0; c < channels; c++) {
      const bias = this.#program.biases[(f.param! + k) * K + c]!;
      let low = bias;
      let high = bias;
      for (let i = 0; i < perBlock; i++) {
        const w = this.#program.weights[(f.weight! + k * perBlock + i) * K + c]!;
        low -= w > 0 ? 128 * w : -127 * w;
        high += w > 0 ? 127 * w : -128 * w;
      }
      this.counts.sums++;
      if (Math.min(low, 0) < -limit || Math.max(high, 0) >= limit)
        throw new Illegal('VERIFY-113', `sums reach ${low}..${high} in block ${k}, column ${c}`);
    }
  }
}
