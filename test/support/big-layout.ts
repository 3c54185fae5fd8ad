/** A made-up chip of any size as the views have it: 24,000 cells in rows, wires and cuts on six metals, four blocks. */
import { makeRng } from '../../src-main/base/rng.ts';
import { CELL_KINDS, type LayoutView } from '../../src-main/base/layout-view.ts';
import { overviewOf } from '../../src-main/stages/view/index.ts';
import type { TimingView, ViewPath, ViewStage } from '../../src-main/base/timing-view.ts';

export const BIG_CELLS = 24_000;
const COLUMNS = 160;
const CELL = 1900;
const ROW = 2800;
const lines = (count: number, name: (i: number) => string): Uint8Array =>
  new TextEncoder().encode(Array.from({ length: count }, (_, i) => name(i)).join('\n'));

/** Wires and two pads and a cut for each: `shapes` rectangles in all. */
export function bigLayout(shapes: number): LayoutView {
  const uniform = makeRng(7);
  const below = (n: number): number => Math.floor(uniform() * n);
  const rows = BIG_CELLS / COLUMNS;
  const [w, h] = [COLUMNS * CELL, rows * ROW];
  const layers = Array.from({ length: 11 }, (_, k) => ({
    name: k % 2 === 0 ? `metal${k / 2 + 1}` : `via${(k + 1) / 2}`,
    kind: k % 2 === 0 ? ('routing' as const) : ('cut' as const),
    direction: k % 2 === 1 ? null : k % 4 === 0 ? ('H' as const) : ('V' as const),
    gdsLayer: 10 + k,
  }));
  const cells = new Int32Array(4 * BIG_CELLS);
  for (let c = 0; c < BIG_CELLS; c++) {
    const [x, y] = [(c % COLUMNS) * CELL, Math.floor(c / COLUMNS) * ROW];
    cells.set([x, y, x + CELL, y + ROW], 4 * c);
  }
  const perLayer = Math.floor(shapes / 11);
  const counts = layers.map((_, k) => (k === 0 ? shapes - 10 * perLayer : perLayer));
  const shapeStart = Int32Array.from([0, ...counts]);
  for (let k = 0; k < 11; k++) shapeStart[k + 1] += shapeStart[k];
  const rects = new Int32Array(4 * shapes);
  const shapeNet = new Int32Array(shapes);
  for (let k = 0; k < 11; k++)
    for (let s = shapeStart[k]; s < shapeStart[k + 1]; s++) {
      const long = layers[k].kind === 'cut' ? 140 : 140 + below(300) * below(100);
      const [dx, dy] = layers[k].direction === 'V' ? [140, long] : [long, 140];
      const x = below(Math.max(1, w - dx));
      const y = below(Math.max(1, h - dy));
      rects.set([x, y, x + dx, y + dy], 4 * s);
      shapeNet[s] = below(BIG_CELLS);
    }
  const netShapeStart = new Int32Array(BIG_CELLS + 1);
  for (const n of shapeNet) netShapeStart[n + 1]++;
  for (let n = 0; n < BIG_CELLS; n++) netShapeStart[n + 1] += netShapeStart[n];
  const next = netShapeStart.slice();
  const netShapes = new Int32Array(shapes);
  shapeNet.forEach((n, s) => (netShapes[next[n]++] = s));
  const tile = Math.ceil(Math.max(w, h) / 48);
  const [columns, tiles] = [Math.ceil(w / tile), Math.ceil(h / tile)];
  const values = Float32Array.from({ length: columns * tiles }, (_, i) => (i % columns) * 2);
  const module = (name: string, parent: number, count: number): LayoutView['modules'][number] => ({
    name,
    path: parent < 0 ? '' : name,
    parent,
    depth: parent + 1,
    cells: count,
    flops: 0,
    areaUm2: count * 1.33,
  });
  // Cell c drives net c from pin Z; its pin A is on the net of the cell before it.
  const pinNet = Int32Array.from({ length: 2 * BIG_CELLS }, (_, p) =>
    p % 2 === 1 ? p >> 1 : ((p >> 1) + BIG_CELLS - 1) % BIG_CELLS,
  );
  return {
    top: 'big',
    dbuPerUm: 2000,
    die: Int32Array.of(0, 0, w, h),
    core: Int32Array.of(0, 0, w, h),
    layers,
    shapes: rects,
    shapeStart,
    shapeNet,
    power: new Int32Array(0),
    powerStart: new Int32Array(12),
    powerNet: new Uint8Array(0),
    netShapeStart,
    netShapes,
    netPinStart: Int32Array.from({ length: BIG_CELLS + 1 }, (_, n) => 2 * n),
    netPins: Int32Array.from({ length: 2 * BIG_CELLS }, (_, k) =>
      k % 2 === 0 ? k + 1 : 2 * (((k >> 1) + 1) % BIG_CELLS),
    ),
    netIsClock: Uint8Array.from({ length: BIG_CELLS }, (_, n) => (n === 5 ? 1 : 0)),
    netNames: lines(BIG_CELLS, (i) => `block${i % 4}.n[${i}]`),
    cellNames: lines(BIG_CELLS, (i) => `cell_${i}`),
    cells,
    cellMaster: new Uint16Array(BIG_CELLS),
    cellOrient: new Uint8Array(BIG_CELLS),
    cellKind: new Uint8Array(BIG_CELLS).fill(CELL_KINDS.indexOf('logic')),
    cellModule: Int32Array.from(
      { length: BIG_CELLS },
      (_, c) => 1 + Math.floor((4 * (c % COLUMNS)) / COLUMNS),
    ),
    cellPinStart: Int32Array.from({ length: BIG_CELLS + 1 }, (_, c) => 2 * c),
    pinNet,
    cellSlackPs: new Float32Array(BIG_CELLS).fill(12.5),
    cellPowerUw: new Float32Array(BIG_CELLS).fill(0.5),
    masters: [
      {
        name: 'BUF_X1',
        widthDbu: CELL,
        heightDbu: ROW,
        areaUm2: 1.33,
        pins: ['A', 'Z'],
        firstShape: 0,
        shapes: 2,
      },
    ],
    masterShapes: Int32Array.of(0, 200, 600, 340, 2200, 0, 0, 1500, 600, 1640, 2200, 1),
    modules: [
      module('big', -1, BIG_CELLS),
      ...[0, 1, 2, 3].map((k) => module(`block${k}`, 0, BIG_CELLS / 4)),
    ],
    ports: [{ name: 'in', direction: 'input', net: 0 }],
    portShapes: Int32Array.of(2, 0, 4000, 140, 4140),
    rows: Int32Array.from(Array.from({ length: rows }, (_, r) => [0, r * ROW, w, (r + 1) * ROW]).flat()),
    tracks: Int32Array.of(0, 140, 280, Math.floor(h / 280), 2, 190, 380, Math.floor(w / 380)),
    overview: overviewOf(Int32Array.of(0, 0, w, h), 11, { rects, start: shapeStart }),
    heat: [
      {
        id: 'cells',
        label: 'Cell density',
        unit: '%',
        note: 'made up',
        columns,
        rows: tiles,
        tileDbu: tile,
        values,
        isLowBad: false,
      },
    ],
  };
}

const ENDPOINTS = 500;

/** Endpoints in two groups, slacks from -50 ps on; the worst forty paths of each check through cells in a chain. */
export function madeUpTiming(): TimingView {
  const slack = Float32Array.from({ length: ENDPOINTS }, (_, i) => -50 + 1.5 * i);
  const path = (check: 'setup' | 'hold', k: number): ViewPath => {
    const cells = [k * 200, k * 200 + 1, k * 200 + 161, k * 200 + 322];
    return {
      check,
      start: `cell_${cells[0]}/Z`,
      endpoint: `cell_${cells[3]}/A`,
      group: k % 2 === 0 ? 0 : 2,
      slackPs: slack[k],
      arrivalPs: 90,
      requiredPs: check === 'setup' ? 90 + slack[k] : 90 - slack[k],
      checkPs: 30,
      capturePs: 1000,
      uncertaintyPs: 0,
      launchPs: 0,
      skewPs: 0,
      cellPs: 60,
      wirePs: 30,
      levels: 3,
      fanoutMax: 2,
      lengthUm: 12.5,
      cause: k % 3 === 0 ? 'wire' : 'depth',
      firstData: 0,
      stages: cells.flatMap((cell, i): ViewStage[] => {
        const stage = { edge: 'rise', slewPs: 10, loadFf: 2, lengthUm: 4, cell, net: cell } as const;
        const gate = {
          ...stage,
          name: `cell_${cell}/Z`,
          master: 'BUF_X1',
          kind: 'cell',
          delayPs: 20,
          arrivalPs: 30 * i,
          fanout: 2,
        } as const;
        const wire = {
          ...stage,
          name: `cell_${cell}/A`,
          master: 'BUF_X1',
          kind: 'net',
          delayPs: 10,
          arrivalPs: 30 * i - 20,
          fanout: 0,
        } as const;
        return i === 0 ? [{ ...gate, kind: 'start' as const, delayPs: 0 }] : [wire, gate];
      }),
    };
  };
  return {
    periodPs: 1000,
    clockName: 'clk',
    parasitics: 'routed',
    clockMhz: 950,
    skewPs: 12,
    setup: { worstPs: -50, tnsPs: -900, violations: 34 },
    hold: { worstPs: -50, tnsPs: -900, violations: 34 },
    groups: ['register to register', 'input to register', 'register to output'],
    endpointNames: lines(ENDPOINTS, (i) => `cell_${200 * i + 322}/A`),
    setupSlackPs: slack,
    holdSlackPs: slack,
    setupGroup: Uint8Array.from({ length: ENDPOINTS }, (_, i) => (i % 2 === 0 ? 0 : 2)),
    holdGroup: new Uint8Array(ENDPOINTS),
    paths: (['setup', 'hold'] as const).flatMap((check) =>
      Array.from({ length: 40 }, (_, k) => path(check, k)),
    ),
  };
}
