import { CELL_KINDS, type CellKind, type LayoutView, type ViewMaster } from '../../base/layout-view.ts';
import type { Rect } from '../../base/geometry.ts';
import { NONE } from '../netlist/types.ts';
import { NO_SLACK } from '../timing/types.ts';
import { heatMaps } from './heat.ts';
import { findModules } from './modules.ts';
import { overviewOf } from './overview.ts';
import { byOwner, powerShapes, signalShapes } from './shapes.ts';
import type { ViewInput } from './types.ts';

/** The chip as the layout view takes it. `routing`, timing, power and IR drop may be missing. */
export function packLayoutView(input: ViewInput): LayoutView {
  const { netlist, floorplan, kit } = input;
  const signal = signalShapes(input);
  const grid = powerShapes(input);
  const nets = byOwner(signal.owner, netlist.netNames.length);
  const { modules, cellModule } = findModules(netlist, kit);
  return {
    top: netlist.top,
    dbuPerUm: kit.tech.dbuPerUm,
    die: corners(floorplan.die),
    core: corners(floorplan.core),
    layers: kit.tech.layers.map((l) => ({
      name: l.name,
      kind: l.kind,
      direction: l.kind === 'routing' ? l.direction : null,
      gdsLayer: l.gdsLayer,
    })),
    shapes: signal.rects,
    shapeStart: signal.start,
    shapeNet: signal.owner,
    power: grid.rects,
    powerStart: grid.start,
    powerNet: Uint8Array.from(grid.owner),
    netShapeStart: nets.start,
    netShapes: nets.items,
    netPinStart: netlist.netPinStart,
    netPins: netlist.netPins,
    netIsClock: netlist.netIsClock,
    netNames: lines(netlist.netNames),
    cellNames: lines(netlist.instNames),
    cellModule,
    cellPinStart: netlist.instPinStart,
    pinNet: netlist.pinNet,
    ...cellArrays(input),
    modules,
    ports: netlist.ports.map(({ name, direction, net }) => ({ name, direction, net })),
    portShapes: portShapes(input),
    rows: Int32Array.from(
      floorplan.rows.flatMap((r) => [
        r.xDbu,
        r.yDbu,
        r.xDbu + r.sites * kit.tech.siteWidthDbu,
        r.yDbu + kit.tech.rowHeightDbu,
      ]),
    ),
    tracks: Int32Array.from(floorplan.tracks.flatMap((t) => [t.layer, t.startDbu, t.stepDbu, t.count])),
    heat: heatMaps(input),
    overview: overviewOf(corners(floorplan.die), kit.tech.layers.length, signal, grid),
  };
}

const corners = (r: Rect): Int32Array => Int32Array.of(r.x1, r.y1, r.x2, r.y2);
export const lines = (names: readonly string[]): Uint8Array => new TextEncoder().encode(names.join('\n'));

function portShapes({ netlist, floorplan }: ViewInput): Int32Array {
  const out = new Int32Array(5 * netlist.ports.length);
  for (const { port, layer, rect } of floorplan.portPins)
    out.set([layer, rect.x1, rect.y1, rect.x2, rect.y2], 5 * port);
  return out;
}

type CellArrays = Pick<
  LayoutView,
  | 'cells'
  | 'cellMaster'
  | 'cellOrient'
  | 'cellKind'
  | 'cellSlackPs'
  | 'cellPowerUw'
  | 'masters'
  | 'masterShapes'
>;

function cellArrays(input: ViewInput): CellArrays {
  const { netlist, placement, kit, timing, power } = input;
  const count = netlist.instMaster.length;
  const used = new Map<number, number>();
  const cellMaster = Uint16Array.from(netlist.instMaster, (m) => {
    if (!used.has(m)) used.set(m, used.size);
    return used.get(m)!;
  });
  const cells = new Int32Array(4 * count);
  for (let i = 0; i < count; i++) {
    const { widthDbu, heightDbu } = kit.masters[netlist.instMaster[i]];
    const [x, y] = [placement.xDbu[i], placement.yDbu[i]];
    cells.set([x, y, x + widthDbu, y + heightDbu], 4 * i);
  }
  const masterShapes: number[] = [];
  const masters = [...used.keys()].map((m): ViewMaster => {
    const { name, widthDbu, heightDbu, areaUm2, pins, obstructions } = kit.masters[m];
    const firstShape = masterShapes.length / 6;
    const add = (layer: number, r: Rect, pin: number): unknown =>
      masterShapes.push(layer, r.x1, r.y1, r.x2, r.y2, pin);
    pins.forEach((pin, k) => pin.shapes.forEach(({ layer, rect }) => add(layer, rect, k)));
    obstructions.forEach(({ layer, rect }) => add(layer, rect, -1));
    const shapes = masterShapes.length / 6 - firstShape;
    return { name, widthDbu, heightDbu, areaUm2, pins: pins.map((p) => p.name), firstShape, shapes };
  });
  return {
    cells,
    cellMaster,
    cellOrient: placement.orient,
    cellKind: cellKinds(input),
    cellSlackPs: Float32Array.from({ length: count }, (_, i) =>
      timing && timing.instSlackPs[i] < NO_SLACK / 2 ? timing.instSlackPs[i] : NaN,
    ),
    cellPowerUw: Float32Array.from({ length: count }, (_, i) =>
      power ? 1000 * (power.instSwitchingMw[i] + power.instInternalMw[i] + power.instLeakageMw[i]) : 0,
    ),
    masters,
    masterShapes: Int32Array.from(masterShapes),
  };
}

/** By the master; clock cells by the net that they drive. */
function cellKinds({ netlist, kit }: ViewInput): Uint8Array {
  const kindOf = (cell: number): CellKind => {
    const master = kit.masters[netlist.instMaster[cell]];
    if (master.kind === 'filler' || master.kind === 'tap' || master.kind === 'macro') return master.kind;
    if (master.sequential?.kind === 'clockGate') return 'clock';
    if (master.sequential) return 'flop';
    const first = netlist.instPinStart[cell];
    const isClock = master.pins.some((pin, k) => {
      const net = netlist.pinNet[first + k];
      return pin.direction === 'output' && net !== NONE && netlist.netIsClock[net] === 1;
    });
    return isClock ? 'clock' : 'logic';
  };
  return Uint8Array.from({ length: netlist.instMaster.length }, (_, i) => CELL_KINDS.indexOf(kindOf(i)));
}
