/**
 * Judge of one EXEC: runs its loops, pixels outermost, as the walker orders them, and checks every fetch, every write
 * and every sum.
 */
import { ByteSet, type Memory, type WrittenMap } from './verify-memory.ts';
import type { Use } from './verify-order.ts';
import { Illegal, type Fields } from './verify-text.ts';

const WRAP = 65536;
const wrapped = (v: number): number => ((v % WRAP) + WRAP) % WRAP;
/** Bits of the requantiser's values during an addition. */
const ADD_BITS = 30;

export interface Counts {
  fetches: number;
  writes: number;
  sums: number;
}

export class LayerJudge {
  readonly #memory: Memory;
  readonly #f: Fields;
  readonly #counts: Counts;
  readonly #K: number;
  readonly #reads: ByteSet;
  readonly #writes: ByteSet;
  /** Bytes from a pixel of the source, and from a row, to the next. */
  readonly #pitch: number;
  readonly #row: number;
  /** Bytes that the source moves for an output block. */
  readonly #blockStep: number;
  /** Source map of each pixel of the window: one, or two for an addition. */
  readonly #sources: ReadonlySet<number>[] = [];

  constructor(memory: Memory, f: Fields, counts: Counts) {
    this.#memory = memory;
    this.#f = f;
    this.#counts = counts;
    this.#K = memory.chip.columns;
    this.#reads = new ByteSet(memory.chip.activationBytes);
    this.#writes = new ByteSet(memory.chip.activationBytes);
    this.#fields();
    this.#pitch = (f.tapDx! + f.cBlocks! * this.#K) & 0xffff;
    this.#row = f.inW! * this.#pitch;
    this.#blockStep = this.#stepOfBlocks();
  }

  run(): Use {
    const f = this.#f;
    const words = this.#weightWords();
    const blocks = f.fold ? 3 : f.kBlocks! + 1;
    this.#memory.useWeights(f.weight!, words);
    this.#memory.useBlocks(f.param!, blocks);
    this.#sourceMaps();
    const dest = this.#destination();
    this.#walk(dest);
    for (let k = 0; k <= f.kBlocks!; k++) this.#sums(k);
    this.#commit(dest);
    return {
      reads: this.#reads.bits,
      writes: this.#writes.bits,
      weights: [f.weight!, f.weight! + words],
      parameters: [f.param!, f.param! + blocks],
    };
  }

  /** Fields that contradict one another or ask for what the chip has not. */
  #fields(): void {
    const f = this.#f;
    const { chip } = this.#memory;
    const illegal = (message: string): never => {
      throw new Illegal('VERIFY-110', message);
    };
    for (const name of ['inH', 'windowW', 'xInit', 'clampLo', 'source'])
      if (f[name] === undefined) throw new Illegal('VERIFY-109', 'EXEC before its configuration');
    if (f.window !== (f.windowW! + 1) * (f.windowH! + 1) - 1)
      illegal('the drain folds another number of pixels than the window has');
    if (f.cLast! >= this.#K || f.kLast! >= this.#K) illegal('more channels in a word than columns');
    if (f.clampLo! > f.clampHi!) illegal('clamps are crossed');
    if (f.mode && !chip.depthwise) illegal('the chip has no depthwise mode');
    if (f.mode && f.cBlocks! > 0) illegal('depthwise mode reads one word a tap');
    if (f.share && (!f.mode || f.window! > 0 || f.xPx !== 1)) illegal('words are shared without neighbours');
    if (f.xInit! > 0 || f.yInit! > 0) illegal('the first pixel lies inside the map');
    if (f.lut && !chip.lut) illegal('the chip has no table');
    if (!f.fold) return;
    if (!chip.add) illegal('the chip has no addition');
    if (f.zero1 === undefined || f.zero2 === undefined) illegal('an addition without its zero points');
    if (f.window !== 1 || f.windowH !== 0 || f.kernelH! + f.kernelW! > 0)
      illegal('an addition folds two pixels');
  }

  #steps(): number {
    const f = this.#f;
    const taps = (f.kernelH! + 1) * (f.kernelW! + 1);
    return f.mode ? taps : taps * (f.cBlocks! * this.#K + f.cLast! + 1);
  }

  #weightWords(): number {
    return this.#f.hold ? 1 : this.#steps() * (this.#f.kBlocks! + 1);
  }

  /** From the step to the next block, less the way back from the last pixel. */
  #stepOfBlocks(): number {
    const f = this.#f;
    const other = f.fold ? f.dWx! : 0;
    const x = this.#column(f.outW!, f.windowW!) - f.xInit!;
    const y = this.#line(f.outH!, f.windowH!) - f.yInit!;
    const step = wrapped(f.dKb! + y * this.#row + x * this.#pitch + other);
    const own = f.mode ? this.#K : f.cBlocks! === 0 ? f.cLast! + 1 : 0;
    if (f.kBlocks === 0) return f.mode ? this.#K : 0;
    if (step !== 0 && step !== own)
      throw new Illegal('VERIFY-114', `the source moves by ${step} bytes for the next block`);
    return step;
  }

  /**
   * The source of a layer must be one whole map: the origin is its first byte, or, in a part of a layer that reads
   * its own channels only, a later block of its first pixel; the last pixel holds the map's last byte.
   */
  #sourceMaps(): void {
    const f = this.#f;
    const origin = wrapped(f.source! - f.yInit! * this.#row - f.xInit! * this.#pitch);
    for (const shift of f.fold ? [0, f.dWx!] : [0]) {
      const at = wrapped(origin + shift);
      const map = this.#memory.mapAt(at, 'reads a map at');
      const ahead = at - map.start;
      const blocks = this.#blockStep === 0 ? 0 : (f.kBlocks! + 1) * this.#blockStep;
      const isBlock =
        this.#blockStep > 0 &&
        ahead % this.#blockStep === 0 &&
        ahead + blocks < this.#pitch + this.#blockStep;
      if (ahead !== 0 && !isBlock) throw new Illegal('VERIFY-106', `byte ${at} is not where its map starts`);
      const lastPixel = map.start + (f.inH! - 1) * this.#row + (f.inW! - 1) * this.#pitch;
      const end = lastPixel + this.#pitch;
      // A loaded map comes in whole words.
      const most = map.isLoaded ? Math.ceil(end / this.#K) * this.#K : end;
      const family = this.#memory.family(map);
      const last = Math.max(...[...family].map((id) => this.#memory.maps[id - 1]!.last));
      if (last < lastPixel || last >= most)
        throw new Illegal('VERIFY-106', 'the source map has another size than its writer made');
      this.#sources.push(family);
    }
  }

  /** A new map, or the next blocks of the one that the part before has begun. */
  #destination(): WrittenMap {
    const f = this.#f;
    const shape = [f.outW, f.outH, f.dstPitch, f.fold, f.mode].join();
    const next = f.dest! + (f.kBlocks! + 1) * this.#K;
    const before = this.#memory.maps.at(-1);
    // Only a map whose pixels are not full yet goes on.
    const isNext = before?.nextDest === f.dest! && f.dest! - before.start < f.dstPitch!;
    if (before && isNext && before.shape === shape) {
      before.nextDest = next;
      return before;
    }
    return this.#memory.newMap({
      start: f.dest!,
      isLoaded: false,
      pixels: (f.outW! + 1) * (f.outH! + 1),
      pitch: f.dstPitch!,
      shape,
      nextDest: next,
    });
  }

  #walk(dest: WrittenMap): void {
    const f = this.#f;
    let base = f.source!;
    let to = f.dest!;
    for (let k = 0; k <= f.kBlocks!; k++)
      for (let py = 0; py <= f.outH!; py++)
        for (let px = 0; px <= f.outW!; px++) {
          for (let wy = 0; wy <= f.windowH!; wy++)
            for (let wx = 0; wx <= f.windowW!; wx++) {
              const x = this.#column(px, wx);
              const y = this.#line(py, wy);
              this.#agree(base, x, y, wx, k);
              this.#pixel(base, x, y, this.#sources[f.fold ? wx : 0]!, k);
              base = (base + this.#stepAfter(wx, wy, px, py)) & 0xffff;
            }
          to = this.#write(to, k, px === f.outW && py === f.outH, dest);
        }
  }

  #stepAfter(wx: number, wy: number, px: number, py: number): number {
    const f = this.#f;
    if (wx < f.windowW!) return f.dWx!;
    if (wy < f.windowH!) return f.dWy!;
    if (px < f.outW!) return f.dPx!;
    return py < f.outH! ? f.dPy! : f.dKb!;
  }

  /** Column of the top left tap, from the step the walker makes for a window and for an output column. */
  #column(px: number, wx: number): number {
    const f = this.#f;
    return f.xInit! + px * (f.xPx! + f.windowW! * f.xWx!) + wx * f.xWx!;
  }

  #line(py: number, wy: number): number {
    const f = this.#f;
    return f.yInit! + py * (f.yPy! + f.windowH! * f.yWy!) + wy * f.yWy!;
  }

  /** The pointer must be where the coordinates say, in the window's map, moved by the block. */
  #agree(base: number, x: number, y: number, wx: number, k: number): void {
    const f = this.#f;
    if (f.xWy! !== -f.windowW! * f.xWx! || f.yPx! !== -f.windowH! * f.yWy!)
      throw new Illegal('VERIFY-114', 'a window does not return to its first column or row');
    const row = f.tapDy! + f.kernelW! * this.#pitch + f.cBlocks! * this.#K;
    const other = f.fold ? wx * f.dWx! : 0;
    const away = base - f.source! - other - (y - f.yInit!) * row - (x - f.xInit!) * this.#pitch;
    if (wrapped(away - k * this.#blockStep) !== 0)
      throw new Illegal('VERIFY-114', `pointer and coordinates disagree at column ${x}, row ${y}`);
  }

  /** All taps of one pixel: in the map they must be bytes of it. */
  #pixel(base: number, x: number, y: number, maps: ReadonlySet<number>, k: number): void {
    const f = this.#f;
    const K = this.#K;
    const last = f.mode ? (k === f.kBlocks ? f.kLast! + 1 : K) : f.cLast! + 1;
    let tap = 0;
    for (let ky = 0; ky <= f.kernelH!; ky++)
      for (let kx = 0; kx <= f.kernelW!; kx++) {
        const inside = y + ky >= 0 && y + ky < f.inH! && x + kx >= 0 && x + kx < f.inW!;
        for (let cb = 0; cb <= f.cBlocks!; cb++) {
          if (inside) this.#fetch((base + tap) & 0xffff, cb === f.cBlocks ? last : K, maps);
          tap += cb < f.cBlocks! ? K : kx < f.kernelW! ? f.tapDx! : f.tapDy!;
        }
      }
  }

  #fetch(at: number, channels: number, maps: ReadonlySet<number>): void {
    this.#counts.fetches++;
    if ((at % this.#K) + channels > this.#K)
      throw new Illegal('VERIFY-105', `fetch at byte ${at} crosses a word`);
    this.#memory.bound(at + channels - 1, 'fetches');
    for (let c = at; c < at + channels; c++) {
      if (!maps.has(this.#memory.owner[c]!))
        throw new Illegal('VERIFY-106', `fetches byte ${c}, which is not of the source map`);
      this.#reads.add(c);
    }
  }

  #write(to: number, k: number, isLast: boolean, dest: WrittenMap): number {
    const f = this.#f;
    const channels = k === f.kBlocks ? f.kLast! + 1 : this.#K;
    for (let c = to; c < to + channels; c++) {
      this.#memory.bound(c, 'writes');
      if (this.#writes.has(c) || this.#memory.owner[c] === dest.id)
        throw new Illegal('VERIFY-112', `writes byte ${c} twice`);
      this.#writes.add(c);
      this.#counts.writes++;
    }
    if ((to % this.#K) + channels > this.#K)
      throw new Illegal('VERIFY-105', `write at byte ${to} crosses a word`);
    // The hardware joins address and column without an adder.
    for (let c = 0; c < channels; c++)
      if ((to & c & (this.#K - 1)) !== 0)
        throw new Illegal('VERIFY-105', `${channels} channels do not fit at byte ${to} of their word`);
    return (to + (isLast ? f.dstKb! : f.dstPitch!)) & 0xffff;
  }

  /** The writes happen; none may hit what the layer reads, with macros not even its banks. */
  #commit(dest: WrittenMap): void {
    const { chip, owner } = this.#memory;
    const bank = (at: number): number => Math.floor(at / (chip.activationBytes / chip.activationBanks));
    const banksRead = new Set<number>();
    for (let at = 0; at < owner.length; at++) if (this.#reads.has(at)) banksRead.add(bank(at));
    if (banksRead.size === 0) throw new Illegal('VERIFY-106', 'reads nothing of its map');
    for (let at = 0; at < owner.length; at++) {
      if (!this.#writes.has(at)) continue;
      if (this.#reads.has(at)) throw new Illegal('VERIFY-112', `writes byte ${at}, which the layer reads`);
      if (chip.memory === 'macro' && banksRead.has(bank(at)))
        throw new Illegal('VERIFY-104', `writes byte ${at} in bank ${bank(at)}, which the layer reads`);
      this.#memory.own(at, dest);
    }
  }

  /** Worst sums of a block's channels over all int8 inputs, straight from the weight memory. */
  #sums(k: number): void {
    const f = this.#f;
    const { chip } = this.#memory;
    const limit = 2 ** (chip.accumulatorBits - 1);
    const channels = k === f.kBlocks ? f.kLast! + 1 : this.#K;
    const steps = this.#steps();
    for (let c = 0; c < channels; c++) {
      const bias = this.#memory.bias(f.param! + (f.fold ? 0 : k), c);
      let low = bias;
      let high = bias;
      for (let i = 0; i < steps; i++) {
        const w = this.#memory.weight(f.hold ? f.weight! : f.weight! + k * steps + i, c);
        low -= w > 0 ? 128 * w : -127 * w;
        high += w > 0 ? 127 * w : -128 * w;
      }
      this.#counts.sums++;
      if (Math.min(low, 0) < -limit || Math.max(high, 0) >= limit)
        throw new Illegal('VERIFY-113', `sums reach ${low}..${high} in block ${k}, column ${c}`);
      if (f.fold) this.#addition(c, low, high);
      else if (f.hold) this.#pool(k, c);
    }
  }

  /** One weight for all taps is a pool: what comes out is their maximum or mean, so weights and scale make 1. */
  #pool(k: number, c: number): void {
    const f = this.#f;
    const gain = this.#memory.factor(f.param! + k, c) * this.#memory.weight(f.weight!, c) * this.#steps();
    if (Math.abs(gain - 1) > 2 ** -10)
      throw new Illegal('VERIFY-110', `a pool multiplies column ${c} of block ${k} by ${gain}`);
  }

  /** Both operands must arrive unchanged, and their scaled sum must fit the lane. */
  #addition(c: number, low: number, high: number): void {
    const f = this.#f;
    if (low !== -128 || high !== 127)
      throw new Illegal('VERIFY-113', `column ${c} does not pass its byte on unchanged`);
    let reach = 0;
    [f.zero1!, f.zero2!].forEach((zero, i) => {
      const most = Math.max(127 - zero, zero + 128) * 2 ** 20;
      if (most >= 2 ** (ADD_BITS - 1)) throw new Illegal('VERIFY-113', 'an operand is too wide');
      reach += most * this.#memory.factor(f.param! + i, c) + 1;
    });
    if (reach >= 2 ** (ADD_BITS - 1))
      throw new Illegal('VERIFY-113', `the scaled sum of column ${c} may reach ${Math.ceil(reach)}`);
  }
}
