/**
 * A layered drawing of a directed graph (Sugiyama, Tagawa, Toda 1981): rows by longest path from the sources, order in
 * a row by the mean place of the neighbours, swept down and up. Long edges get a place in each row they cross.
 */
export interface Edge {
  readonly from: number;
  readonly to: number;
}
export interface Drawing {
  /** Centre of each node. */
  readonly nodes: readonly { readonly x: number; readonly y: number }[];
  /** Points of each edge, from bottom of one to top of the other. */
  readonly edges: readonly (readonly { readonly x: number; readonly y: number }[])[];
  readonly width: number;
  readonly height: number;
}
export interface Sizes {
  readonly nodeWidth: number;
  readonly nodeHeight: number;
  readonly gapX: number;
  readonly gapY: number;
}

const SWEEPS = 6;
/** Width of the place of an edge that passes through a row, as a share of a node's. */
const PASSING = 0.15;

/** `edges` go from lower to higher indices. */
export function drawLayered(count: number, edges: readonly Edge[], sizes: Sizes): Drawing {
  const row = new Array<number>(count).fill(0);
  const inOrder = edges.toSorted((a, b) => a.from - b.from);
  for (const { from, to } of inOrder) row[to] = Math.max(row[to]!, row[from]! + 1);
  const rows: number[][] = [];
  const place = (id: number, at: number): void => void (rows[at] ??= []).push(id);
  for (let i = 0; i < count; i++) place(i, row[i]!);
  // Ids from `count` on are the places of long edges.
  const up: number[][] = Array.from({ length: count }, () => []);
  const down: number[][] = Array.from({ length: count }, () => []);
  const chains = edges.map(({ from, to }) => {
    const chain = [from];
    for (let at = row[from]! + 1; at < row[to]!; at++) {
      const id = up.length;
      up.push([]);
      down.push([]);
      place(id, at);
      chain.push(id);
    }
    chain.push(to);
    for (let i = 1; i < chain.length; i++) {
      down[chain[i - 1]!]!.push(chain[i]!);
      up[chain[i]!]!.push(chain[i - 1]!);
    }
    return chain;
  });
  const widthOf = (id: number): number => (id < count ? sizes.nodeWidth : sizes.nodeWidth * PASSING);
  const x = new Array<number>(up.length).fill(0);
  const spread = (ids: readonly number[]): void => {
    const total = ids.reduce((sum, id) => sum + widthOf(id) + sizes.gapX, -sizes.gapX);
    let at = -total / 2;
    for (const id of ids) {
      x[id] = at + widthOf(id) / 2;
      at += widthOf(id) + sizes.gapX;
    }
  };
  rows.forEach(spread);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const neighbours = sweep % 2 === 0 ? up : down;
    for (const ids of sweep % 2 === 0 ? rows : rows.toReversed()) {
      const middle = new Map(
        ids.map((id) => {
          const near = neighbours[id]!;
          return [id, near.length === 0 ? x[id]! : near.reduce((sum, n) => sum + x[n]!, 0) / near.length];
        }),
      );
      ids.sort((a, b) => middle.get(a)! - middle.get(b)!);
      spread(ids);
    }
  }
  const left = Math.min(0, ...x.map((v, id) => v - widthOf(id) / 2));
  const pitch = sizes.nodeHeight + sizes.gapY;
  const rowOf = new Map(rows.flatMap((ids, at) => ids.map((id) => [id, at] as const)));
  const point = (id: number): { x: number; y: number } => ({
    x: x[id]! - left + sizes.gapX,
    y: rowOf.get(id)! * pitch + sizes.nodeHeight / 2 + sizes.gapY,
  });
  return {
    nodes: row.map((_, id) => point(id)),
    edges: chains.map((chain) => chain.map(point)),
    width: Math.max(0, ...x.map((v, id) => v + widthOf(id) / 2)) - left + 2 * sizes.gapX,
    height: rows.length * pitch + sizes.gapY,
  };
}
