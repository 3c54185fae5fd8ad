/** Where wires crowd: the load of tiles filled by hand, and the room that cells in them are given. */
import { describe, expect, test } from 'vitest';
import { ORIENT_N } from '../../src-main/base/geometry.ts';
import type { Floorplan } from '../../src-main/stages/floorplan/types.ts';
import { assembleNetlist } from '../../src-main/stages/netlist/connectivity.ts';
import type { Netlist } from '../../src-main/stages/netlist/types.ts';
import {
  DEFAULT_CONGESTION,
  estimateCongestion,
  padCongested,
  type CongestionOptions,
} from '../../src-main/stages/placement/congestion.ts';
import type { Placement } from '../../src-main/stages/placement/types.ts';
import { miniKit } from '../support/mini-chip.ts';

const [SITE, ROW] = [miniKit.tech.siteWidthDbu, miniKit.tech.rowHeightDbu];
const TILE = 20_000;
const ROWS = 14;
const SITES = 105;
/** Two by two tiles. */
const DIE = { x1: 0, y1: 0, x2: 2 * TILE, y2: 2 * TILE };
const floorplan: Floorplan = {
  die: DIE,
  core: DIE,
  rows: Array.from({ length: ROWS }, (_, r) => ({
    name: `r${r}`,
    xDbu: 0,
    yDbu: r * ROW,
    sites: SITES,
    orient: ORIENT_N,
  })),
  tracks: [],
  portPins: [],
  powerShapes: [],
  powerVias: [],
  powerViaDefs: [],
};
/** Inverters, two sites wide. */
const INVERTER = 0;
const PINS = miniKit.masters[INVERTER].pins.length;
const [INPUT, OUTPUT] = ['A0', 'Z'].map((name) =>
  miniKit.masters[INVERTER].pins.findIndex((p) => p.name === name),
);

interface Pair {
  readonly from: readonly [x: number, y: number];
  readonly to: readonly [x: number, y: number];
}

/** Each pair is an inverter that drives another one; nothing else is connected. */
function pairs(list: readonly Pair[]): { netlist: Netlist; placement: Placement } {
  const insts = 2 * list.length;
  const pinNet = new Int32Array(insts * PINS).fill(-1);
  list.forEach((_, n) => {
    pinNet[2 * n * PINS + OUTPUT] = n;
    pinNet[(2 * n + 1) * PINS + INPUT] = n;
  });
  const at = list.flatMap((p) => [p.from, p.to]);
  return {
    netlist: assembleNetlist(
      {
        top: 'pairs',
        instNames: at.map((_, i) => `u${i}`),
        instMaster: new Int32Array(insts).fill(INVERTER),
        instPinStart: Int32Array.from({ length: insts + 1 }, (_, i) => i * PINS),
        pinNet,
        netNames: list.map((_, n) => `n${n}`),
        ports: [],
        netIsClock: new Uint8Array(list.length),
      },
      miniKit,
    ),
    placement: {
      xDbu: Int32Array.from(at, ([x]) => x),
      yDbu: Int32Array.from(at, ([, y]) => y),
      orient: new Uint8Array(insts),
      isFixed: new Uint8Array(insts),
    },
  };
}

const crowd = (count: number): Pair[] =>
  Array.from({ length: count }, () => ({ from: [2000, 2 * ROW], to: [12_000, 2 * ROW] }));
/** In the upper right tile, alone. */
const LONELY: Pair = { from: [30_000, 10 * ROW], to: [34_000, 10 * ROW] };

const load = (list: readonly Pair[], options: Partial<CongestionOptions>): number[] => {
  const { netlist, placement } = pairs(list);
  const all = { ...DEFAULT_CONGESTION, ...options };
  return [...estimateCongestion(netlist, miniKit, floorplan, placement, all).load];
};

describe('load', () => {
  const onlyWires = { pinsPerUm2Max: Infinity, trackShareMax: 0.5 };
  /** Length of track in a tile: metal2 to metal6. */
  const tracksDbu = TILE * TILE * (1 / 380 + 1 / 280 + 3 / 560);

  test('of wires: their length over half of the tracks of the tile they stand in, and nothing elsewhere', () => {
    const [here, ...others] = load(crowd(30), onlyWires);
    expect(here).toBeCloseTo((30 * 10_000) / (0.5 * tracksDbu), 9);
    expect(others).toEqual([0, 0, 0]);
  });

  test('of a wire across tiles: shared by the length in each', () => {
    const [left, right] = load(
      [{ from: [TILE - 6000 - SITE, ROW], to: [TILE + 2000 - SITE, ROW] }],
      onlyWires,
    );
    expect(left! + right!).toBeCloseTo(8000 / (0.5 * tracksDbu), 9);
    expect(left! / right!).toBeCloseTo(3, 9);
  });

  test('of pins: how many by area', () => {
    const [here] = load(crowd(30), { trackShareMax: Infinity, pinsPerUm2Max: 0.25 });
    expect(here).toBeCloseTo(60 / 100 / 0.25, 9);
  });
});

describe('room', () => {
  const COUNT = 100;
  const chip = pairs([...crowd(COUNT), LONELY]);
  const pad = (utilizationMax: number, given: Uint8Array, placement = chip.placement): Uint8Array =>
    padCongested(chip.netlist, miniKit, floorplan, placement, given, {
      ...DEFAULT_CONGESTION,
      utilizationMax,
    }).padding;
  const given = new Uint8Array(2 * COUNT + 2).fill(1);

  test('goes to movable cells of the crowded tile, on top of what they had', () => {
    const isFixed = chip.placement.isFixed.slice().fill(1, 0, 10);
    const padding = pad(0.9, given, { ...chip.placement, isFixed });
    expect(padding.slice(0, 10)).toEqual(given.slice(0, 10));
    expect(padding.slice(-2)).toEqual(given.slice(-2));
    const crowded = padding.slice(10, 2 * COUNT);
    expect(Math.min(...crowded)).toBeGreaterThan(1);
    expect(padding).toEqual(pad(0.9, given, { ...chip.placement, isFixed }));
  });

  test.each([0.3, 0.42, 0.45, 0.5, 0.6, 0.9])(
    'never takes more than the rows hold at %f',
    (utilizationMax) => {
      const before = 3 * (2 * COUNT + 2);
      const after = pad(utilizationMax, given).reduce((sum, p) => sum + 2 + p, 0);
      // Rounded by carrying, so half a site more at most.
      expect(after).toBeLessThanOrEqual(Math.max(before, utilizationMax * ROWS * SITES + 0.5));
      if (utilizationMax * ROWS * SITES > before + 1) expect(after).toBeGreaterThan(before);
    },
  );
});
