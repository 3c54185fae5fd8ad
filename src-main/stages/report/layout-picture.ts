/**
 * The finished chip as a picture: die, rows, cells by kind, power grid, wires by layer, ports. Drawn by exact
 * area coverage, so that wires a tenth of a pixel wide still show as the density they are.
 */
import { encode } from 'fast-png';
import type { Rect } from '../../base/geometry.ts';
import { placeRect } from '../../base/geometry.ts';
import type { Kit, RoutingLayer } from '../kit/types.ts';
import type { LayoutDesign } from '../layout/types.ts';
import { CoverageCanvas, type Colour } from './coverage-canvas.ts';

export interface PictureOptions {
  readonly widthPx: number;
  /** What to show, DBU; the whole die with a margin if left out. */
  readonly window?: Rect;
}

type CellKind = 'logic' | 'flop' | 'clock' | 'filler' | 'tap' | 'macro';

const BACKGROUND: Colour = [13, 16, 22];
const DIE: Colour = [22, 27, 36];
const ROW: Colour = [30, 37, 49];
const PORT: Colour = [255, 255, 255];
const VIA: Colour = [246, 246, 250];

const CELL_COLOURS: Readonly<Record<CellKind, Colour>> = {
  filler: [33, 40, 52],
  tap: [96, 74, 62],
  logic: [66, 98, 146],
  flop: [44, 158, 140],
  clock: [224, 122, 52],
  macro: [112, 84, 140],
};

/** metal1 upwards; higher ones repeat the last. */
const METAL_COLOURS: readonly Colour[] = [
  [92, 124, 190],
  [236, 84, 118],
  [86, 204, 130],
  [250, 190, 74],
  [168, 116, 244],
  [70, 208, 226],
  [228, 216, 150],
  [190, 190, 200],
  [214, 170, 190],
  [160, 200, 190],
];

/** What each colour stands for, for a legend beside the picture. */
export function layoutLegend(kit: Kit): { label: string; colour: string }[] {
  const css = (c: Colour): string => `rgb(${c.join(',')})`;
  const cells = [
    { label: 'logic', colour: css(CELL_COLOURS.logic) },
    { label: 'flip-flops', colour: css(CELL_COLOURS.flop) },
    { label: 'clock cells', colour: css(CELL_COLOURS.clock) },
    { label: 'well taps', colour: css(CELL_COLOURS.tap) },
  ];
  const metals = kit.tech.layers.filter((l) => l.kind === 'routing');
  return [...cells, ...metals.map((l, k) => ({ label: l.name, colour: css(metalColour(k)) }))];
}

const metalColour = (k: number): Colour => METAL_COLOURS[Math.min(k, METAL_COLOURS.length - 1)]!;

/** A picture as PNG bytes; height follows the window's shape. Same design and options, same bytes. */
export function renderLayout(design: LayoutDesign, options: PictureOptions): Uint8Array {
  const window = options.window ?? withMargin(design.floorplan.die);
  const width = options.widthPx;
  const scale = width / (window.x2 - window.x1);
  const height = Math.max(1, Math.round((window.y2 - window.y1) * scale));
  const canvas = new CoverageCanvas(width, height, BACKGROUND);
  const view: View = { canvas, window, scale };
  const isClose = scale * design.kit.tech.rowHeightDbu > CLOSE_ROW_PX;
  drawFloor(design, view);
  drawCells(design, view, isClose);
  drawMetal(design, view, isClose);
  drawPorts(design, view);
  return encode({ width, height, channels: 3, depth: 8, data: canvas.toRgb() });
}

/** Rows taller than this are looked at from nearby: cell outlines, pins and via cuts show. */
const CLOSE_ROW_PX = 24;

/**
 * A window for a detail: `heightRows` rows high and 3:2 wide, about the place of the core with the most wire,
 * among a coarse grid of places; lower ones win ties.
 */
export function detailWindow(design: LayoutDesign, heightRows = 7): Rect {
  const { floorplan, routing, kit } = design;
  const { core } = floorplan;
  const height = Math.min(heightRows * kit.tech.rowHeightDbu, core.y2 - core.y1);
  const width = Math.min(Math.round(height * 1.5), core.x2 - core.x1);
  const [nx, ny] = [
    Math.max(1, Math.floor((core.x2 - core.x1) / width)),
    Math.max(1, Math.floor((core.y2 - core.y1) / height)),
  ];
  const wire = new Float64Array(nx * ny);
  for (let w = 0; routing && w < routing.wires.length; w += 5) {
    const [x1, y1, x2, y2] = routing.wires.subarray(w + 1, w + 5) as unknown as [
      number,
      number,
      number,
      number,
    ];
    const x = Math.floor(((x1 + x2) / 2 - core.x1) / width);
    const y = Math.floor(((y1 + y2) / 2 - core.y1) / height);
    if (x >= 0 && x < nx && y >= 0 && y < ny) wire[y * nx + x]! += Math.min(x2 - x1 + y2 - y1, width);
  }
  const best = wire.indexOf(wire.reduce((a, b) => Math.max(a, b), 0));
  const [x1, y1] = [core.x1 + (best % nx) * width, core.y1 + Math.floor(best / nx) * height];
  return { x1, y1, x2: x1 + width, y2: y1 + height };
}

interface View {
  readonly canvas: CoverageCanvas;
  readonly window: Rect;
  /** Pixels per DBU. */
  readonly scale: number;
}

function withMargin(die: Rect): Rect {
  const margin = Math.round(Math.max(die.x2 - die.x1, die.y2 - die.y1) * 0.015);
  return { x1: die.x1 - margin, y1: die.y1 - margin, x2: die.x2 + margin, y2: die.y2 + margin };
}

/** y points down on the picture. */
function add(view: View, x1: number, y1: number, x2: number, y2: number): void {
  const { canvas, window, scale } = view;
  canvas.add(
    (x1 - window.x1) * scale,
    (window.y2 - y2) * scale,
    (x2 - window.x1) * scale,
    (window.y2 - y1) * scale,
  );
}

function drawFloor({ floorplan, kit }: LayoutDesign, view: View): void {
  const { die } = floorplan;
  add(view, die.x1, die.y1, die.x2, die.y2);
  view.canvas.blend(DIE, 1);
  for (const row of floorplan.rows) {
    const right = row.xDbu + row.sites * kit.tech.siteWidthDbu;
    add(view, row.xDbu, row.yDbu, right, row.yDbu + kit.tech.rowHeightDbu);
  }
  view.canvas.blend(ROW, 1);
}

/** Kind of each instance: by its master, and clock cells by the net they drive. */
function cellKinds({ netlist, kit }: LayoutDesign): CellKind[] {
  return Array.from(netlist.instMaster, (m, inst) => {
    const master = kit.masters[m]!;
    if (master.kind === 'filler' || master.kind === 'tap' || master.kind === 'macro') return master.kind;
    if (master.sequential?.kind === 'clockGate') return 'clock';
    if (master.sequential) return 'flop';
    const drivesClock = master.pins.some((pin, k) => {
      const net = netlist.pinNet[netlist.instPinStart[inst]! + k]!;
      return pin.direction === 'output' && net >= 0 && netlist.netIsClock[net] === 1;
    });
    return drivesClock ? 'clock' : 'logic';
  });
}

function drawCells(design: LayoutDesign, view: View, isClose: boolean): void {
  const { netlist, placement, kit } = design;
  const kinds = cellKinds(design);
  // A hair of floor between cells lets them be told apart.
  const gap = isClose ? 1.5 / view.scale : 0.12 / view.scale;
  for (const kind of ['filler', 'tap', 'logic', 'flop', 'macro', 'clock'] as const) {
    kinds.forEach((k, inst) => {
      if (k !== kind) return;
      const master = kit.masters[netlist.instMaster[inst]!]!;
      const [x, y] = [placement.xDbu[inst]!, placement.yDbu[inst]!];
      add(view, x + gap, y + gap, x + master.widthDbu - gap, y + master.heightDbu - gap);
    });
    view.canvas.blend(CELL_COLOURS[kind], 1);
  }
  if (isClose) drawPins(design, view);
}

/** Pins of the cells in the window, on the lowest metal. */
function drawPins({ netlist, placement, kit }: LayoutDesign, view: View): void {
  const { window } = view;
  for (let inst = 0; inst < netlist.instMaster.length; inst++) {
    const master = kit.masters[netlist.instMaster[inst]!]!;
    const [x, y] = [placement.xDbu[inst]!, placement.yDbu[inst]!];
    if (x > window.x2 || y > window.y2 || x + master.widthDbu < window.x1 || y + master.heightDbu < window.y1)
      continue;
    for (const pin of master.pins) {
      if (pin.use === 'power' || pin.use === 'ground') continue;
      for (const { rect } of pin.shapes) {
        const r = placeRect(rect, master.widthDbu, master.heightDbu, placement.orient[inst]!, x, y);
        add(view, r.x1, r.y1, r.x2, r.y2);
      }
    }
  }
  view.canvas.blend(metalColour(0), 0.55);
}

/** Bottom up; wires and straps of one layer in one colour, straps fainter so that what is below them shows. */
function drawMetal(design: LayoutDesign, view: View, isClose: boolean): void {
  const { kit, floorplan, routing } = design;
  const buckets = wiresByLayer(design);
  let metal = 0;
  kit.tech.layers.forEach((layer, l) => {
    if (layer.kind === 'cut') return;
    const colour = metalColour(metal++);
    for (const shape of floorplan.powerShapes)
      if (shape.layer === l) add(view, shape.rect.x1, shape.rect.y1, shape.rect.x2, shape.rect.y2);
    view.canvas.blend(colour, 0.4);
    const half = layer.widthDbu / 2;
    for (const w of buckets[l]!) {
      const [x1, y1, x2, y2] = routing!.wires.subarray(w + 1, w + 5) as unknown as [
        number,
        number,
        number,
        number,
      ];
      add(view, x1 - half, y1 - half, x2 + half, y2 + half);
    }
    view.canvas.blend(colour, isClose ? 0.62 : 0.82);
    // Cuts belong between the metals, but only on top can they be seen.
    if (isClose && l > 0) drawCuts(design, view, l - 1);
  });
}

/** [Tech.layers] offsets into Routing.wires. */
function wiresByLayer({ kit, routing }: LayoutDesign): number[][] {
  const buckets: number[][] = kit.tech.layers.map(() => []);
  for (let w = 0; routing && w < routing.wires.length; w += 5) buckets[routing.wires[w]!]!.push(w);
  return buckets;
}

function drawCuts({ routing, kit, floorplan }: LayoutDesign, view: View, cut: number): void {
  const cuts = (via: (typeof kit.tech.vias)[number], x: number, y: number): void => {
    if (via.cut !== cut) return;
    for (const r of via.cutRects) add(view, x + r.x1, y + r.y1, x + r.x2, y + r.y2);
  };
  for (let v = 0; routing && v < routing.vias.length; v += 3)
    cuts(kit.tech.vias[routing.vias[v]!]!, routing.vias[v + 1]!, routing.vias[v + 2]!);
  for (const via of floorplan.powerVias) cuts(floorplan.powerViaDefs[via.via]!, via.xDbu, via.yDbu);
  view.canvas.blend(VIA, 0.9);
}

/** Ports are far smaller than a pixel from afar: they show as marks on the die's edge. */
function drawPorts({ floorplan, kit }: LayoutDesign, view: View): void {
  const least = 3 / view.scale;
  for (const { rect: r, layer } of floorplan.portPins) {
    const half = Math.max(least / 2, (kit.tech.layers[layer] as RoutingLayer).widthDbu / 2);
    const [x, y] = [(r.x1 + r.x2) / 2, (r.y1 + r.y2) / 2];
    add(view, x - half, y - half, x + half, y + half);
  }
  view.canvas.blend(PORT, 0.9);
}
