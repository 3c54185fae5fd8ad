import type { Kit, Master } from '../kit/types.ts';
import type { GdsLibrary } from '../layout/types.ts';
import { forEachRect } from './polygon.ts';
import { RectList, type RectTable } from './rect-table.ts';
import { UnionFind } from './union-find.ts';

/** A structure's metal and cuts, flat, by layer of the technology; `node` counts its connected pieces. */
export interface StructureGeometry {
  /** [Tech.layers] */
  readonly layers: readonly RectTable[];
  readonly pieces: number;
  /** [Master.pins] piece that holds the pin, -1 where the layout has no metal under it; empty without master */
  readonly pinPiece: Int32Array;
}

/**
 * Flattens a structure with all it refers to. For a master, pieces of metal that touch (or that a cut or a
 * pin of the LEF joins) are one node; without a master every rectangle is a node of its own.
 */
export function readStructure(
  gds: GdsLibrary,
  structure: number,
  kit: Kit,
  master: Master | null,
): StructureGeometry {
  const layerOfGds = new Map(kit.tech.layers.map((layer, k) => [layer.gdsLayer, k]));
  const lists = kit.tech.layers.map(() => new RectList());
  let count = 0;
  const add = (index: number, dx: number, dy: number): void => {
    const s = gds.structures[index]!;
    forEachRect(
      s,
      (layer) => layerOfGds.has(layer),
      (layer, datatype, x1, y1, x2, y2) => {
        if (datatype === 0)
          lists[layerOfGds.get(layer)!]!.push(x1 + dx, y1 + dy, x2 + dx, y2 + dy, -1, count++);
      },
    );
    // Cells of a kit that use others do so unturned; a turned one would be a macro, which comes as its own.
    for (let k = 0; k < s.references.structure.length; k++) {
      const child = gds.structureIndex[s.references.structure[k]!]!;
      if (child >= 0) add(child, dx + s.references.x[k]!, dy + s.references.y[k]!);
    }
  };
  add(structure, 0, 0);
  const layers = lists.map((list) => list.finish());
  if (!master) return { layers, pieces: count, pinPiece: new Int32Array(0) };
  return connectMaster(layers, count, kit, master, gds.dbuPerUm / kit.tech.dbuPerUm);
}

/** Quadratic in the cell's rectangles: a standard cell has some tens. */
function connectMaster(
  layers: readonly RectTable[],
  count: number,
  kit: Kit,
  master: Master,
  scale: number,
): StructureGeometry {
  const sets = new UnionFind(count);
  layers.forEach((table, layer) => {
    const others =
      kit.tech.layers[layer]!.kind === 'cut' ? [layers[layer - 1]!, layers[layer + 1]!] : [table];
    for (let i = 0; i < table.count; i++)
      for (const other of others)
        for (let j = 0; j < other.count; j++)
          if (
            touches(other, j, table.x1[i]!, table.y1[i]!, table.x2[i]!, table.y2[i]!) &&
            table.node[i] !== other.node[j]
          )
            sets.union(table.node[i]!, other.node[j]!);
  });
  const holds = master.pins.map((pin) => {
    let first = -1;
    for (const { layer, rect: r } of pin.shapes) {
      const table = layers[layer]!;
      for (let j = 0; j < table.count; j++) {
        if (!touches(table, j, r.x1 * scale, r.y1 * scale, r.x2 * scale, r.y2 * scale)) continue;
        if (first < 0) first = table.node[j]!;
        else sets.union(first, table.node[j]!);
      }
    }
    return first;
  });
  const pieceOf = new Map<number, number>();
  const piece = (node: number): number => {
    const root = sets.find(node);
    let id = pieceOf.get(root);
    if (id === undefined) pieceOf.set(root, (id = pieceOf.size));
    return id;
  };
  for (const table of layers) for (let i = 0; i < table.count; i++) table.node[i] = piece(table.node[i]!);
  const pinPiece = Int32Array.from(holds, (node) => (node < 0 ? -1 : piece(node)));
  return { layers, pieces: pieceOf.size, pinPiece };
}

/** Overlap, or a shared stretch of edge; a shared corner alone does not conduct. */
export function touches(t: RectTable, j: number, x1: number, y1: number, x2: number, y2: number): boolean {
  const [w, h] = [
    Math.min(t.x2[j]!, x2) - Math.max(t.x1[j]!, x1),
    Math.min(t.y2[j]!, y2) - Math.max(t.y1[j]!, y1),
  ];
  return w >= 0 && h >= 0 && w + h > 0;
}
