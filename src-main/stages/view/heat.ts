/** Maps of the die in square tiles: how full, how much wired, how late, how hot. */
import type { HeatMap } from '../../base/layout-view.ts';
import type { RoutingLayer } from '../kit/types.ts';
import { NONE } from '../netlist/types.ts';
import { NO_SLACK } from '../timing/types.ts';
import type { ViewInput } from './types.ts';

/** Tiles along the die's longer side, at most. */
const TILES_MAX = 96;

interface Grid {
  readonly x0: number;
  readonly y0: number;
  readonly tile: number;
  readonly columns: number;
  readonly rows: number;
}

export function heatMaps(input: ViewInput): HeatMap[] {
  const grid = gridOf(input);
  const maps = [cellDensity(input, grid), pinDensity(input, grid)];
  if (input.routing) maps.push(routingUse(input, grid, 'H'), routingUse(input, grid, 'V'));
  if (input.timing) maps.push(slack(input, grid));
  if (input.power) maps.push(powerDensity(input, grid));
  if (input.irDrop) maps.push(irDrop(input, grid));
  return maps;
}

function gridOf({ floorplan: { die }, kit }: ViewInput): Grid {
  const [width, height] = [die.x2 - die.x1, die.y2 - die.y1];
  const least = 2 * kit.tech.rowHeightDbu;
  const tile = Math.max(least, Math.ceil(Math.max(width, height) / TILES_MAX));
  return {
    x0: die.x1,
    y0: die.y1,
    tile,
    columns: Math.max(1, Math.ceil(width / tile)),
    rows: Math.max(1, Math.ceil(height / tile)),
  };
}

type MapFacts = Pick<HeatMap, 'id' | 'label' | 'unit' | 'note'> & { readonly isLowBad?: boolean };

const mapOf = (g: Grid, facts: MapFacts, values: Float32Array): HeatMap => ({
  isLowBad: false,
  ...facts,
  columns: g.columns,
  rows: g.rows,
  tileDbu: g.tile,
  values,
});

/** Adds `weight` times the part of the rectangle in each tile, in DBU squared. */
function addArea(
  g: Grid,
  sums: Float64Array,
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  weight: number,
): void {
  const [c1, c2] = [columnOf(g, x1), columnOf(g, x2)];
  const [r1, r2] = [rowOf(g, y1), rowOf(g, y2)];
  for (let r = r1; r <= r2; r++) {
    const h = Math.min(y2, g.y0 + (r + 1) * g.tile) - Math.max(y1, g.y0 + r * g.tile);
    for (let c = c1; c <= c2; c++) {
      const w = Math.min(x2, g.x0 + (c + 1) * g.tile) - Math.max(x1, g.x0 + c * g.tile);
      if (w > 0 && h > 0) sums[r * g.columns + c] += w * h * weight;
    }
  }
}

const clamp = (v: number, max: number): number => Math.max(0, Math.min(max, v));
const columnOf = (g: Grid, x: number): number => clamp(Math.floor((x - g.x0) / g.tile), g.columns - 1);
const rowOf = (g: Grid, y: number): number => clamp(Math.floor((y - g.y0) / g.tile), g.rows - 1);

/** Part of each tile that lies on the die: those at the upper edges are cut. */
function tileAreas(g: Grid, { floorplan: { die } }: ViewInput): Float64Array {
  const areas = new Float64Array(g.columns * g.rows);
  addArea(g, areas, die.x1, die.y1, die.x2, die.y2, 1);
  return areas;
}

const isPhysical = (kind: string): boolean => kind === 'filler' || kind === 'tap';

function cellDensity(input: ViewInput, g: Grid): HeatMap {
  const { netlist, placement, kit } = input;
  const sums = new Float64Array(g.columns * g.rows);
  netlist.instMaster.forEach((m, i) => {
    const { widthDbu, heightDbu, kind } = kit.masters[m];
    const [x, y] = [placement.xDbu[i], placement.yDbu[i]];
    if (!isPhysical(kind)) addArea(g, sums, x, y, x + widthDbu, y + heightDbu, 1);
  });
  const areas = tileAreas(g, input);
  return mapOf(
    g,
    { id: 'cells', label: 'Cell density', unit: '%', note: 'area of cells without fillers and taps' },
    Float32Array.from(sums, (s, t) => (100 * s) / areas[t]),
  );
}

function pinDensity(input: ViewInput, g: Grid): HeatMap {
  const { netlist, placement, kit } = input;
  const sums = new Float64Array(g.columns * g.rows);
  netlist.instMaster.forEach((m, i) => {
    const { widthDbu, heightDbu } = kit.masters[m];
    const tile =
      rowOf(g, placement.yDbu[i] + heightDbu / 2) * g.columns + columnOf(g, placement.xDbu[i] + widthDbu / 2);
    for (let p = netlist.instPinStart[i]; p < netlist.instPinStart[i + 1]; p++)
      if (netlist.pinNet[p] !== NONE) sums[tile]++;
  });
  const areas = tileAreas(g, input);
  const perUm2 = kit.tech.dbuPerUm ** 2;
  return mapOf(
    g,
    {
      id: 'pins',
      label: 'Pin density',
      unit: 'pins/µm²',
      note: 'connected pins, at the centre of their cell',
    },
    Float32Array.from(sums, (s, t) => (s * perUm2) / areas[t]),
  );
}

/** Length of signal wire over length of track, on the layers that signals may use in that direction. */
function routingUse(input: ViewInput, g: Grid, direction: 'H' | 'V'): HeatMap {
  const { routing, kit } = input;
  const { layers } = kit.tech;
  const index = (name: string): number => layers.findIndex((l) => l.name === name);
  const [low, high] = [index(kit.roles.minSignalLayer), index(kit.roles.maxSignalLayer)];
  const pitch = new Float64Array(layers.length);
  let perDbu = 0;
  layers.forEach((l, k) => {
    if (l.kind !== 'routing' || l.direction !== direction || k < low || k > high) return;
    pitch[k] = (l as RoutingLayer).pitchDbu;
    perDbu += 1 / pitch[k];
  });
  const sums = new Float64Array(g.columns * g.rows);
  const { wires } = routing!;
  for (let w = 0; w < wires.length; w += 5) {
    const isAlong = (direction === 'H') === wires[w + 4] - wires[w + 2] < wires[w + 3] - wires[w + 1];
    if (pitch[wires[w]] === 0 || !isAlong) continue;
    const [x, y] = direction === 'H' ? [0, 1] : [1, 0];
    addArea(g, sums, wires[w + 1], wires[w + 2], wires[w + 3] + x, wires[w + 4] + y, 1);
  }
  const areas = tileAreas(g, input);
  const way = direction === 'H' ? 'horizontal' : 'vertical';
  return mapOf(
    g,
    {
      id: `route${direction}`,
      label: `Routing use, ${way}`,
      unit: '%',
      note: `signal wire over tracks, ${way} layers ${kit.roles.minSignalLayer} to ${kit.roles.maxSignalLayer}`,
    },
    Float32Array.from(sums, (s, t) => (perDbu === 0 ? 0 : (100 * s) / (areas[t] * perDbu))),
  );
}

function slack(input: ViewInput, g: Grid): HeatMap {
  const values = new Float32Array(g.columns * g.rows).fill(NaN);
  const slacks = input.timing!.instSlackPs;
  eachTile(input, g, (cell, tile) => {
    if (slacks[cell] < NO_SLACK / 2 && !(slacks[cell] >= values[tile])) values[tile] = slacks[cell];
  });
  return mapOf(
    g,
    {
      id: 'slack',
      label: 'Setup slack',
      unit: 'ps',
      note: 'worst through any cell of the tile',
      isLowBad: true,
    },
    values,
  );
}

function powerDensity(input: ViewInput, g: Grid): HeatMap {
  const { instSwitchingMw, instInternalMw, instLeakageMw } = input.power!;
  const sums = new Float64Array(g.columns * g.rows);
  eachTile(input, g, (cell, tile) => {
    sums[tile] += instSwitchingMw[cell] + instInternalMw[cell] + instLeakageMw[cell];
  });
  const areas = tileAreas(g, input);
  const scale = 1000 * input.kit.tech.dbuPerUm ** 2;
  return mapOf(
    g,
    { id: 'power', label: 'Power density', unit: 'µW/µm²', note: 'modelled, from replayed activity' },
    Float32Array.from(sums, (s, t) => (s * scale) / areas[t]),
  );
}

function irDrop(input: ViewInput, g: Grid): HeatMap {
  const { instDropMv } = input.irDrop!;
  const values = new Float32Array(g.columns * g.rows).fill(NaN);
  eachTile(input, g, (cell, tile) => {
    if (instDropMv[cell] > 0 && !(instDropMv[cell] <= values[tile])) values[tile] = instDropMv[cell];
  });
  return mapOf(
    g,
    {
      id: 'ir',
      label: 'IR drop',
      unit: 'mV',
      note: 'worst cell of the tile, supply and ground; pads modelled',
    },
    values,
  );
}

function eachTile(input: ViewInput, g: Grid, visit: (cell: number, tile: number) => void): void {
  const { netlist, placement, kit } = input;
  netlist.instMaster.forEach((m, i) => {
    const { widthDbu, heightDbu } = kit.masters[m];
    const row = rowOf(g, placement.yDbu[i] + heightDbu / 2);
    visit(i, row * g.columns + columnOf(g, placement.xDbu[i] + widthDbu / 2));
  });
}
