import { IngotError, type Diagnosed, type Diagnostic } from '../../base/diagnostic.ts';
import { ORIENT_FS, ORIENT_N } from '../../base/geometry.ts';
import { makeFloorplan, makeTracks, type FloorplanResult, type Frame } from '../floorplan/index.ts';
import type { PortPin, PowerShape, PowerVia } from '../floorplan/types.ts';
import { masterIndex } from '../kit/index.ts';
import type { Kit, ViaDef } from '../kit/types.ts';
import { editNetlist } from '../netlist/index.ts';
import type { Netlist } from '../netlist/types.ts';
import { DEF_FIXED, DEF_UNPLACED, type DefDesign } from './types.ts';

/**
 * How much of a DEF is taken. `floorplan`: die, rows, port pins; taps and power grid are made anew. `place`: fixed
 * cells and the power grid too, where the DEF has them. `route`: the place of every cell.
 */
export type DefExtent = 'floorplan' | 'place' | 'route';

/**
 * A DEF as floorplan (and placement) of a netlist. Cells are matched by name; fillers of the DEF are dropped, other
 * cells without signal pins (taps) are added to the netlist, fixed. Wires of signal nets are not taken.
 * Errors: LAYOUT-050 (units), 051 (rows), 052 (ports), 053 (cells), 054 (power grid); those of makeFloorplan.
 */
export function importDef(
  def: DefDesign,
  netlist: Netlist,
  kit: Kit,
  extent: DefExtent,
): Diagnosed<FloorplanResult> {
  const diagnostics: Diagnostic[] = [];
  if (def.dbuPerUm !== kit.tech.dbuPerUm)
    throw new IngotError('LAYOUT-050', `the DEF has ${def.dbuPerUm} units per micrometre`, {
      place: 'UNITS DISTANCE MICRONS',
      remedy: `write it with ${kit.tech.dbuPerUm}, as the kit has`,
    });
  const frame = frameOf(def, kit);
  const portPins = portPinsOf(def, netlist, kit);
  const hasGrid = def.specialNets.wires.length > 0;
  const hasFixed = def.componentStatus.includes(DEF_FIXED);
  if (extent === 'floorplan' || (extent === 'place' && !hasGrid && !hasFixed))
    return { value: makeFloorplan(netlist, kit, { frame, portPins }), diagnostics };
  const grid = powerOf(def, kit);
  const tracks = makeTracks(kit.tech, frame.die);
  const cells = cellsOf(def, netlist, kit, frame, extent, diagnostics);
  if (extent === 'route' && portPins.length === 0 && netlist.ports.length > 0)
    throw new IngotError('LAYOUT-052', 'the DEF places no port', { place: 'PINS' });
  return { value: { floorplan: { ...frame, tracks, portPins, ...grid }, ...cells }, diagnostics };
}

/** Rows as they must be for our grid: tiling the core from the lowest, one width, on the lattice of the tracks. */
function frameOf(def: DefDesign, { tech }: Kit): Frame {
  const bad = (place: string, message: string): IngotError =>
    new IngotError('LAYOUT-051', message, {
      place,
      remedy: `rows of site ${tech.siteName} that tile the core without a gap, N and FS in turn`,
    });
  const rows = [...def.rows].sort((a, b) => a.yDbu - b.yDbu);
  const [first] = rows;
  if (!first) throw bad('ROW', 'the DEF has no rows');
  const width = first.sites * tech.siteWidthDbu;
  const core = {
    x1: first.xDbu,
    y1: first.yDbu,
    x2: first.xDbu + width,
    y2: first.yDbu + rows.length * tech.rowHeightDbu,
  };
  rows.forEach((row, r) => {
    if (row.site !== tech.siteName) throw bad(row.name, `site ${row.site} is not ${tech.siteName}`);
    if (row.sites > 1 && row.stepDbu !== tech.siteWidthDbu) throw bad(row.name, 'its sites have gaps');
    if (row.yDbu !== core.y1 + r * tech.rowHeightDbu || row.xDbu !== core.x1 || row.sites !== first.sites)
      throw bad(row.name, 'it does not line up with the row below');
    if (row.xDbu % tech.siteWidthDbu !== 0 || row.yDbu % tech.rowHeightDbu !== 0)
      throw bad(row.name, 'it does not stand on a multiple of site width and row height');
    if (row.orient !== (r % 2 === 0 ? ORIENT_N : ORIENT_FS)) throw bad(row.name, 'it is the wrong way up');
  });
  const { die } = def;
  if (core.x1 < die.x1 || core.y1 < die.y1 || core.x2 > die.x2 || core.y2 > die.y2)
    throw bad(first.name, 'the rows leave the die');
  const named = rows.map(({ name, xDbu, yDbu, sites, orient }) => ({ name, xDbu, yDbu, sites, orient }));
  return { die, core, rows: named };
}

/** All ports or none: a port without a place among ones that have it could come to lie on them. */
function portPinsOf(def: DefDesign, netlist: Netlist, kit: Kit): PortPin[] {
  const pins = new Map(def.pins.map((pin) => [pin.name, pin]));
  const placed: PortPin[] = [];
  const without: string[] = [];
  netlist.ports.forEach((port, p) => {
    const shapes = pins.get(port.name)?.shapes ?? [];
    if (shapes.length === 0) without.push(port.name);
    for (const { layer: name, rect } of shapes) {
      const layer = kit.tech.layers.findIndex((l) => l.kind === 'routing' && l.name === name);
      if (layer < 0)
        throw new IngotError('LAYOUT-052', `the kit has no routing layer ${name}`, { place: port.name });
      const { die } = def;
      if (rect.x1 < die.x1 || rect.y1 < die.y1 || rect.x2 > die.x2 || rect.y2 > die.y2)
        throw new IngotError('LAYOUT-052', 'the port leaves the die', { place: port.name });
      placed.push({ port: p, layer, rect });
    }
  });
  if (placed.length > 0 && without.length > 0)
    throw new IngotError('LAYOUT-052', `${without.length} ports have no place in the DEF, others have`, {
      place: without[0]!,
      remedy: 'place all ports, or none',
    });
  return placed;
}

function cellsOf(
  def: DefDesign,
  netlist: Netlist,
  kit: Kit,
  frame: Frame,
  extent: DefExtent,
  diagnostics: Diagnostic[],
): Pick<FloorplanResult, 'netlist' | 'placement'> {
  const bad = (place: string, message: string): IngotError =>
    new IngotError('LAYOUT-053', message, { place, remedy: 'give the netlist that the DEF was made of' });
  const masters = masterIndex(kit);
  const indexOf = new Map(netlist.instNames.map((name, i) => [name, i]));
  const editor = editNetlist(netlist, kit);
  /** [instances] component of the DEF */
  const componentOf: number[] = new Array<number>(netlist.instNames.length).fill(-1);
  let fillers = 0;
  def.componentNames.forEach((name, c) => {
    const master = masters.get(def.componentMasters[c]!);
    if (master === undefined) throw bad(name, `cell ${def.componentMasters[c]} is not in the kit`);
    const { kind, pins } = kit.masters[master]!;
    const i = indexOf.get(name);
    if (i !== undefined) {
      if (netlist.instMaster[i] !== master)
        throw bad(
          name,
          `the netlist has ${kit.masters[netlist.instMaster[i]!]!.name} in place of ${kit.masters[master]!.name}`,
        );
      componentOf[i] = c;
    } else if (kind === 'filler') fillers++;
    else if (pins.some((pin) => pin.use !== 'power' && pin.use !== 'ground'))
      throw bad(name, `the netlist has no such cell (${kit.masters[master]!.name})`);
    else componentOf[editor.addInstance(name, master)] = c;
  });
  const count = componentOf.length;
  const xDbu = new Int32Array(count).fill(frame.core.x1);
  const yDbu = new Int32Array(count).fill(frame.core.y1);
  const orient = new Uint8Array(count).fill(ORIENT_N);
  const isFixed = new Uint8Array(count);
  componentOf.forEach((c, i) => {
    if (c < 0 || def.componentStatus[c] === DEF_UNPLACED) {
      if (extent === 'route') throw bad(netlist.instNames[i] ?? '', 'the cell has no place in the DEF');
      return;
    }
    xDbu[i] = def.componentXDbu[c]!;
    yDbu[i] = def.componentYDbu[c]!;
    orient[i] = def.componentOrient[c]!;
    isFixed[i] = def.componentStatus[c] === DEF_FIXED || i >= netlist.instNames.length ? 1 : 0;
  });
  if (fillers > 0)
    diagnostics.push({
      code: 'LAYOUT-055',
      severity: 'info',
      message: `${fillers} fillers of the DEF are dropped; the rows are filled at the end`,
    });
  return { netlist: editor.finish(), placement: { xDbu, yDbu, orient, isFixed } };
}

/** The wires and vias of the two supply nets. */
function powerOf(
  def: DefDesign,
  kit: Kit,
): { powerShapes: PowerShape[]; powerVias: PowerVia[]; powerViaDefs: ViaDef[] } {
  const bad = (place: string, message: string): IngotError =>
    new IngotError('LAYOUT-054', message, { place });
  const layerOf = (name: string): number => {
    const layer = kit.tech.layers.findIndex((l) => l.name === name);
    if (layer < 0) throw bad(name, `the kit has no layer ${name}`);
    return layer;
  };
  const railLayer = kit.tech.layers.findIndex((l) => l.kind === 'routing');
  const { names, wires, wireStart, vias, viaStart, rects, rectStart } = def.specialNets;
  const powerShapes: PowerShape[] = [];
  const powerVias: PowerVia[] = [];
  const powerViaDefs: ViaDef[] = [];
  const viaIndex = new Map<number, number>();
  for (const net of ['power', 'ground'] as const) {
    const name = net === 'power' ? kit.roles.powerPin : kit.roles.groundPin;
    const n = names.indexOf(name);
    if (n < 0) throw bad(name, `the DEF has no special net ${name}`);
    for (let w = wireStart[n]! * 8; w < wireStart[n + 1]! * 8; w += 8) {
      const [x1, y1, x2, y2, width, e1, e2] = wires.subarray(w + 1, w + 8) as unknown as number[] &
        [number, number, number, number, number, number, number];
      const layer = layerOf(def.layerNames[wires[w]!]!);
      const half = width / 2;
      const rect =
        y1 === y2
          ? { x1: x1 - e1, y1: y1 - half, x2: x2 + e2, y2: y2 + half }
          : { x1: x1 - half, y1: y1 - e1, x2: x2 + half, y2: y2 + e2 };
      powerShapes.push({ net, layer, rect, kind: layer === railLayer ? 'followpin' : 'strap' });
    }
    for (let r = rectStart[n]! * 5; r < rectStart[n + 1]! * 5; r += 5) {
      const [x1, y1, x2, y2] = rects.subarray(r + 1, r + 5) as unknown as [number, number, number, number];
      const layer = layerOf(def.layerNames[rects[r]!]!);
      powerShapes.push({ net, layer, rect: { x1, y1, x2, y2 }, kind: 'strap' });
    }
    for (let v = viaStart[n]! * 3; v < viaStart[n + 1]! * 3; v += 3) {
      const id = vias[v]!;
      let via = viaIndex.get(id);
      if (via === undefined) {
        via = powerViaDefs.length;
        viaIndex.set(id, via);
        powerViaDefs.push(viaOf(def, kit, def.viaNames[id]!, layerOf, bad));
      }
      powerVias.push({ net, via, xDbu: vias[v + 1]!, yDbu: vias[v + 2]! });
    }
  }
  return { powerShapes, powerVias, powerViaDefs };
}

function viaOf(
  def: DefDesign,
  kit: Kit,
  name: string,
  layerOf: (name: string) => number,
  bad: (place: string, message: string) => IngotError,
): ViaDef {
  const known = kit.tech.vias.find((via) => via.name === name);
  // Names of the grid's vias are unique beside the kit's.
  if (known) return { ...known, name: `grid_${name}` };
  const via = def.vias.find((v) => v.name === name);
  if (!via) throw bad(name, 'the via is neither in VIAS nor in the kit');
  const shapes = via.shapes.map((s) => ({ layer: layerOf(s.layer), rect: s.rect }));
  const cuts = shapes.filter((s) => kit.tech.layers[s.layer]!.kind === 'cut');
  const cut = cuts[0]?.layer ?? -1;
  const metal = (layer: number) => shapes.filter((s) => s.layer === layer);
  const [below, above] = [metal(cut - 1), metal(cut + 1)];
  if (cuts.some((c) => c.layer !== cut) || below.length !== 1 || above.length !== 1)
    throw bad(name, 'a via must have cuts of one layer and one rectangle below and above');
  return {
    name,
    below: cut - 1,
    cut,
    above: cut + 1,
    belowRect: below[0]!.rect,
    aboveRect: above[0]!.rect,
    cutRects: cuts.map((c) => c.rect),
  };
}
