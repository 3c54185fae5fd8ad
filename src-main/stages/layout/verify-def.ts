import { ORIENT_NAMES } from '../../base/geometry.ts';
import type { DefDesign, DefNets, LayoutDesign } from './types.ts';
import { DEF_ALL, DEF_FIXED, DEF_PIN } from './types.ts';
import type { Reporter } from './verify-areas.ts';

/** Compares a DEF with the design it was written from, item by item. */
export function verifyDef(design: LayoutDesign, def: DefDesign, report: Reporter): void {
  verifyFrame(design, def, report);
  verifyComponents(design, def, report);
  verifyPorts(design, def, report);
  verifyPower(design, def, report);
  const netIndex = new Map(def.nets.names.map((name, k) => [name, k]));
  const { netlist } = design;
  if (netIndex.size !== netlist.netNames.length)
    report('LAYOUT-041', `${netIndex.size} nets instead of ${netlist.netNames.length}`, 'DEF NETS');
  const componentOf = new Map(def.componentNames.map((name, k) => [name, k]));
  for (let net = 0; net < netlist.netNames.length; net++) {
    const at = netIndex.get(netlist.netNames[net]!);
    if (at === undefined) report('LAYOUT-041', 'the net is missing', `DEF net ${netlist.netNames[net]}`);
    else {
      verifyConnections(design, def, net, at, componentOf, report);
      verifyWiring(design, def, net, at, report);
    }
  }
}

function verifyFrame({ floorplan, kit }: LayoutDesign, def: DefDesign, report: Reporter): void {
  const expect = (what: string, actual: unknown, expected: unknown): void => {
    const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
    if (a !== b) report('LAYOUT-045', `${a} instead of ${b}`, `DEF ${what}`);
  };
  expect('UNITS', def.dbuPerUm, kit.tech.dbuPerUm);
  const { die } = floorplan;
  expect('DIEAREA', [def.die.x1, def.die.y1, def.die.x2, def.die.y2], [die.x1, die.y1, die.x2, die.y2]);
  expect(
    'ROWS',
    def.rows.map((r) => [r.name, r.site, r.xDbu, r.yDbu, r.orient, r.sites, r.stepDbu]),
    floorplan.rows.map((r) => [
      r.name,
      kit.tech.siteName,
      r.xDbu,
      r.yDbu,
      r.orient,
      r.sites,
      kit.tech.siteWidthDbu,
    ]),
  );
  expect(
    'TRACKS',
    def.tracks.map((t) => [t.layers, t.startDbu, t.count, t.stepDbu]),
    floorplan.tracks.map((t) => [[kit.tech.layers[t.layer]!.name], t.startDbu, t.count, t.stepDbu]),
  );
}

function verifyComponents({ netlist, placement, kit }: LayoutDesign, def: DefDesign, report: Reporter): void {
  const indexOf = new Map(def.componentNames.map((name, k) => [name, k]));
  if (def.componentNames.length !== netlist.instNames.length)
    report(
      'LAYOUT-040',
      `${def.componentNames.length} components instead of ${netlist.instNames.length}`,
      'DEF',
    );
  for (let i = 0; i < netlist.instNames.length; i++) {
    const name = netlist.instNames[i]!;
    const k = indexOf.get(name) ?? -1;
    const actual =
      k < 0
        ? 'nothing'
        : `${def.componentMasters[k]} ${def.componentXDbu[k]} ${def.componentYDbu[k]} ` +
          `${ORIENT_NAMES[def.componentOrient[k]!]} ${def.componentStatus[k] === DEF_FIXED}`;
    const expected =
      `${kit.masters[netlist.instMaster[i]!]!.name} ${placement.xDbu[i]} ${placement.yDbu[i]} ` +
      `${ORIENT_NAMES[placement.orient[i]!]} ${placement.isFixed[i] === 1}`;
    if (actual !== expected)
      report('LAYOUT-040', `${actual} instead of ${expected}`, `DEF component ${name}`);
  }
}

function verifyPorts({ netlist, floorplan, kit }: LayoutDesign, def: DefDesign, report: Reporter): void {
  const pinOf = new Map(def.pins.map((pin) => [pin.name, pin]));
  netlist.ports.forEach((port, p) => {
    const pin = pinOf.get(port.name);
    const shapes = floorplan.portPins.filter((s) => s.port === p);
    const expected = JSON.stringify([
      netlist.netNames[port.net],
      port.direction.toUpperCase(),
      shapes.map((s) => [kit.tech.layers[s.layer]!.name, s.rect.x1, s.rect.y1, s.rect.x2, s.rect.y2]),
    ]);
    const actual = JSON.stringify(
      pin && [
        pin.net,
        pin.direction,
        pin.shapes.map((s) => [s.layer, s.rect.x1, s.rect.y1, s.rect.x2, s.rect.y2]),
      ],
    );
    if (actual !== expected) report('LAYOUT-044', `${actual} instead of ${expected}`, `DEF pin ${port.name}`);
  });
}

/** Special wires and vias as sorted texts: the grid is a set, its order means nothing. */
function verifyPower({ floorplan, kit }: LayoutDesign, def: DefDesign, report: Reporter): void {
  const { wires, vias, wireStart, viaStart, names } = def.specialNets;
  for (const use of ['power', 'ground'] as const) {
    const name = use === 'power' ? kit.roles.powerPin : kit.roles.groundPin;
    const net = names.indexOf(name);
    const actual: string[] = [];
    for (let w = net < 0 ? 0 : wireStart[net]! * 8; net >= 0 && w < wireStart[net + 1]! * 8; w += 8) {
      const [x1, y1, x2, y2, width] = wires.subarray(w + 1, w + 6) as unknown as [
        number,
        number,
        number,
        number,
        number,
      ];
      const [gx, gy] = y1 === y2 ? [0, width / 2] : [width / 2, 0];
      actual.push(`${def.layerNames[wires[w]!]} ${x1 - gx} ${y1 - gy} ${x2 + gx} ${y2 + gy}`);
    }
    for (let v = net < 0 ? 0 : viaStart[net]! * 3; net >= 0 && v < viaStart[net + 1]! * 3; v += 3)
      actual.push(`${def.viaNames[vias[v]!]} ${vias[v + 1]} ${vias[v + 2]}`);
    const expected = [
      ...floorplan.powerShapes
        .filter((s) => s.net === use)
        .map(({ layer, rect: r }) => `${kit.tech.layers[layer]!.name} ${r.x1} ${r.y1} ${r.x2} ${r.y2}`),
      ...floorplan.powerVias
        .filter((v) => v.net === use)
        .map((v) => `${floorplan.powerViaDefs[v.via]!.name} ${v.xDbu} ${v.yDbu}`),
    ];
    const difference = firstDifference(actual.sort(), expected.sort());
    if (difference) report('LAYOUT-043', difference, `DEF special net ${name}`);
  }
}

function firstDifference(actual: readonly string[], expected: readonly string[]): string | null {
  if (actual.length !== expected.length) return `${actual.length} shapes instead of ${expected.length}`;
  const k = actual.findIndex((text, i) => text !== expected[i]);
  return k < 0 ? null : `${actual[k]} instead of ${expected[k]}`;
}

function verifyConnections(
  { netlist, kit }: LayoutDesign,
  def: DefDesign,
  net: number,
  at: number,
  componentOf: ReadonlyMap<string, number>,
  report: Reporter,
): void {
  const { nets } = def;
  const actual: string[] = [];
  for (let k = nets.connectionStart[at]!; k < nets.connectionStart[at + 1]!; k++) {
    const component = nets.connectionComponent[k]!;
    const owner = component === DEF_PIN ? 'PIN' : component === DEF_ALL ? '*' : `${component}`;
    actual.push(`${owner} ${nets.connectionPins[k]}`);
  }
  const expected: string[] = [];
  const pinCount = netlist.pinNet.length;
  for (let k = netlist.netPinStart[net]!; k < netlist.netPinStart[net + 1]!; k++) {
    const pin = netlist.netPins[k]!;
    if (pin >= pinCount) {
      expected.push(`PIN ${netlist.ports[pin - pinCount]!.name}`);
      continue;
    }
    const inst = instanceOf(netlist.instPinStart, pin);
    const master = kit.masters[netlist.instMaster[inst]!]!;
    const name = master.pins[pin - netlist.instPinStart[inst]!]!.name;
    expected.push(`${componentOf.get(netlist.instNames[inst]!) ?? '?'} ${name}`);
  }
  const difference = firstDifference(actual.sort(), expected.sort());
  if (difference) report('LAYOUT-041', `connections: ${difference}`, `DEF net ${nets.names[at]}`);
}

/** Last instance whose first pin is not beyond the pin; instances without pins lie between. */
function instanceOf(instPinStart: Int32Array, pin: number): number {
  let [low, high] = [0, instPinStart.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (instPinStart[middle]! <= pin) low = middle;
    else high = middle;
  }
  return low;
}

function verifyWiring(
  { netlist, routing, kit }: LayoutDesign,
  def: DefDesign,
  net: number,
  at: number,
  report: Reporter,
): void {
  const place = `DEF net ${netlist.netNames[net]}`;
  const { nets } = def;
  const actual = wiringOf(nets, at, def);
  const expected: string[] = [];
  if (routing) {
    const { wires, vias } = routing;
    for (let w = routing.wireStart[net]!; w < routing.wireStart[net + 1]!; w++)
      expected.push(
        `${kit.tech.layers[wires[w * 5]!]!.name} ${wires.subarray(w * 5 + 1, w * 5 + 5).join(' ')}`,
      );
    for (let v = routing.viaStart[net]!; v < routing.viaStart[net + 1]!; v++)
      expected.push(`${kit.tech.vias[vias[v * 3]!]!.name} ${vias[v * 3 + 1]} ${vias[v * 3 + 2]}`);
  }
  const difference = firstDifference(actual.sort(), expected.sort());
  if (difference) report('LAYOUT-042', difference, place);
}

/** Regular wires must have the default width and ends; anything else would not match what we route. */
function wiringOf(nets: DefNets, at: number, def: DefDesign): string[] {
  const texts: string[] = [];
  for (let w = nets.wireStart[at]! * 8; w < nets.wireStart[at + 1]! * 8; w += 8) {
    const isStandard = nets.wires[w + 5] === -1 && nets.wires[w + 6] === -1 && nets.wires[w + 7] === -1;
    const points = nets.wires.subarray(w + 1, w + 5).join(' ');
    texts.push(`${def.layerNames[nets.wires[w]!]} ${points}${isStandard ? '' : ' of another width or end'}`);
  }
  for (let v = nets.viaStart[at]! * 3; v < nets.viaStart[at + 1]! * 3; v += 3)
    texts.push(`${def.viaNames[nets.vias[v]!]} ${nets.vias[v + 1]} ${nets.vias[v + 2]}`);
  for (let r = nets.rectStart[at]! * 5; r < nets.rectStart[at + 1]! * 5; r += 5)
    texts.push(`a RECT on ${def.layerNames[nets.rects[r]!]}`);
  return texts;
}
