import { assert, IngotError } from '../../base/diagnostic.ts';
import { ORIENT_FN, ORIENT_FS, ORIENT_S } from '../../base/geometry.ts';
import type { Kit, ViaDef } from '../kit/types.ts';
import { layoutName, wireRect } from './design-shapes.ts';
import { GDS, GdsWriter } from './gds-records.ts';
import { scaleStructure, splitKitGds } from './kit-gds.ts';
import type { KitGds } from './kit-gds.ts';
import type { LayoutDesign } from './types.ts';
import { INSTANCE_NAME_PROPERTY, OUTLINE_GDS_LAYER, VIA_STRUCTURE_PREFIX } from './types.ts';
import { supplyPinShapes } from './write-def.ts';

/** 1 January 2000, midnight: a file's bytes depend on its content alone. */
const TIMESTAMP = [2000, 1, 1, 0, 0, 0, 2000, 1, 1, 0, 0, 0];
const GDS_VERSION = 600;
const MIRRORED = 0x8000;

/**
 * The design as GDSII: the kit's structures of the masters used (copied byte for byte where the database
 * units allow), one structure per via, and the top with a reference per instance (its name as property 1),
 * wires and power shapes as rectangles, references to vias, and labels of ports and supplies on their metal.
 *
 * The database unit is the coarsest that both the kit's file and ours are whole multiples of (NanGate45:
 * 0.1 nm, so ours scale by 5 and the kit's by 1). Throws LAYOUT-030 if the kit's GDS lacks a master.
 */
export function writeGds(design: LayoutDesign, kitGds: Uint8Array): Uint8Array {
  const { netlist, kit } = design;
  const cells = splitKitGds(kitGds);
  const dbuPerUm = leastCommonMultiple(cells.dbuPerUm, kit.tech.dbuPerUm);
  const out = new GdsWriter();
  out.int16(GDS.HEADER, GDS_VERSION);
  out.int16(GDS.BGNLIB, ...TIMESTAMP);
  out.text(GDS.LIBNAME, layoutName(netlist.top));
  out.real(GDS.UNITS, 1 / dbuPerUm, 1 / (dbuPerUm * 1e6));
  copyCells(out, design, cells, dbuPerUm / cells.dbuPerUm);
  const scale = dbuPerUm / kit.tech.dbuPerUm;
  const vias = usedVias(design);
  for (const via of vias) writeVia(out, via, kit, scale);
  beginStructure(out, topName(design, cells));
  writeTop(out, design, scale);
  out.empty(GDS.ENDSTR);
  out.empty(GDS.ENDLIB);
  return out.finish();
}

/** The top's structure name; a cell of the kit with the same name makes it `<top>_top`. */
function topName(design: LayoutDesign, cells: KitGds): string {
  const name = layoutName(design.netlist.top);
  return cells.structures.has(name) || name.startsWith(VIA_STRUCTURE_PREFIX) ? `${name}_top` : name;
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return (a / x) * b;
}

function beginStructure(out: GdsWriter, name: string): void {
  out.int16(GDS.BGNSTR, ...TIMESTAMP);
  out.text(GDS.STRNAME, name);
}

/** Masters in the kit's order, each after what it refers to. */
function copyCells(out: GdsWriter, design: LayoutDesign, cells: KitGds, factor: number): void {
  const isUsed = new Uint8Array(design.kit.masters.length);
  for (const master of design.netlist.instMaster) isUsed[master] = 1;
  const done = new Set<string>();
  const copy = (name: string): void => {
    if (done.has(name)) return;
    done.add(name);
    const cell = cells.structures.get(name);
    if (!cell)
      throw new IngotError('LAYOUT-030', `the kit's GDS has no structure ${name}`, {
        place: name,
        remedy: "use the GDS that belongs to the kit's LEF, or forbid the cell",
      });
    cell.uses.forEach(copy);
    out.raw(scaleStructure(cell.bytes, factor));
  };
  design.kit.masters.forEach((master, m) => {
    if (isUsed[m]) copy(master.name);
  });
}

/** Via definitions in the order of the technology, then of the floorplan; only those used. */
function usedVias(design: LayoutDesign): ViaDef[] {
  const { routing, floorplan, kit } = design;
  const isUsed = new Uint8Array(kit.tech.vias.length);
  if (routing) for (let v = 0; v < routing.vias.length; v += 3) isUsed[routing.vias[v]!] = 1;
  const isPowerUsed = new Uint8Array(floorplan.powerViaDefs.length);
  for (const via of floorplan.powerVias) isPowerUsed[via.via] = 1;
  return [
    ...kit.tech.vias.filter((_, v) => isUsed[v]),
    ...floorplan.powerViaDefs.filter((_, v) => isPowerUsed[v]),
  ];
}

const viaStructureName = (via: ViaDef): string => VIA_STRUCTURE_PREFIX + layoutName(via.name);

function writeVia(out: GdsWriter, via: ViaDef, kit: Kit, scale: number): void {
  const layers = kit.tech.layers;
  beginStructure(out, viaStructureName(via));
  const shapes = [
    { layer: via.below, rect: via.belowRect },
    ...via.cutRects.map((rect) => ({ layer: via.cut, rect })),
    { layer: via.above, rect: via.aboveRect },
  ];
  for (const { layer, rect: r } of shapes)
    out.rectangle(layers[layer]!.gdsLayer, r.x1 * scale, r.y1 * scale, r.x2 * scale, r.y2 * scale);
  out.empty(GDS.ENDSTR);
}

function writeTop(out: GdsWriter, design: LayoutDesign, scale: number): void {
  const { floorplan, kit, netlist, placement } = design;
  const layers = kit.tech.layers;
  const { die } = floorplan;
  out.rectangle(OUTLINE_GDS_LAYER, die.x1 * scale, die.y1 * scale, die.x2 * scale, die.y2 * scale);
  assert(placement.xDbu.length === netlist.instNames.length, 'a placement of another netlist');
  for (let i = 0; i < netlist.instNames.length; i++) writeInstance(out, design, i, scale);
  for (const { layer, rect: r } of [...floorplan.powerShapes, ...floorplan.portPins])
    out.rectangle(layers[layer]!.gdsLayer, r.x1 * scale, r.y1 * scale, r.x2 * scale, r.y2 * scale);
  for (const via of floorplan.powerVias)
    writeReference(
      out,
      viaStructureName(floorplan.powerViaDefs[via.via]!),
      via.xDbu * scale,
      via.yDbu * scale,
    );
  writeRouting(out, design, scale);
  writeLabels(out, design, scale);
}

/**
 * GDS mirrors about the x axis first, then turns about the origin, then moves. The lower left corner of the
 * turned cell must come to rest at (x, y).
 */
function writeInstance(out: GdsWriter, design: LayoutDesign, inst: number, scale: number): void {
  const { netlist, placement, kit } = design;
  const master = kit.masters[netlist.instMaster[inst]!]!;
  const orient = placement.orient[inst]!;
  const flipsX = orient === ORIENT_S || orient === ORIENT_FN;
  const flipsY = orient === ORIENT_S || orient === ORIENT_FS;
  const x = (placement.xDbu[inst]! + (flipsX ? master.widthDbu : 0)) * scale;
  const y = (placement.yDbu[inst]! + (flipsY ? master.heightDbu : 0)) * scale;
  out.empty(GDS.SREF);
  out.text(GDS.SNAME, master.name);
  // FS mirrors y; FN is that turned by 180 degrees; S is turned only.
  if (flipsX || flipsY) out.bits(GDS.STRANS, orient === ORIENT_S ? 0 : MIRRORED);
  if (flipsX) out.real(GDS.ANGLE, 180);
  out.int32(GDS.XY, x, y);
  out.int16(GDS.PROPATTR, INSTANCE_NAME_PROPERTY);
  out.text(GDS.PROPVALUE, netlist.instNames[inst]!);
  out.empty(GDS.ENDEL);
}

function writeReference(out: GdsWriter, structure: string, x: number, y: number): void {
  out.empty(GDS.SREF);
  out.text(GDS.SNAME, structure);
  out.int32(GDS.XY, x, y);
  out.empty(GDS.ENDEL);
}

function writeRouting(out: GdsWriter, design: LayoutDesign, scale: number): void {
  const { routing, kit } = design;
  if (!routing) return;
  const { wires, vias } = routing;
  for (let w = 0; w < wires.length; w += 5) {
    const r = wireRect(kit, wires[w]!, wires[w + 1]!, wires[w + 2]!, wires[w + 3]!, wires[w + 4]!);
    out.rectangle(
      kit.tech.layers[wires[w]!]!.gdsLayer,
      r.x1 * scale,
      r.y1 * scale,
      r.x2 * scale,
      r.y2 * scale,
    );
  }
  const names = kit.tech.vias.map(viaStructureName);
  for (let v = 0; v < vias.length; v += 3)
    writeReference(out, names[vias[v]!]!, vias[v + 1]! * scale, vias[v + 2]! * scale);
}

/** Port names and supply names as text in the middle of their shapes, on the metal's own layer. */
function writeLabels(out: GdsWriter, design: LayoutDesign, scale: number): void {
  const { floorplan, netlist, kit } = design;
  const label = (
    text: string,
    layer: number,
    r: { x1: number; y1: number; x2: number; y2: number },
  ): void => {
    const x = Math.floor((r.x1 + r.x2) / 2) * scale;
    const y = Math.floor((r.y1 + r.y2) / 2) * scale;
    out.label(kit.tech.layers[layer]!.gdsLayer, x, y, text);
  };
  for (const pin of floorplan.portPins) label(netlist.ports[pin.port]!.name, pin.layer, pin.rect);
  for (const net of ['power', 'ground'] as const) {
    const name = net === 'power' ? kit.roles.powerPin : kit.roles.groundPin;
    for (const shape of supplyPinShapes(floorplan, net)) label(name, shape.layer, shape.rect);
  }
}
