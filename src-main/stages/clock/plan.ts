import type { Kit } from '../kit/types.ts';
import type { BufferCell } from '../placement/index.ts';
import { bisect, medianPoint, wireLength } from '../placement/index.ts';

export interface ClockLimits {
  /** Sinks of a leaf buffer. */
  readonly maxSinks: number;
  /** Buffers below a buffer. */
  readonly maxBranches: number;
  /** Half perimeter of the box about a leaf buffer's sinks, um. */
  readonly maxDiameterUm: number;
  /** Part of a buffer's load limit that may be used. */
  readonly capFraction: number;
}

/** A pin to be driven. */
export interface Tap {
  readonly x: number;
  readonly y: number;
  readonly capFf: number;
  /** Instance pin id of a sink; for a planned buffer only an order. */
  readonly pin: number;
}

/** A buffer of the tree that is to be, with what it drives: sinks or buffers. */
export interface Branch extends Tap {
  readonly cell: BufferCell;
  readonly sinks: readonly Tap[];
  readonly branches: readonly Branch[];
}

/** Each list of cells weakest first. */
export interface PlanContext {
  readonly kit: Kit;
  readonly cells: readonly BufferCell[];
  /** fF per DBU */
  readonly wireCap: number;
  readonly limits: ClockLimits;
}

const groupLoad = (c: PlanContext, group: readonly Tap[]): number =>
  group.reduce((s, t) => s + t.capFf, 0) + c.wireCap * wireLength(group);

function box(taps: readonly Tap[]): { x1: number; y1: number; x2: number; y2: number } {
  let [x1, y1, x2, y2] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const t of taps) {
    x1 = Math.min(x1, t.x);
    x2 = Math.max(x2, t.x);
    y1 = Math.min(y1, t.y);
    y2 = Math.max(y2, t.y);
  }
  return { x1, y1, x2, y2 };
}

/** Groups of nearly equal size within fan-out, load and, for leaves, diameter. */
function group<T extends Tap>(c: PlanContext, taps: readonly T[], most: number, diameterDbu: number): T[][] {
  const strongest = c.cells[c.cells.length - 1].limitFf * c.limits.capFraction;
  const tooWide = (s: readonly T[]): boolean => {
    const b = box(s);
    return b.x2 - b.x1 + b.y2 - b.y1 > diameterDbu;
  };
  let parts = Math.ceil(taps.length / most);
  for (;;) {
    const groups = bisect(taps, parts);
    const bad = groups.some(
      (s) => s.length > most || (s.length > 1 && (tooWide(s) || groupLoad(c, s) > strongest)),
    );
    if (!bad || parts >= taps.length) return groups;
    parts = Math.min(taps.length, parts + Math.max(1, parts >> 3));
  }
}

/** One level of buffers of one size, so that groups of equal load have equal delay. */
function level<T extends Tap>(
  c: PlanContext,
  groups: readonly T[][],
  place: (members: readonly T[]) => { x: number; y: number },
  drive: (members: readonly T[]) => Pick<Branch, 'sinks' | 'branches'>,
): Branch[] {
  const heaviest = Math.max(...groups.map((s) => groupLoad(c, s)));
  const cell =
    c.cells.find((b) => b.limitFf * c.limits.capFraction >= heaviest) ?? c.cells[c.cells.length - 1];
  return groups.map((members, k) => ({
    ...place(members),
    capFf: cell.inputCapFf,
    pin: k,
    cell,
    ...drive(members),
  }));
}

/** Middle of the box: the point with the least largest distance. */
function boxCentre(taps: readonly Tap[]): { x: number; y: number } {
  const b = box(taps);
  return { x: (b.x1 + b.x2) / 2, y: (b.y1 + b.y2) / 2 };
}

/** Tree from the sinks up to a single root buffer; all paths pass equally many buffers. */
export function planTree(c: PlanContext, sinks: readonly Tap[]): { root: Branch; levels: number } {
  const { limits, kit } = c;
  const leaves = group(c, sinks, limits.maxSinks, limits.maxDiameterUm * kit.tech.dbuPerUm);
  let top = level(c, leaves, medianPoint, (members) => ({ sinks: members, branches: [] }));
  let levels = 1;
  while (top.length > 1) {
    const groups = group(c, top, limits.maxBranches, Infinity);
    // Loads that no buffer can join further (absurdly far apart): one buffer takes them all the same.
    const joined = groups.length < top.length ? groups : [top];
    top = level(c, joined, boxCentre, (branches) => ({ sinks: [], branches }));
    levels++;
  }
  return { root: top[0], levels };
}

export function countBuffers(b: Branch): number {
  return b.branches.reduce((n, child) => n + countBuffers(child), 1);
}

export function bufferCapFf(b: Branch): number {
  return b.branches.reduce((n, child) => n + bufferCapFf(child), b.capFf);
}
