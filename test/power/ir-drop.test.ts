import { describe, expect, test } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import { makeFloorplan } from '../../src-main/stages/floorplan/index.ts';
import { markClocks, readNetlist } from '../../src-main/stages/netlist/index.ts';
import { legalise, placeGlobal } from '../../src-main/stages/placement/index.ts';
import {
  analyzeIrDrop,
  analyzePower,
  solveDrops,
  verifyIrDrop,
  type PowerMesh,
} from '../../src-main/stages/power/index.ts';
import { solveMesh } from '../../src-main/stages/power/solve-mesh.ts';
import { codeOf } from '../support/code-of.ts';
import { kitFiles, kitNote, nangate45 } from '../support/kit.ts';
import { randomVerilog } from '../support/netlists.ts';

const mesh = (edges: readonly [number, number, number][], drawMa: number[], pads: number[]): PowerMesh => ({
  net: 'power',
  xDbu: Float64Array.from(drawMa, (_, n) => n),
  yDbu: new Float64Array(drawMa.length),
  layer: new Uint8Array(drawMa.length),
  isPad: Uint8Array.from(drawMa, (_, n) => (pads.includes(n) ? 1 : 0)),
  drawMa: Float64Array.from(drawMa),
  edgeA: Int32Array.from(edges, (e) => e[0]),
  edgeB: Int32Array.from(edges, (e) => e[1]),
  edgeOhm: Float64Array.from(edges, (e) => e[2]),
  instNode: new Int32Array(0),
  unplacedMa: 0,
});

describe('meshes', () => {
  test('a ladder solved by hand: 2, 3 and 4 Ohm in a row, 1, 2 and 5 mA at their ends', () => {
    const ladder = mesh(
      [
        [0, 1, 2],
        [1, 2, 3],
        [2, 3, 4],
      ],
      [0, 1, 2, 5],
      [0],
    );
    const { dropMv, worstMv, residual } = solveDrops(ladder);
    expect([...dropMv].map((v) => Number(v.toFixed(9)))).toEqual([0, 16, 37, 57]);
    expect(worstMv).toBeCloseTo(57, 9);
    expect(residual).toBeLessThan(1e-9);
  });

  test('fed from both ends, and two resistors side by side', () => {
    // 6 mA in the middle of 2 Ohm and 1 Ohm: 2 mA one way, 4 mA the other.
    expect(
      solveDrops(
        mesh(
          [
            [0, 1, 2],
            [1, 2, 1],
          ],
          [0, 6, 0],
          [0, 2],
        ),
      ).dropMv[1],
    ).toBeCloseTo(4, 9);
    expect(
      solveDrops(
        mesh(
          [
            [0, 1, 2],
            [0, 1, 2],
          ],
          [0, 6],
          [0],
        ),
      ).dropMv[1],
    ).toBeCloseTo(6, 9);
  });

  test('cells that no pad reaches are refused', () => {
    expect(codeOf(() => solveDrops(mesh([[0, 1, 1]], [0, 1, 1], [0]))).code).toBe('POWER-010');
  });

  test('a random mesh of 12 x 12 agrees with plain relaxation', () => {
    const side = 12;
    const rng = makeRng(4);
    const edges: [number, number, number][] = [];
    for (let r = 0; r < side; r++)
      for (let c = 0; c < side; c++) {
        if (c + 1 < side) edges.push([r * side + c, r * side + c + 1, 0.1 + rng()]);
        if (r + 1 < side) edges.push([r * side + c, (r + 1) * side + c, 0.1 + rng()]);
      }
    const draw = Array.from({ length: side * side }, () => rng());
    const { dropMv } = solveDrops(mesh(edges, draw, [0, side * side - 1]));
    const x = new Float64Array(side * side);
    const near: [number, number][][] = x.reduce<[number, number][][]>((a) => [...a, []], []);
    for (const [a, b, ohm] of edges) {
      near[a]!.push([b, 1 / ohm]);
      near[b]!.push([a, 1 / ohm]);
    }
    for (let sweep = 0; sweep < 20_000; sweep++)
      for (let n = 1; n < x.length - 1; n++) {
        let [sum, all] = [draw[n]!, 0];
        for (const [m, g] of near[n]!) {
          sum += g * x[m]!;
          all += g;
        }
        x[n] = sum / all;
      }
    x.forEach((v, n) => expect(dropMv[n]).toBeCloseTo(v, 4));
  });

  test('no iteration, no solution: the residual says so', () => {
    const one = { rowStart: Int32Array.of(0, 1), column: Int32Array.of(0), value: Float64Array.of(2) };
    expect(solveMesh(one, Float64Array.of(4), 1e-9, 0)).toMatchObject({ iterations: 0, residual: 1 });
    expect(solveMesh(one, Float64Array.of(4)).x[0]).toBeCloseTo(2, 12);
  });
});

describe.skipIf(!kitFiles)(`NanGate45${kitNote}`, () => {
  test('a placed chip: every cell on its rail, currents balance, a damaged report is seen', () => {
    const kit = nangate45();
    const plan = makeFloorplan(markClocks(readNetlist(randomVerilog(3, 400, 40), kit).value, kit), kit, {
      utilization: 0.4,
    });
    const { netlist, floorplan } = plan;
    const rough = placeGlobal(netlist, kit, floorplan, plan.placement, { seed: 1 });
    const { placement } = legalise(netlist, kit, floorplan, rough.placement);
    const power = analyzePower(netlist, kit, null, {
      togglesPerCycle: new Float64Array(netlist.netNames.length).fill(0.3),
      probabilityOne: null,
      clockPeriodPs: 1000,
      pinSlewPs: new Float64Array(2 * (netlist.pinNet.length + netlist.ports.length)).fill(20),
      outputLoadFf: 4,
    });
    const report = analyzeIrDrop(netlist, kit, floorplan, placement, power);
    expect(verifyIrDrop(report, power)).toEqual([]);
    expect(report.supply.mesh.unplacedMa).toBe(0);
    expect(report.worstMv).toBeGreaterThan(0);
    const codes = (r: typeof report): string[] => [...new Set(verifyIrDrop(r, power).map((d) => d.code))];
    const dropMv = report.supply.dropMv.slice();
    dropMv[dropMv.length - 1]! += 0.1;
    expect(codes({ ...report, supply: { ...report.supply, dropMv } })).toContain('POWER-011');
    const drawMa = report.supply.mesh.drawMa.map((ma) => ma / 2);
    const half = solveDrops({ ...report.supply.mesh, drawMa });
    expect(codes({ ...report, supply: half })).toContain('POWER-012');
    expect(codes({ ...report, worstMv: report.worstMv / 2 })).toEqual(['POWER-013']);
  });
});
