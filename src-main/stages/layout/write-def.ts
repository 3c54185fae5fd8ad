import { assert } from '../../base/diagnostic.ts';
import type { Rect } from '../../base/geometry.ts';
import { ORIENT_NAMES } from '../../base/geometry.ts';
import type { Floorplan } from '../floorplan/types.ts';
import type { Kit, RoutingLayer, ViaDef } from '../kit/types.ts';
import { pinInstances, type Netlist } from '../netlist/index.ts';
import type { Placement } from '../placement/types.ts';
import type { Routing } from '../routing/types.ts';
import { layoutName } from './design-shapes.ts';

/**
 * The design as DEF 5.8 text (LEF/DEF 5.8 Language Reference, Cadence 2017).
 *
 * Wires are centre lines with DEF's default extension of half a width, so NETS says what Routing says. The
 * supplies are SPECIALNETS `( * VDD )`: every power pin of every component belongs to one. Names keep
 * their brackets; a backslash is written twice. Same input, same bytes.
 */
export function writeDef(
  netlist: Netlist,
  floorplan: Floorplan,
  placement: Placement,
  routing: Routing | null,
  kit: Kit,
): string {
  const out: string[] = [];
  writeHeader(out, netlist, floorplan, kit);
  writeVias(out, floorplan.powerViaDefs, kit);
  writeComponents(out, netlist, placement, kit);
  writePins(out, netlist, floorplan, kit);
  writeSpecialNets(out, floorplan, kit);
  writeNets(out, netlist, routing, kit);
  out.push('END DESIGN');
  return out.join('\n') + '\n';
}

/** DEF separates names by blanks and reads a backslash as an escape. */
function defName(name: string): string {
  assert(name !== '' && !/\s/.test(name), `name '${name}' cannot stand in a DEF file`);
  return name.replaceAll('\\', '\\\\');
}

function writeHeader(out: string[], netlist: Netlist, floorplan: Floorplan, kit: Kit): void {
  const { die } = floorplan;
  const { tech } = kit;
  out.push(
    'VERSION 5.8 ;',
    'DIVIDERCHAR "/" ;',
    'BUSBITCHARS "[]" ;',
    `DESIGN ${layoutName(netlist.top)} ;`,
    `UNITS DISTANCE MICRONS ${tech.dbuPerUm} ;`,
    `DIEAREA ( ${die.x1} ${die.y1} ) ( ${die.x2} ${die.y2} ) ;`,
  );
  for (const row of floorplan.rows)
    out.push(
      `ROW ${row.name} ${tech.siteName} ${row.xDbu} ${row.yDbu} ${ORIENT_NAMES[row.orient]} ` +
        `DO ${row.sites} BY 1 STEP ${tech.siteWidthDbu} 0 ;`,
    );
  for (const t of floorplan.tracks) {
    const layer = tech.layers[t.layer] as RoutingLayer;
    const axis = layer.direction === 'H' ? 'Y' : 'X';
    out.push(`TRACKS ${axis} ${t.startDbu} DO ${t.count} STEP ${t.stepDbu} LAYER ${layer.name} ;`);
  }
}

const corners = (r: Rect): string => `( ${r.x1} ${r.y1} ) ( ${r.x2} ${r.y2} )`;

function writeVias(out: string[], vias: readonly ViaDef[], kit: Kit): void {
  out.push(`VIAS ${vias.length} ;`);
  const layers = kit.tech.layers;
  for (const via of vias) {
    const shapes = [
      `+ RECT ${layers[via.below]!.name} ${corners(via.belowRect)}`,
      ...via.cutRects.map((r) => `+ RECT ${layers[via.cut]!.name} ${corners(r)}`),
      `+ RECT ${layers[via.above]!.name} ${corners(via.aboveRect)}`,
    ];
    out.push(`- ${via.name}`, ...shapes.map((s) => `  ${s}`), '  ;');
  }
  out.push('END VIAS');
}

function writeComponents(out: string[], netlist: Netlist, placement: Placement, kit: Kit): void {
  const count = netlist.instNames.length;
  out.push(`COMPONENTS ${count} ;`);
  for (let i = 0; i < count; i++) {
    const master = kit.masters[netlist.instMaster[i]!]!;
    const source = master.kind === 'tap' || master.kind === 'filler' ? '+ SOURCE DIST ' : '';
    const status = placement.isFixed[i] ? 'FIXED' : 'PLACED';
    out.push(
      `- ${defName(netlist.instNames[i]!)} ${master.name} ${source}+ ${status} ` +
        `( ${placement.xDbu[i]} ${placement.yDbu[i]} ) ${ORIENT_NAMES[placement.orient[i]!]} ;`,
    );
  }
  out.push('END COMPONENTS');
}

/** Placement point of a pin shape and the shape about it: the corner, so that everything stays an integer. */
function pinShape(layerName: string, r: Rect): string {
  return `+ LAYER ${layerName} ( 0 0 ) ( ${r.x2 - r.x1} ${r.y2 - r.y1} ) + FIXED ( ${r.x1} ${r.y1} ) N`;
}

function writePins(out: string[], netlist: Netlist, floorplan: Floorplan, kit: Kit): void {
  const layers = kit.tech.layers;
  const supplies = (['power', 'ground'] as const).map((use) => ({
    use,
    shapes: supplyPinShapes(floorplan, use),
  }));
  const placed = supplies.filter((s) => s.shapes.length > 0);
  out.push(`PINS ${netlist.ports.length + placed.length} ;`);
  const shapesOfPort = netlist.ports.map((): string[] => []);
  for (const pin of floorplan.portPins)
    shapesOfPort[pin.port]!.push(pinShape(layers[pin.layer]!.name, pin.rect));
  netlist.ports.forEach((port, p) => {
    const use = netlist.netIsClock[port.net] ? 'CLOCK' : 'SIGNAL';
    out.push(
      `- ${defName(port.name)} + NET ${defName(netlist.netNames[port.net]!)} ` +
        `+ DIRECTION ${port.direction.toUpperCase()} + USE ${use}${ports(shapesOfPort[p]!)} ;`,
    );
  });
  for (const { use, shapes } of placed) {
    const name = use === 'power' ? kit.roles.powerPin : kit.roles.groundPin;
    const text = shapes.map((s) => pinShape(layers[s.layer]!.name, s.rect));
    out.push(
      `- ${name} + NET ${name} + SPECIAL + DIRECTION INOUT + USE ${use.toUpperCase()}${ports(text)} ;`,
    );
  }
  out.push('END PINS');
}

const ports = (shapes: readonly string[]): string =>
  shapes.length === 1 ? ` ${shapes[0]}` : shapes.map((s) => `\n  + PORT ${s}`).join('');

/** A supply meets the outside on its topmost straps; without straps on its rails. */
export function supplyPinShapes(floorplan: Floorplan, net: 'power' | 'ground'): Floorplan['powerShapes'] {
  const shapes = floorplan.powerShapes.filter((s) => s.net === net);
  const top = shapes.reduce((layer, s) => Math.max(layer, s.layer), -1);
  return shapes.filter((s) => s.layer === top);
}

function writeSpecialNets(out: string[], floorplan: Floorplan, kit: Kit): void {
  out.push('SPECIALNETS 2 ;');
  for (const use of ['power', 'ground'] as const) {
    const name = use === 'power' ? kit.roles.powerPin : kit.roles.groundPin;
    out.push(`- ${name} ( * ${name} ) + USE ${use.toUpperCase()}`);
    let verb = '+ ROUTED';
    for (const shape of floorplan.powerShapes) {
      if (shape.net !== use) continue;
      out.push(
        `  ${verb} ${specialWire(shape.rect, kit.tech.layers[shape.layer] as RoutingLayer, shape.kind)}`,
      );
      verb = 'NEW';
    }
    for (const via of floorplan.powerVias) {
      if (via.net !== use) continue;
      const def = floorplan.powerViaDefs[via.via]!;
      out.push(
        `  ${verb} ${kit.tech.layers[def.above]!.name} 0 + SHAPE STRIPE ( ${via.xDbu} ${via.yDbu} ) ${def.name}`,
      );
      verb = 'NEW';
    }
    out.push('  ;');
  }
  out.push('END SPECIALNETS');
}

/** A rectangle as a wide wire along the layer's direction; special wires end at their points. */
function specialWire(r: Rect, layer: RoutingLayer, kind: 'followpin' | 'strap'): string {
  const isAlongX = layer.direction === 'H';
  const width = isAlongX ? r.y2 - r.y1 : r.x2 - r.x1;
  assert(width % 2 === 0, `strap on ${layer.name} is an odd number of database units wide`);
  const middle = isAlongX ? r.y1 + width / 2 : r.x1 + width / 2;
  const points = isAlongX ? `( ${r.x1} ${middle} ) ( ${r.x2} * )` : `( ${middle} ${r.y1} ) ( * ${r.y2} )`;
  return `${layer.name} ${width} + SHAPE ${kind === 'followpin' ? 'FOLLOWPIN' : 'STRIPE'} ${points}`;
}

function writeNets(out: string[], netlist: Netlist, routing: Routing | null, kit: Kit): void {
  const count = netlist.netNames.length;
  out.push(`NETS ${count} ;`);
  const instOfPin = pinInstances(netlist);
  for (let net = 0; net < count; net++) {
    out.push(`- ${defName(netlist.netNames[net]!)}`);
    const pins: string[] = [];
    for (let k = netlist.netPinStart[net]!; k < netlist.netPinStart[net + 1]!; k++)
      pins.push(connection(netlist, netlist.netPins[k]!, instOfPin, kit));
    for (let k = 0; k < pins.length; k += 8) out.push(`  ${pins.slice(k, k + 8).join(' ')}`);
    out.push(`  + USE ${netlist.netIsClock[net] ? 'CLOCK' : 'SIGNAL'}`);
    if (routing) writeWiring(out, net, routing, kit);
    out.push('  ;');
  }
  out.push('END NETS');
}

function connection(netlist: Netlist, pin: number, instOfPin: Int32Array, kit: Kit): string {
  const pinCount = netlist.pinNet.length;
  if (pin >= pinCount) return `( PIN ${defName(netlist.ports[pin - pinCount]!.name)} )`;
  const inst = instOfPin[pin]!;
  const master = kit.masters[netlist.instMaster[inst]!]!;
  return `( ${defName(netlist.instNames[inst]!)} ${master.pins[pin - netlist.instPinStart[inst]!]!.name} )`;
}

function writeWiring(out: string[], net: number, routing: Routing, kit: Kit): void {
  const { wires, vias } = routing;
  let verb = '+ ROUTED';
  for (let w = routing.wireStart[net]! * 5; w < routing.wireStart[net + 1]! * 5; w += 5) {
    const [x1, y1, x2, y2] = [wires[w + 1]!, wires[w + 2]!, wires[w + 3]!, wires[w + 4]!];
    const end = `${x1 === x2 ? '*' : x2} ${y1 === y2 ? '*' : y2}`;
    out.push(`  ${verb} ${kit.tech.layers[wires[w]!]!.name} ( ${x1} ${y1} ) ( ${end} )`);
    verb = 'NEW';
  }
  for (let v = routing.viaStart[net]! * 3; v < routing.viaStart[net + 1]! * 3; v += 3) {
    const via = kit.tech.vias[vias[v]!]!;
    out.push(`  ${verb} ${kit.tech.layers[via.below]!.name} ( ${vias[v + 1]} ${vias[v + 2]} ) ${via.name}`);
    verb = 'NEW';
  }
}
