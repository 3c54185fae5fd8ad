/**
 * Rectilinear Steiner tree by insertion: pins in Prim's order, each joined to the nearest point of any
 * edge's bounding box, since an edge not yet drawn can pass any point of its box (the edge substitution of
 * Borah, Owens and Irwin, "An edge-based heuristic for Steiner routing", TCAD 1994, applied while building).
 * Differs from the paper: one pass, no later removal of longer edges. O(pins^2).
 */

export interface SteinerTree {
  readonly x: number[];
  readonly y: number[];
  /** Parent node, -1 for node 0 (the first pin). Nodes 0 .. pins - 1 are the pins, the rest Steiner points. */
  readonly parent: number[];
}

const clamp = (v: number, a: number, b: number): number =>
  Math.max(Math.min(a, b), Math.min(Math.max(a, b), v));

export function steinerTree(pinX: readonly number[], pinY: readonly number[]): SteinerTree {
  const pins = pinX.length;
  const x = [...pinX];
  const y = [...pinY];
  const parent = new Array<number>(pins).fill(-1);
  const distance = new Float64Array(pins).fill(Infinity);
  const isIn = new Uint8Array(pins);
  isIn[0] = 1;
  let last = 0;
  for (let count = 1; count < pins; count++) {
    let next = -1;
    for (let p = 1; p < pins; p++) {
      if (isIn[p]) continue;
      const d = Math.abs(pinX[p] - pinX[last]) + Math.abs(pinY[p] - pinY[last]);
      if (d < distance[p]) distance[p] = d;
      if (next < 0 || distance[p] < distance[next]) next = p;
    }
    isIn[next] = 1;
    insert(x, y, parent, isIn, pins, next);
    last = next;
  }
  return { x, y, parent };
}

function insert(x: number[], y: number[], parent: number[], isIn: Uint8Array, pins: number, p: number): void {
  let best = Math.abs(x[p] - x[0]) + Math.abs(y[p] - y[0]);
  let edge = -1;
  let [bx, by] = [x[0], y[0]];
  for (let v = 1; v < parent.length; v++) {
    if (parent[v] < 0 || v === p || (v < pins && !isIn[v])) continue;
    const u = parent[v];
    const cx = clamp(x[p], x[u], x[v]);
    const cy = clamp(y[p], y[u], y[v]);
    const d = Math.abs(x[p] - cx) + Math.abs(y[p] - cy);
    if (d >= best) continue;
    best = d;
    edge = v;
    [bx, by] = [cx, cy];
  }
  if (edge < 0) {
    parent[p] = 0;
    return;
  }
  const u = parent[edge];
  if (bx === x[u] && by === y[u]) parent[p] = u;
  else if (bx === x[edge] && by === y[edge]) parent[p] = edge;
  else {
    const s = x.push(bx) - 1;
    y.push(by);
    parent.push(u);
    parent[edge] = s;
    parent[p] = s;
  }
}
