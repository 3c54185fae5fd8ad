import type { Kit } from '../kit/types.ts';
import type { NetlistEditor } from '../netlist/index.ts';
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

/** A pin to be driven: a flop's clock pin or a buffer's input. */
export interface Tap {
  readonly x: number;
  readonly y: number;
  readonly capFf: number;
  readonly pin: number;
}

export interface NewBuffer {
  readonly x: number;
  readonly y: number;
  readonly widthDbu: number;
}

export interface Grower {
  readonly kit: Kit;
  readonly editor: NetlistEditor;
  readonly cells: readonly BufferCell[];
  /** fF per DBU */
  readonly wireCap: number;
  readonly limits: ClockLimits;
  /** Places of the buffers in order of creation. */
  readonly made: NewBuffer[];
}

const groupLoad = (g: Grower, group: readonly Tap[]): number =>
  group.reduce((s, t) => s + t.capFf, 0) + g.wireCap * wireLength(group);

function extent(group: readonly Tap[]): number {
  const xs = group.map((t) => t.x);
  const ys = group.map((t) => t.y);
  return Math.max(...xs) - Math.min(...xs) + Math.max(...ys) - Math.min(...ys);
}

/** Groups of nearly equal size within fan-out, load and, for leaves, diameter. */
function group(g: Grower, taps: readonly Tap[], most: number, diameterDbu: number): Tap[][] {
  const strongest = g.cells[g.cells.length - 1].limitFf * g.limits.capFraction;
  let parts = Math.ceil(taps.length / most);
  for (;;) {
    const groups = bisect(taps, parts);
    const bad = groups.some(
      (s) => s.length > most || (s.length > 1 && (extent(s) > diameterDbu || groupLoad(g, s) > strongest)),
    );
    if (!bad || parts >= taps.length) return groups;
    parts = Math.min(taps.length, parts + Math.max(1, parts >> 3));
  }
}

/** Middle of the box: the point with the least largest distance to its taps. */
function boxCentre(taps: readonly Tap[]): { x: number; y: number } {
  const xs = taps.map((t) => t.x);
  const ys = taps.map((t) => t.y);
  return { x: (Math.min(...xs) + Math.max(...xs)) / 2, y: (Math.min(...ys) + Math.max(...ys)) / 2 };
}

/**
 * One level of buffers over `taps`, all of one size: the smallest that can drive the heaviest group, so that
 * groups of equal load have equal delay. Returns the buffers' inputs.
 */
function addLevel(g: Grower, name: string, taps: readonly Tap[], isLeaf: boolean): Tap[] {
  const { limits, editor, kit } = g;
  const diameter = isLeaf ? limits.maxDiameterUm * kit.tech.dbuPerUm : Infinity;
  const groups = group(g, taps, isLeaf ? limits.maxSinks : limits.maxBranches, diameter);
  const heaviest = Math.max(...groups.map((s) => groupLoad(g, s)));
  const cell = g.cells.find((c) => c.limitFf * limits.capFraction >= heaviest) ?? g.cells[g.cells.length - 1];
  return groups.map((members) => {
    const at = isLeaf ? medianPoint(members) : boxCentre(members);
    const inst = editor.addInstance(editor.freshName(isLeaf ? 'clock_leaf' : 'clock_buffer'), cell.master);
    g.made.push({ ...at, widthDbu: cell.widthDbu });
    const net = editor.addNet(editor.freshName(`${name}_tree`));
    editor.connect(inst, cell.output, net);
    for (const t of members) editor.connectPin(t.pin, net);
    return { ...at, capFf: cell.inputCapFf, pin: editor.pinId(inst, cell.input) };
  });
}

/**
 * Grows the tree of one clock net from its sinks up to a single root buffer, which stays on the net itself.
 * Every path from root to sink passes the same number of buffers. Returns that number.
 */
export function growTree(g: Grower, net: number, name: string, sinks: readonly Tap[]): number {
  let taps: readonly Tap[] = addLevel(g, name, sinks, true);
  let levels = 1;
  while (taps.length > 1) {
    taps = addLevel(g, name, taps, false);
    levels++;
  }
  g.editor.connectPin(taps[0].pin, net);
  return levels;
}
