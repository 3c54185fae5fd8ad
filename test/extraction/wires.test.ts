import { describe, expect, test } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import {
  estimateParasitics,
  extractParasitics,
  readSpef,
  routedLengthsUm,
  verifyParasitics,
  verifySpef,
  writeSpef,
} from '../../src-main/stages/extraction/index.ts';
import { steinerTree } from '../../src-main/stages/extraction/steiner.ts';
import { readNetlist } from '../../src-main/stages/netlist/index.ts';
import type { Routing } from '../../src-main/stages/routing/types.ts';
import { codeOf } from '../support/code-of.ts';
import { scatter } from '../support/scatter.ts';
import { toyTimingKit } from '../support/toy-timing-kit.ts';

const kit = toyTimingKit();

describe('Steiner trees', () => {
  const lengthOf = (t: ReturnType<typeof steinerTree>): number =>
    t.parent.reduce(
      (s, p, v) => (p < 0 ? s : s + Math.abs(t.x[v]! - t.x[p]!) + Math.abs(t.y[v]! - t.y[p]!)),
      0,
    );

  test('three pins: half the perimeter of their box', () => {
    expect(lengthOf(steinerTree([0, 10, 4], [0, 2, 9]))).toBe(19);
  });

  test('a cross costs two bars', () => {
    expect(lengthOf(steinerTree([0, 10, 5, 5], [5, 5, 0, 10]))).toBe(20);
  });

  test.each([1, 2, 3])('random pins, seed %i: connected, between half perimeter and chain', (seed) => {
    const rng = makeRng(seed);
    const x = Array.from({ length: 40 }, () => Math.floor(rng() * 1000));
    const y = Array.from({ length: 40 }, () => Math.floor(rng() * 1000));
    const tree = steinerTree(x, y);
    for (let v = 0; v < tree.parent.length; v++) {
      let steps = 0;
      for (let u = v; tree.parent[u]! >= 0; u = tree.parent[u]!)
        expect(steps++).toBeLessThan(tree.parent.length);
    }
    const half = Math.max(...x) - Math.min(...x) + Math.max(...y) - Math.min(...y);
    expect(lengthOf(tree)).toBeGreaterThanOrEqual(half);
    expect(lengthOf(tree)).toBeLessThanOrEqual(spanningLength(x, y));
  });
});

/** Length of a minimum spanning tree, by Kruskal: what a Steiner tree must not exceed. */
function spanningLength(x: readonly number[], y: readonly number[]): number {
  const edges: [number, number, number][] = [];
  for (let i = 0; i < x.length; i++)
    for (let j = 0; j < i; j++) edges.push([Math.abs(x[i]! - x[j]!) + Math.abs(y[i]! - y[j]!), i, j]);
  const group = x.map((_, i) => i);
  let length = 0;
  for (const [d, i, j] of edges.sort((a, b) => a[0] - b[0])) {
    if (group[i] === group[j]) continue;
    const [from, to] = [group[i]!, group[j]!];
    group.forEach((g, k) => {
      if (g === from) group[k] = to;
    });
    length += d;
  }
  return length;
}

/** a -> i1 -> n -> i2, i3; pin shapes are 100 x 100 at the lower left of each cell, on m1. */
const netlist = readNetlist(
  'module top (a, z, y); input a; output z, y; wire n;' +
    ' INV i1 (.A(a), .Z(n)); INV i2 (.A(n), .Z(z)); INV i3 (.A(n), .Z(y)); endmodule',
  kit,
).value;
const N = netlist.netNames.indexOf('n');
const placement = {
  xDbu: Int32Array.of(0, 10_000, 20_000),
  yDbu: Int32Array.of(0, 4_000, 0),
  orient: new Uint8Array(3),
  isFixed: new Uint8Array(3),
};
const { floorplan } = scatter(netlist, kit, 1);

function routingOf(wires: readonly number[][], vias: readonly number[][]): Routing {
  const nets = netlist.netNames.length;
  const starts = (count: number): Int32Array =>
    Int32Array.from({ length: nets + 1 }, (_, n) => (n > N ? count : 0));
  return {
    wireStart: starts(wires.length),
    wires: Int32Array.from(wires.flat()),
    viaStart: starts(vias.length),
    vias: Int32Array.from(vias.flat()),
    failedNets: [],
  };
}

/** m3 trunk from i1 to i3 at y 50; m2 branch up to i2 at x 10050; stacks of vias at the ends. */
const WIRES = [
  [4, 50, 50, 20_050, 50],
  [2, 10_050, 50, 10_050, 4_050],
];
const VIAS = [
  [0, 50, 50],
  [1, 50, 50],
  [0, 10_050, 4_050],
  [1, 10_050, 50],
  [0, 20_050, 50],
  [1, 20_050, 50],
];

describe('extraction', () => {
  const extract = (wires = WIRES, vias = VIAS) =>
    extractParasitics(netlist, placement, floorplan, routingOf(wires, vias), kit);

  function figures(wires = WIRES, vias = VIAS) {
    const { value: p } = extract(wires, vias);
    const first = p.nodeStart[N]!;
    const ohm: Record<string, number> = {};
    let fF = 0;
    const path: number[] = [];
    for (let k = first; k < p.nodeStart[N + 1]!; k++) {
      fF += p.nodeCapFf[k]!;
      path.push(k === first ? 0 : path[p.nodeParent[k]!]! + p.nodeResKohm[k]! * 1000);
      const i = netlist.instPinStart.findLastIndex((s) => s <= p.nodePin[k]!);
      if (p.nodePin[k]! >= 0) ohm[netlist.instNames[i]!] = path.at(-1)!;
    }
    return { fF, ohm };
  }

  test('resistance and capacitance by hand', () => {
    const { fF, ohm } = figures();
    // m3: 20 um of 0.1 fF and 2 Ohm; m2: 4 um of 0.2 fF and 4 Ohm; vias 5 Ohm each.
    expect(fF).toBeCloseTo(20 * 0.1 + 4 * 0.2, 9);
    expect(ohm).toEqual({
      i1: 0,
      i2: expect.closeTo(10 + 20 + 5 + 16 + 5, 9),
      i3: expect.closeTo(10 + 40 + 10, 9),
    });
    expect(routedLengthsUm(netlist, routingOf(WIRES, VIAS), kit)[N]).toBe(24);
  });

  test('overlapping wires are one wire, a loop goes the way of least resistance', () => {
    const doubled = figures([...WIRES, [4, 5_000, 50, 15_000, 50]]);
    expect(doubled.fF).toBeCloseTo(2.8, 9);
    expect(doubled.ohm).toEqual(figures().ohm);
    const loop = figures(
      [...WIRES, [4, 10_050, 4_050, 20_050, 4_050], [2, 20_050, 50, 20_050, 4_050]],
      [...VIAS, [1, 10_050, 4_050], [1, 20_050, 4_050]],
    );
    expect(loop.fF).toBeCloseTo(2.8 + 10 * 0.1 + 4 * 0.2, 9);
    expect(loop.ohm).toEqual(figures().ohm);
  });

  test('a net whose wires miss a pin is estimated and said so', () => {
    const { value, diagnostics } = extract(WIRES, VIAS.slice(0, 5));
    expect(diagnostics.map((d) => [d.code, d.place])).toContainEqual(['EXTRACT-001', 'n']);
    expect(value.nodeCapFf.subarray(value.nodeStart[N], value.nodeStart[N + 1]).length).toBeGreaterThan(0);
  });

  test('the judge accepts it, and sees capacitance, pins and parents that are wrong', () => {
    const routing = routingOf(WIRES, VIAS);
    const { value, diagnostics } = extract();
    const estimated = new Set(diagnostics.map((d) => d.place!));
    const judge = (p: typeof value): string[] =>
      verifyParasitics(p, netlist, kit, { routing, floorplan }, estimated).map((d) => d.code);
    expect(judge(value)).toEqual([]);
    const change = (edit: (p: typeof value) => void): string[] => {
      const copy = structuredClone(value);
      edit(copy);
      return judge(copy);
    };
    const first = value.nodeStart[N]!;
    expect(change((p) => (p.nodeCapFf[first + 2]! += 0.01))).toContain('EXTRACT-024');
    expect(change((p) => (p.nodePin[first] = -1))).toContain('EXTRACT-022');
    expect(change((p) => (p.nodeParent[first + 1] = 1))).toContain('EXTRACT-021');
    expect(change((p) => (p.nodeResKohm[first + 1] = -1))).toContain('EXTRACT-023');
  });
});

describe('SPEF', () => {
  const p = estimateParasitics(netlist, placement, kit, floorplan);
  const text = writeSpef(p, netlist, kit);

  test('comes back the same, and a changed value is seen', () => {
    expect(verifySpef(readSpef(text, netlist, kit), p, netlist)).toEqual([]);
    expect(writeSpef(readSpef(text, netlist, kit), netlist, kit)).toBe(text);
    const wrong = text.replace(/(\*CAP\n1 \S+ )\S+/, '$19.75');
    expect(verifySpef(readSpef(wrong, netlist, kit), p, netlist).map((d) => d.code)).toEqual(['EXTRACT-025']);
  });

  test('names as Verilog has them: whole vectors plain, other brackets escaped', () => {
    const odd = readNetlist(
      'module top (v, z); input [1:0] v; output z; wire \\w[3] ; INV \\i[0] (.A(v[0]), .Z(\\w[3] ));' +
        ' NAND g (.A(\\w[3] ), .B(v[1]), .Z(z)); endmodule',
      kit,
    ).value;
    const { placement: where, floorplan: plan } = scatter(odd, kit, 2);
    const wires = estimateParasitics(odd, where, kit, plan);
    const spef = writeSpef(wires, odd, kit);
    for (const name of ['v[0] I', ' v[1]', ' w\\[3\\]', ' i\\[0\\]']) expect(spef).toContain(name);
    expect(verifySpef(readSpef(spef, odd, kit), wires, odd)).toEqual([]);
  });

  test.each([
    [/\*D_NET \*\d+/, '*D_NET *999', 'EXTRACT-010'],
    [/\*C_UNIT 1 FF/, '*C_UNIT 1 MF', 'EXTRACT-010'],
    [/\*CAP\n1 (\S+) \S+/, '*CAP\n1 $1 much', 'EXTRACT-010'],
    [/\*CAP\n1 (\S+) (\S+)/, '*CAP\n1 $1 $1 $2', 'EXTRACT-010'],
    [/\*I (\S+):Z/, '*I $1:Q', 'EXTRACT-010'],
    [/\*I \S+:Z O.*\n/, '', 'EXTRACT-011'],
  ])('refuses %s made %j', (from, to, code) => {
    expect(codeOf(() => readSpef(text.replace(from, to), netlist, kit)).code).toBe(code);
  });
});
