/**
 * Activation memory planning: dynamic storage allocation with exact lifetimes. Two regions may share bytes only
 * if no layer needs both; pairs in `apart` must not even share a bank.
 *
 * In some optimal plan, taken in the order of its addresses, every region lies at the lowest address that the
 * ones before it leave free (moving one down never blocks a later one, banks included). So branch and bound
 * over such orders is exact; it stops at the lower bound, the most bytes alive at once, and after NODES_MAX
 * nodes, when the plan is returned with `isOptimal` false and the bound beside it. Knuth's dynamic storage
 * allocation is NP-complete (Garey & Johnson, SR2); the sets here are small.
 */
import { IngotError } from '../../base/diagnostic.ts';

const NODES_MAX = 20_000;

export interface Region {
  readonly name: string;
  readonly bytes: number;
  /** First and last moment (a layer's number) in which it is needed. */
  readonly birth: number;
  readonly death: number;
}

export interface MemoryNeeds {
  readonly regions: readonly Region[];
  readonly capacity: number;
  /** Bytes of a bank; `capacity` where all of memory is one. */
  readonly bankBytes: number;
  /** Regions that must not touch a bank in common. */
  readonly apart: readonly (readonly [number, number])[];
  /** Names of the layers, for refusals. [moment] */
  readonly layers: readonly string[];
}

export interface MemoryPlan {
  readonly addresses: readonly number[];
  /** Highest byte in use, plus 1. */
  readonly peak: number;
  /** Most bytes alive at once, banks counted for pairs: no plan can be lower. */
  readonly lowerBound: number;
  /** The peak is proven to be the lowest possible. */
  readonly isOptimal: boolean;
  /** Bytes alive in each moment. */
  readonly occupancy: readonly number[];
}

/** COMPILE-020 names the layer and its need where the capacity, or the number of banks, does not suffice. */
export function planMemory(needs: MemoryNeeds): MemoryPlan {
  const { regions } = needs;
  const moments = Math.max(needs.layers.length, ...regions.map((r) => r.death + 1), 1);
  const occupancy = Array.from({ length: moments }, (_, t) =>
    regions.reduce((sum, r) => sum + (r.birth <= t && t <= r.death ? r.bytes : 0), 0),
  );
  const lowerBound = Math.max(0, ...occupancy, ...needs.apart.map(([a, b]) => leastApart(needs, a, b)));
  const search = new Search(needs, lowerBound);
  search.run();
  const { best, isOptimal } = search;
  if (!best || best.peak > needs.capacity) throw tooSmall(needs, occupancy, best?.peak);
  return { addresses: best.addresses, peak: best.peak, lowerBound, isOptimal, occupancy };
}

/** Two regions in different banks: the lower one takes its banks whole. */
function leastApart(needs: MemoryNeeds, a: number, b: number): number {
  const { regions, bankBytes } = needs;
  const whole = (i: number): number => Math.ceil(regions[i]!.bytes / bankBytes) * bankBytes;
  return Math.min(whole(a) + regions[b]!.bytes, whole(b) + regions[a]!.bytes);
}

function tooSmall(needs: MemoryNeeds, occupancy: readonly number[], peak: number | undefined): IngotError {
  const most = Math.max(...occupancy);
  const layer = needs.layers[occupancy.indexOf(most)] ?? 'output';
  const banked = needs.apart.length > 0;
  if (peak === undefined)
    return new IngotError(
      'COMPILE-020',
      `no place in the ${needs.capacity} bytes keeps what a layer reads and writes in different banks of ${needs.bankBytes}; most is alive in ${layer}: ${most} bytes`,
      { place: 'chip.activationBanks', remedy: 'raise activationBytes or activationBanks' },
    );
  return new IngotError(
    'COMPILE-020',
    `activations need ${peak} bytes, the chip has ${needs.capacity}; most is alive in ${layer}: ${most} bytes`,
    {
      place: 'chip.activationBytes',
      remedy: `set activationBytes to at least ${peak}${banked ? ', in whole banks' : ''}`,
    },
  );
}

interface Placed {
  readonly addresses: readonly number[];
  readonly peak: number;
}

class Search {
  readonly #needs: MemoryNeeds;
  readonly #bound: number;
  /** Regions alive together with each one, and those that must be in other banks. */
  readonly #rivals: readonly (readonly number[])[];
  readonly #apart: readonly ReadonlySet<number>[];
  readonly #addresses: number[];
  readonly #isPlaced: boolean[];
  /** With banks, nothing may end beyond the memory; without, the peak is told even where it is too high. */
  readonly #limit: number;
  /** Scratch of #least. [moment] */
  readonly #above: Float64Array;
  #nodes = 0;
  #isCut = false;
  best: Placed | undefined;

  constructor(needs: MemoryNeeds, bound: number) {
    const { regions, apart } = needs;
    this.#needs = needs;
    this.#bound = bound;
    this.#rivals = regions.map((a, i) =>
      regions.flatMap((b, j) => (i !== j && a.birth <= b.death && b.birth <= a.death ? [j] : [])),
    );
    const sets = regions.map(() => new Set<number>());
    for (const [a, b] of apart) {
      sets[a]!.add(b);
      sets[b]!.add(a);
    }
    this.#apart = sets;
    this.#addresses = regions.map(() => 0);
    this.#isPlaced = regions.map(() => false);
    this.#above = new Float64Array(Math.max(0, ...regions.map((r) => r.death + 1)));
    this.#limit = apart.length > 0 ? needs.capacity : Infinity;
  }

  get isOptimal(): boolean {
    return this.best !== undefined && (!this.#isCut || this.best.peak === this.#bound);
  }

  run(): void {
    const { regions } = this.#needs;
    const all = regions.map((_, i) => i);
    const life = (i: number): number => regions[i]!.death - regions[i]!.birth;
    const orders = [
      [...all].sort((a, b) => regions[b]!.bytes - regions[a]!.bytes || a - b),
      [...all].sort((a, b) => life(b) - life(a) || regions[b]!.bytes - regions[a]!.bytes || a - b),
      all,
    ];
    for (const order of orders) this.#inOrder(order);
    if (this.best?.peak !== this.#bound) this.#branch(0, 0, 0);
  }

  #inOrder(order: readonly number[]): void {
    let peak = 0;
    for (const i of order) {
      const at = this.#firstFit(i);
      this.#addresses[i] = at;
      this.#isPlaced[i] = true;
      peak = Math.max(peak, at + this.#needs.regions[i]!.bytes);
    }
    this.#keep(peak);
    this.#isPlaced.fill(false);
  }

  #keep(peak: number): void {
    if (peak <= this.#limit && (!this.best || peak < this.best.peak))
      this.best = { addresses: [...this.#addresses], peak };
  }

  #branch(count: number, from: number, peak: number): void {
    const { regions } = this.#needs;
    if (count === regions.length) return this.#keep(peak);
    for (let i = 0; i < regions.length; i++) {
      if (this.#isPlaced[i]) continue;
      if (++this.#nodes > NODES_MAX) {
        this.#isCut = true;
        return;
      }
      const at = this.#firstFit(i);
      const end = at + regions[i]!.bytes;
      if (at < from || end > this.#limit || (this.best && end >= this.best.peak)) continue;
      this.#isPlaced[i] = true;
      this.#addresses[i] = at;
      const least = this.#least(at);
      if (least <= this.#limit && !(this.best && least >= this.best.peak))
        this.#branch(count + 1, at, Math.max(peak, end));
      this.#isPlaced[i] = false;
      if (this.#isCut || this.best?.peak === this.#bound) return;
    }
  }

  /** No peak can be lower once all that is left must lie at `from` or above: what is alive there in some moment. */
  #least(from: number): number {
    const above = this.#above.fill(0);
    this.#needs.regions.forEach((r, i) => {
      const bytes = this.#isPlaced[i] ? Math.max(0, this.#addresses[i]! + r.bytes - from) : r.bytes;
      if (bytes > 0) for (let t = r.birth; t <= r.death; t++) above[t]! += bytes;
    });
    let most = 0;
    for (const bytes of above) most = Math.max(most, bytes);
    return from + most;
  }

  /** Lowest address free of what is alive with region `i` and of banks it must keep away from. */
  #firstFit(i: number): number {
    const { regions, bankBytes } = this.#needs;
    const bytes = regions[i]!.bytes;
    const bankOf = (at: number): number => Math.floor(at / bankBytes);
    let at = 0;
    for (let moved = true; moved;) {
      moved = false;
      for (const j of this.#rivals[i]!) {
        if (!this.#isPlaced[j]) continue;
        let low = this.#addresses[j]!;
        let high = low + regions[j]!.bytes;
        if (this.#apart[i]!.has(j)) {
          low = bankOf(low) * bankBytes;
          high = (bankOf(high - 1) + 1) * bankBytes;
        }
        if (at < high && at + bytes > low) {
          at = high;
          moved = true;
        }
      }
    }
    return at;
  }
}
