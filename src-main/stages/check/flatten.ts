import type { Rect } from '../../base/geometry.ts';
import { placeRect } from '../../base/geometry.ts';
import type { Kit, Master } from '../kit/types.ts';
import {
  OUTLINE_GDS_LAYER,
  type GdsLibrary,
  type GdsReferences,
  type GdsStructure,
} from '../layout/types.ts';
import { readStructure, type StructureGeometry } from './master-geometry.ts';
import { forEachRect } from './polygon.ts';
import { RectList, type RectTable } from './rect-table.ts';

export interface PlacedCell {
  readonly name: string;
  readonly master: Master;
  readonly geometry: StructureGeometry;
  readonly orient: number;
  /** Lower left corner and far corner, GDS units. */
  readonly box: Rect;
  /** First of its nodes; piece k of the geometry is node firstNode + k. */
  readonly firstNode: number;
}

/** The layout as the checks see it: rectangles by layer, cells, labels. All lengths in GDS database units. */
export interface FlatLayout {
  /** GDS database units per database unit of the technology. */
  readonly scale: number;
  readonly die: Rect | null;
  /** [Tech.layers] */
  readonly layers: readonly RectTable[];
  readonly cells: readonly PlacedCell[];
  readonly nodes: number;
  readonly labels: readonly {
    readonly text: string;
    readonly layer: number;
    readonly x: number;
    readonly y: number;
  }[];
  /** Names of structures that are used but not there, and of references that no row can have. */
  readonly unresolved: readonly { readonly name: string; readonly x: number; readonly y: number }[];
  /** Rectangles and references of the top itself. */
  readonly topShapes: number;
  /** Things drawn twice at one place: layer index or -1 for a reference. */
  readonly duplicates: readonly {
    readonly layer: number;
    readonly x: number;
    readonly y: number;
    readonly what: string;
  }[];
}

/** Flattens the top: own polygons and vias become free metal, structures named like a master become cells. */
export function flattenLayout(gds: GdsLibrary, top: GdsStructure, kit: Kit): FlatLayout {
  return new Flattener(gds, top, kit).run();
}

class Flattener {
  readonly #gds: GdsLibrary;
  readonly #top: GdsStructure;
  readonly #kit: Kit;
  readonly #layerOfGds: ReadonlyMap<number, number>;
  readonly #masters: ReadonlyMap<string, Master>;
  readonly #lists: readonly RectList[];
  readonly #geometries = new Map<number, StructureGeometry>();
  readonly #cells: PlacedCell[] = [];
  readonly #unresolved: { name: string; x: number; y: number }[] = [];
  readonly #duplicates: { layer: number; x: number; y: number; what: string }[] = [];
  #nodes = 0;
  #topShapes = 0;
  #die: Rect | null = null;

  constructor(gds: GdsLibrary, top: GdsStructure, kit: Kit) {
    this.#gds = gds;
    this.#top = top;
    this.#kit = kit;
    this.#layerOfGds = new Map(kit.tech.layers.map((layer, k) => [layer.gdsLayer, k]));
    this.#masters = new Map(kit.masters.map((m) => [m.name, m]));
    this.#lists = kit.tech.layers.map(() => new RectList());
  }

  run(): FlatLayout {
    const seen = new Set<string>();
    const isKnown = (layer: number): boolean => layer === OUTLINE_GDS_LAYER || this.#layerOfGds.has(layer);
    forEachRect(this.#top, isKnown, (gdsLayer, datatype, x1, y1, x2, y2) => {
      if (datatype !== 0) return;
      if (gdsLayer === OUTLINE_GDS_LAYER) {
        this.#die = { x1, y1, x2, y2 };
        return;
      }
      const layer = this.#layerOfGds.get(gdsLayer)!;
      this.#note(seen, layer, `${layer} ${x1} ${y1} ${x2} ${y2}`, x1, y1, 'rectangle');
      this.#lists[layer]!.push(x1, y1, x2, y2, -1, this.#nodes++);
    });
    this.#references(seen);
    const labels = this.#top.texts
      .filter((t) => this.#layerOfGds.has(t.layer))
      .map((t) => ({ text: t.text, layer: this.#layerOfGds.get(t.layer)!, x: t.x, y: t.y }));
    return {
      scale: this.#gds.dbuPerUm / this.#kit.tech.dbuPerUm,
      die: this.#die,
      layers: this.#lists.map((list) => list.finish()),
      cells: this.#cells,
      nodes: this.#nodes,
      labels,
      unresolved: this.#unresolved,
      duplicates: this.#duplicates,
      topShapes: this.#topShapes,
    };
  }

  #note(seen: Set<string>, layer: number, key: string, x: number, y: number, what: string): void {
    if (seen.has(key)) this.#duplicates.push({ layer, x, y, what });
    seen.add(key);
    this.#topShapes++;
  }

  #references(seen: Set<string>): void {
    const r = this.#top.references;
    for (let k = 0; k < r.structure.length; k++) {
      const name = this.#gds.structureNames[r.structure[k]!]!;
      const index = this.#gds.structureIndex[r.structure[k]!]!;
      const orient = orientOf(r, k);
      if (index < 0 || orient === null) {
        this.#unresolved.push({ name, x: r.x[k]!, y: r.y[k]! });
        continue;
      }
      this.#note(seen, -1, `${name} ${r.x[k]} ${r.y[k]} ${orient}`, r.x[k]!, r.y[k]!, name);
      const master = this.#masters.get(name) ?? null;
      const geometry = this.#geometry(index, master);
      for (let row = 0; row < r.rows[k]!; row++)
        for (let column = 0; column < r.columns[k]!; column++) {
          const x = r.x[k]! + column * r.steps[4 * k]! + row * r.steps[4 * k + 2]!;
          const y = r.y[k]! + column * r.steps[4 * k + 1]! + row * r.steps[4 * k + 3]!;
          if (master) this.#cell(master, geometry, r.instanceNames[k]!, orient, x, y);
          else this.#free(geometry, orient, x, y);
        }
    }
  }

  #geometry(index: number, master: Master | null): StructureGeometry {
    let geometry = this.#geometries.get(index);
    if (!geometry)
      this.#geometries.set(index, (geometry = readStructure(this.#gds, index, this.#kit, master)));
    return geometry;
  }

  /** A reference turns about the structure's origin; a size of 0 makes placeRect do the same. */
  #place(geometry: StructureGeometry, orient: number, x: number, y: number, owner: number): void {
    geometry.layers.forEach((t, layer) => {
      const list = this.#lists[layer]!;
      for (let i = 0; i < t.count; i++) {
        const flipX = orient === 1 || orient === 2;
        const flipY = orient === 1 || orient === 3;
        list.push(
          x + (flipX ? -t.x2[i]! : t.x1[i]!),
          y + (flipY ? -t.y2[i]! : t.y1[i]!),
          x + (flipX ? -t.x1[i]! : t.x2[i]!),
          y + (flipY ? -t.y1[i]! : t.y2[i]!),
          owner,
          this.#nodes + t.node[i]!,
        );
      }
    });
    this.#nodes += geometry.pieces;
  }

  #free(geometry: StructureGeometry, orient: number, x: number, y: number): void {
    this.#place(geometry, orient, x, y, -1);
  }

  #cell(
    master: Master,
    geometry: StructureGeometry,
    name: string,
    orient: number,
    x: number,
    y: number,
  ): void {
    const scale = this.#gds.dbuPerUm / this.#kit.tech.dbuPerUm;
    const size = { x1: 0, y1: 0, x2: master.widthDbu * scale, y2: master.heightDbu * scale };
    const box = placeRect(size, 0, 0, orient, x, y);
    this.#cells.push({ name, master, geometry, orient, box, firstNode: this.#nodes });
    this.#place(geometry, orient, x, y, this.#cells.length - 1);
  }
}

/** ORIENT_* of a reference; null for one turned by other than 180 degrees or scaled. */
function orientOf(r: GdsReferences, k: number): number | null {
  if (r.magnification[k] !== 1) return null;
  const angle = ((r.angleDegrees[k]! % 360) + 360) % 360;
  if (angle === 0) return r.isMirrored[k] ? 3 : 0;
  if (angle === 180) return r.isMirrored[k] ? 2 : 1;
  return null;
}
