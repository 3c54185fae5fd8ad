/**
 * Antenna rule on the finished geometry: layer by layer as they are made, the metal of the layer on each piece that
 * conducts through it and those below, over the area of the gates on the piece, unless an output or a diode of a cell
 * is on it too (partial area ratio, LEF/DEF 5.8 appendix C; 300 by the layer in the deck of FreePDK45).
 */
import type { Kit } from '../kit/types.ts';
import type { Connectivity } from './connectivity.ts';
import type { Findings } from './findings.ts';
import type { FlatLayout } from './flatten.ts';
import { UnionFind } from './union-find.ts';

const RATIO_MAX = 300;

interface Pieces {
  /** [roots] in use by node id */
  readonly gateUm2: Float64Array;
  readonly isSafe: Uint8Array;
}

/** Area of the union of rectangles: strips between all their x, in each the merged intervals of y. */
function mergedArea(x1: number[], y1: number[], x2: number[], y2: number[]): number {
  const xs = [...new Set([...x1, ...x2])].sort((a, b) => a - b);
  const order = y1.map((_, i) => i).sort((a, b) => y1[a]! - y1[b]!);
  let area = 0;
  for (let k = 0; k + 1 < xs.length; k++) {
    let end = -Infinity;
    let covered = 0;
    for (const i of order) {
      if (x1[i]! > xs[k]! || x2[i]! < xs[k + 1]!) continue;
      covered += Math.max(0, y2[i]! - Math.max(end, y1[i]!));
      end = Math.max(end, y2[i]!);
    }
    area += covered * (xs[k + 1]! - xs[k]!);
  }
  return area;
}

/** What each node of a cell brings: gates of its input pins, the diffusion of outputs and diodes. */
function nodesOfCells(flat: FlatLayout, kit: Kit): Pieces {
  const gateUm2 = new Float64Array(flat.nodes);
  const isSafe = new Uint8Array(flat.nodes);
  for (const { master, geometry, firstNode } of flat.cells) {
    master.pins.forEach((pin, k) => {
      const piece = geometry.pinPiece[k]!;
      if (piece < 0) return;
      const isGate = pin.direction === 'input' && pin.use !== 'power' && pin.use !== 'ground';
      if (isGate && master.name !== kit.roles.antennaDiode)
        gateUm2[firstNode + piece]! += pin.antennaGateAreaUm2;
      else isSafe[firstNode + piece] = 1;
    });
  }
  return { gateUm2, isSafe };
}

/** Rule `antenna`: one violation for each piece and layer beyond the ratio, at one of its rectangles. */
export function checkAntennas(
  flat: FlatLayout,
  kit: Kit,
  { contacts }: Connectivity,
  nameOfNode: (node: number) => string,
  found: Findings,
): void {
  const sets = new UnionFind(flat.nodes);
  const own = nodesOfCells(flat, kit);
  const unitUm2 = (flat.scale * kit.tech.dbuPerUm) ** 2;
  let checked = 0;
  kit.tech.layers.forEach((layer, l) => {
    if (layer.kind === 'cut') return;
    for (let k = 0; k < contacts.length; k += 4) {
      const [la, i, lb, j] = [
        contacts.raw[k]!,
        contacts.raw[k + 1]!,
        contacts.raw[k + 2]!,
        contacts.raw[k + 3]!,
      ];
      // What joins at this layer: metal on it, and the cuts below it with the metal on either side.
      const top = Math.max(la, lb);
      if (top !== l && !(top === l - 1 && la !== lb)) continue;
      sets.union(flat.layers[la]!.node[i]!, flat.layers[lb]!.node[j]!);
    }
    const gate = new Float64Array(flat.nodes);
    const safe = new Uint8Array(flat.nodes);
    for (let n = 0; n < flat.nodes; n++) {
      if (own.gateUm2[n]! > 0) gate[sets.find(n)]! += own.gateUm2[n]!;
      if (own.isSafe[n]) safe[sets.find(n)] = 1;
    }
    const t = flat.layers[l]!;
    const area = new Float64Array(flat.nodes);
    for (let i = 0; i < t.count; i++) {
      area[sets.find(t.node[i]!)]! += (t.x2[i]! - t.x1[i]!) * (t.y2[i]! - t.y1[i]!);
    }
    // The sum counts overlaps twice: only where it is too much is the union worked out.
    const suspects = new Map<number, number[]>();
    for (let n = 0; n < flat.nodes; n++) {
      if (gate[n] === 0) continue;
      checked++;
      if (!safe[n] && area[n]! / unitUm2 > RATIO_MAX * gate[n]!) suspects.set(n, []);
    }
    for (let i = 0; i < t.count; i++) suspects.get(sets.find(t.node[i]!))?.push(i);
    for (const [n, list] of suspects) {
      const pick = (v: Int32Array): number[] => list.map((i) => v[i]!);
      const ratio = mergedArea(pick(t.x1), pick(t.y1), pick(t.x2), pick(t.y2)) / unitUm2 / gate[n]!;
      if (ratio <= RATIO_MAX) continue;
      const [x, y] = found.positionOf(l, list[0]!);
      const detail = `${ratio.toFixed(0)} times the gates' area, ${RATIO_MAX} allowed`;
      found.add('antenna', l, x, y, [nameOfNode(n)], detail);
    }
  });
  found.checked('antenna', checked);
}
