/**
 * A layout small enough to draw by hand: five gates on two rows, a port on each side, taps, fillers, rails,
 * two straps with generated-via stacks, and wires on metal2 and metal3. Clean by construction; tests break it.
 */
import { ORIENT_FN, ORIENT_FS, ORIENT_N, placeRect, type Rect } from '../../src-main/base/geometry.ts';
import type { Floorplan, PowerShape, PowerVia } from '../../src-main/stages/floorplan/types.ts';
import type { Kit, ViaDef } from '../../src-main/stages/kit/types.ts';
import type { LayoutDesign } from '../../src-main/stages/layout/types.ts';
import { NONE, type Netlist } from '../../src-main/stages/netlist/types.ts';
import type { Placement } from '../../src-main/stages/placement/types.ts';
import type { Routing } from '../../src-main/stages/routing/types.ts';

interface Cell {
  readonly name: string;
  readonly master: string;
  readonly row: number;
  readonly site: number;
  /** pin -> net */
  readonly pins: Readonly<Record<string, string>>;
  readonly isMirrored?: boolean;
}

const GATES: readonly Cell[] = [
  { name: 'u_inv', master: 'INV_X1', row: 0, site: 6, pins: { A: 'in[0]', ZN: 'n1' } },
  { name: 'u/nand', master: 'NAND2_X1', row: 0, site: 14, pins: { A1: 'n1', A2: 'in[0]', ZN: 'n2' } },
  { name: 'u_buf', master: 'BUF_X1', row: 1, site: 8, pins: { A: 'n2', Z: 'out' } },
  {
    name: 'u_ff',
    master: 'DFF_X1',
    row: 1,
    site: 20,
    pins: { D: 'n2', CK: 'clk', Q: 'q' },
    isMirrored: true,
  },
  { name: 'u_inv\\2', master: 'INV_X2', row: 0, site: 39, pins: { A: 'q', ZN: 'out2' } },
];
const SITES = 58;
const X0 = 3800;
const Y0 = 2800 * 2;
const DIE: Rect = { x1: 0, y1: 0, x2: X0 * 2 + SITES * 380, y2: 2 * Y0 + 2 * 2800 };
const PORTS = [
  { name: 'in[0]', direction: 'input', net: 'in[0]' },
  { name: 'clk', direction: 'input', net: 'clk' },
  { name: 'out', direction: 'output', net: 'out' },
  { name: 'out2', direction: 'output', net: 'out2' },
] as const;

export function tinyLayout(kit: Kit): LayoutDesign {
  const cells = [...GATES, ...fill(kit)];
  const netlist = makeNetlist(kit, cells);
  const placement = makePlacement(cells);
  const floorplan = makeFloorplan(kit);
  return { kit, netlist, placement, floorplan, routing: routeTiny(kit, netlist, placement, floorplan) };
}

const master = (kit: Kit, name: string) => kit.masters.find((m) => m.name === name)!;

/** A tap at each row's left end and fillers in every gap. */
function fill(kit: Kit): Cell[] {
  const cells: Cell[] = [];
  for (const row of [0, 1]) {
    const taken = new Uint8Array(SITES);
    taken.fill(1, 0, 2);
    cells.push({ name: `tap_${row}`, master: 'WELLTAP_X1', row, site: 0, pins: {} });
    for (const gate of GATES)
      if (gate.row === row) taken.fill(1, gate.site, gate.site + master(kit, gate.master).widthDbu / 380);
    for (let site = 0; site < SITES;) {
      let room = 0;
      while (site + room < SITES && !taken[site + room]) room++;
      const name = kit.roles.fillers.find((f) => master(kit, f).widthDbu / 380 <= room);
      if (name) cells.push({ name: `fill_${row}_${site}`, master: name, row, site, pins: {} });
      site += name ? master(kit, name).widthDbu / 380 : 1;
    }
  }
  return cells;
}

function makeNetlist(kit: Kit, cells: readonly Cell[]): Netlist {
  const masterOf = cells.map((c) => kit.masters.indexOf(master(kit, c.master)));
  const netNames = [...new Set(cells.flatMap((c) => Object.values(c.pins)))];
  const instPinStart = new Int32Array(cells.length + 1);
  const pinNets: number[] = [];
  cells.forEach((cell, i) => {
    for (const pin of kit.masters[masterOf[i]!]!.pins) {
      const net = cell.pins[pin.name];
      pinNets.push(net === undefined ? NONE : netNames.indexOf(net));
    }
    instPinStart[i + 1] = pinNets.length;
  });
  const ports = PORTS.map((p) => ({ name: p.name, direction: p.direction, net: netNames.indexOf(p.net) }));
  const pinsOfNet = netNames.map((_, net) => [
    ...pinNets.flatMap((n, pin) => (n === net ? [pin] : [])),
    ...ports.flatMap((p, k) => (p.net === net ? [pinNets.length + k] : [])),
  ]);
  const netPinStart = new Int32Array(netNames.length + 1);
  pinsOfNet.forEach((pins, net) => (netPinStart[net + 1] = netPinStart[net]! + pins.length));
  return {
    top: 'tiny$top\\x',
    instNames: cells.map((c) => c.name),
    instMaster: Int32Array.from(masterOf),
    instPinStart,
    pinNet: Int32Array.from(pinNets),
    netNames,
    ports,
    netPinStart,
    netPins: Int32Array.from(pinsOfNet.flat()),
    netIsClock: Uint8Array.from(netNames, (n) => (n === 'clk' ? 1 : 0)),
  };
}

function makePlacement(cells: readonly Cell[]): Placement {
  return {
    xDbu: Int32Array.from(cells, (c) => X0 + c.site * 380),
    yDbu: Int32Array.from(cells, (c) => Y0 + c.row * 2800),
    orient: Uint8Array.from(cells, (c) =>
      c.row === 1 ? (c.isMirrored ? 1 : ORIENT_FS) : c.isMirrored ? ORIENT_FN : ORIENT_N,
    ),
    isFixed: Uint8Array.from(cells, (c) => (c.master === 'WELLTAP_X1' ? 1 : 0)),
  };
}

/** Via stack metal1..metal4 at a rail's crossing with a strap: one cut each, pads as wide as the strap's. */
function stackDefs(kit: Kit): ViaDef[] {
  const layers = kit.tech.layers;
  return [0, 2, 4].map((below, k) => {
    const cut = layers[below + 1] as { widthDbu: number };
    const h = cut.widthDbu / 2;
    const pitch = 320;
    const cutRects = [-1, 0, 1].map((i) => ({ x1: i * pitch - h, y1: -h, x2: i * pitch + h, y2: h }));
    const hull = { x1: -pitch - h - 70, y1: -h - 70, x2: pitch + h + 70, y2: h + 70 };
    return {
      name: `stack${k + 1}`,
      below,
      cut: below + 1,
      above: below + 2,
      belowRect: hull,
      aboveRect: hull,
      cutRects,
    };
  });
}

function makeFloorplan(kit: Kit): Floorplan {
  const shapes: PowerShape[] = [];
  const vias: PowerVia[] = [];
  const x2 = X0 + SITES * 380;
  const straps = { power: X0 + 48 * 380, ground: X0 + 53 * 380 };
  for (let rail = 0; rail <= 2; rail++) {
    const net = rail % 2 === 1 ? 'power' : 'ground';
    const y = Y0 + rail * 2800;
    shapes.push({ net, layer: 0, rect: { x1: X0, y1: y - 170, x2, y2: y + 170 }, kind: 'followpin' });
    for (const via of [0, 1, 2]) vias.push({ net, via, xDbu: straps[net], yDbu: y });
  }
  for (const net of ['power', 'ground'] as const)
    shapes.push({
      net,
      layer: 6,
      rect: { x1: straps[net] - 480, y1: 0, x2: straps[net] + 480, y2: DIE.y2 },
      kind: 'strap',
    });
  return {
    die: DIE,
    core: { x1: X0, y1: Y0, x2, y2: Y0 + 5600 },
    rows: [0, 1].map((r) => ({
      name: `ROW_${r}`,
      xDbu: X0,
      yDbu: Y0 + r * 2800,
      sites: SITES,
      orient: r ? ORIENT_FS : ORIENT_N,
    })),
    tracks: kit.tech.layers.flatMap((l, layer) =>
      l.kind === 'routing'
        ? [
            {
              layer,
              startDbu: l.offsetDbu,
              stepDbu: l.pitchDbu,
              count: Math.floor((l.direction === 'V' ? DIE.x2 : DIE.y2) / l.pitchDbu),
            },
          ]
        : [],
    ),
    portPins: PORTS.map((p, port) => {
      const y = Y0 + 140 + 280 * (2 + 3 * port);
      const isLeft = p.direction === 'input';
      return {
        port,
        layer: 4,
        rect: { x1: isLeft ? 0 : DIE.x2 - 280, y1: y - 70, x2: isLeft ? 280 : DIE.x2, y2: y + 70 },
      };
    }),
    powerShapes: shapes,
    powerVias: vias,
    powerViaDefs: stackDefs(kit),
  };
}

/**
 * Each net gets one metal3 track of its own as a trunk; each pin a metal2 branch from the trunk to a via1
 * inside the pin. Pins are reached on distinct metal2 columns, so nothing can touch.
 */
function routeTiny(kit: Kit, netlist: Netlist, placement: Placement, floorplan: Floorplan): Routing {
  const wires: number[] = [];
  const vias: number[] = [];
  const wireStart = [0];
  const viaStart = [0];
  const via = (name: string): number => kit.tech.vias.findIndex((v) => v.name === name);
  const columns = new Set<number>();
  netlist.netNames.forEach((_, net) => {
    const port = netlist.ports.findIndex((p) => p.net === net);
    const pin = floorplan.portPins[port];
    const trunkY = pin ? (pin.rect.y1 + pin.rect.y2) / 2 : Y0 + 140 + 280 * (14 + 2 * net);
    const ends: number[] = pin ? [pin.rect.x1 === 0 ? 140 : DIE.x2 - 140] : [];
    for (let k = netlist.netPinStart[net]!; k < netlist.netPinStart[net + 1]!; k++) {
      const id = netlist.netPins[k]!;
      if (id >= netlist.pinNet.length) continue;
      const { x, y, isTall } = accessPoint(kit, netlist, placement, id, columns);
      ends.push(x);
      vias.push(via(isTall ? 'via1_4' : 'via1_7'), x, y, via('via2_5'), x, trunkY);
      wires.push(2, x, Math.min(y, trunkY), x, Math.max(y, trunkY));
    }
    wires.push(4, Math.min(...ends), trunkY, Math.max(...ends), trunkY);
    wireStart.push(wires.length / 5);
    viaStart.push(vias.length / 3);
  });
  return {
    wireStart: Int32Array.from(wireStart),
    wires: Int32Array.from(wires),
    viaStart: Int32Array.from(viaStart),
    vias: Int32Array.from(vias),
    failedNets: [],
  };
}

/** A lattice point (x = 190 + 380 k, y = 140 + 280 j) whose via1_7 metal1 pad lies inside the pin, on a free column. */
function accessPoint(kit: Kit, netlist: Netlist, placement: Placement, pin: number, columns: Set<number>) {
  const inst = netlist.instPinStart.findLastIndex((start) => start <= pin);
  const m = kit.masters[netlist.instMaster[inst]!]!;
  const shapes = m.pins[pin - netlist.instPinStart[inst]!]!.shapes;
  for (const { rect } of shapes) {
    const r = placeRect(
      rect,
      m.widthDbu,
      m.heightDbu,
      placement.orient[inst]!,
      placement.xDbu[inst]!,
      placement.yDbu[inst]!,
    );
    for (let x = 190 + 380 * Math.ceil((r.x1 - 190) / 380); x <= r.x2; x += 380)
      for (let y = 140 + 280 * Math.ceil((r.y1 - 140) / 280); y <= r.y2; y += 280) {
        const isInside = x - 140 >= r.x1 && x + 140 <= r.x2 && y - 70 >= r.y1 && y + 70 <= r.y2;
        const isTall = x - 70 >= r.x1 && x + 70 <= r.x2 && y - 140 >= r.y1 && y + 140 <= r.y2;
        if ((isInside || isTall) && !columns.has(x)) {
          columns.add(x);
          return { x, y, isTall: !isInside };
        }
      }
  }
  throw new Error(`no access to pin ${pin} of ${netlist.instNames[inst]}`);
}
