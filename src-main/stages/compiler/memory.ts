/**
 * Activation memory planning with exact lifetimes: two tensors may share bytes only if no layer needs both.
 * Up to EXHAUSTIVE tensors every order of first-fit is tried and the lowest peak kept, which is optimal for
 * such small sets in practice; larger sets are placed by falling size.
 */
import { IngotError } from '../../base/diagnostic.ts';
import type { Buffer } from './lower.ts';

const EXHAUSTIVE = 7;

interface Placement {
  readonly addresses: readonly number[];
  readonly peak: number;
}

export function planMemory(buffers: readonly Buffer[], capacity: number): Placement {
  const order = buffers.map((_, i) => i);
  let best: Placement | undefined;
  const orders =
    buffers.length <= EXHAUSTIVE
      ? permutations(order)
      : [[...order].sort((a, b) => buffers[b]!.view.bytes - buffers[a]!.view.bytes || a - b)];
  for (const candidate of orders) {
    const placed = firstFit(buffers, candidate);
    if (!best || placed.peak < best.peak) best = placed;
  }
  if (!best || best.peak > capacity)
    throw new IngotError(
      'COMPILE-020',
      `activations need ${best?.peak ?? 0} bytes, the chip has ${capacity}`,
      {
        place: 'chip.activationBytes',
        remedy: `set activationBytes to at least ${best?.peak ?? 0}`,
      },
    );
  return best;
}

const overlap = (a: Buffer, b: Buffer): boolean => a.birth <= b.death && b.birth <= a.death;

function firstFit(buffers: readonly Buffer[], order: readonly number[]): Placement {
  const addresses: number[] = new Array<number>(buffers.length).fill(0);
  const done: number[] = [];
  let peak = 0;
  for (const i of order) {
    const buffer = buffers[i]!;
    const busy = done
      .filter((j) => overlap(buffer, buffers[j]!))
      .sort((a, b) => addresses[a]! - addresses[b]!);
    let at = 0;
    for (const j of busy) {
      if (at + buffer.view.bytes <= addresses[j]!) break;
      at = Math.max(at, addresses[j]! + buffers[j]!.view.bytes);
    }
    addresses[i] = at;
    done.push(i);
    peak = Math.max(peak, at + buffer.view.bytes);
  }
  return { addresses, peak };
}

function permutations(items: readonly number[]): number[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((head, i) =>
    permutations([...items.slice(0, i), ...items.slice(i + 1)]).map((tail) => [head, ...tail]),
  );
}
