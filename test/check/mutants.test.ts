/** A clean layout is broken in one place; the check must say so. A check that accepts a mutant is no check. */
import { describe, expect, test } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import { checkLayout, type CheckReport } from '../../src-main/stages/check/index.ts';
import { readGds, writeGds, type LayoutDesign } from '../../src-main/stages/layout/index.ts';
import { kitFiles, kitGds, kitNote, nangate45 } from '../support/kit.ts';
import { tinyLayout } from '../support/tiny-layout.ts';

const run = (design: LayoutDesign): CheckReport => {
  const [kit, gds] = [nangate45(), kitGds()];
  return checkLayout(readGds(writeGds(design, gds)).value, design.netlist, kit);
};
const rulesOf = (report: CheckReport): string[] => [...new Set(report.violations.map((v) => v.rule))];

/** The design with the wires (or vias) of its nets changed. */
function withWires(design: LayoutDesign, change: (wires: number[], vias: number[]) => void): LayoutDesign {
  const routing = design.routing!;
  const [wires, vias] = [[...routing.wires], [...routing.vias]];
  change(wires, vias);
  return { ...design, routing: { ...routing, wires: Int32Array.from(wires), vias: Int32Array.from(vias) } };
}

describe.skipIf(!kitFiles)(`check of a small layout${kitNote}`, () => {
  test('the layout drawn by hand is clean, and every rule looked at something', () => {
    const report = run(tinyLayout(nangate45()));
    expect(report.violations).toEqual([]);
    expect(report.remarks).toEqual([]);
    const idle = report.rules.filter((r) => r.checked === 0).map((r) => r.rule);
    expect(idle).toEqual([]);
    expect(report.terminals).toBe(66);
  });

  test('each wire left out is an open or leaves metal floating', () => {
    const design = tinyLayout(nangate45());
    for (let w = 0; w < design.routing!.wires.length; w += 5) {
      const report = run(withWires(design, (wires) => wires.splice(w, 5)));
      expect([w, rulesOf(report).includes('open')]).toEqual([w, true]);
    }
  });

  test('each via left out is an open', () => {
    const design = tinyLayout(nangate45());
    for (let v = 0; v < design.routing!.vias.length; v += 3) {
      const report = run(withWires(design, (_, vias) => vias.splice(v, 3)));
      expect([v, rulesOf(report).includes('open')]).toEqual([v, true]);
    }
  });

  test('each shape moved by a random step is found', () => {
    const design = tinyLayout(nangate45());
    const random = makeRng(7);
    const { wires, vias } = design.routing!;
    // Less than a pad and a half across still overlaps the pads, and may be a good layout.
    const steps = [210, -210, 215, 280, -280, 380, -560];
    const step = (): number => steps[Math.floor(random() * steps.length)]!;
    for (let k = 0; k < wires.length / 5 + vias.length / 3; k++) {
      const isWire = k < wires.length / 5;
      // A wire moved along itself may stay a good wire: it is moved across.
      const d = step();
      const moved = withWires(design, (w, v) => {
        const at = isWire ? k * 5 : (k - wires.length / 5) * 3;
        if (!isWire) v[at + 1]! += d;
        else for (const c of w[at + 1] === w[at + 3] ? [1, 3] : [2, 4]) w[at + c]! += d;
      });
      expect([k, d, run(moved).isClean]).toEqual([k, d, false]);
    }
  });

  test('a shape drawn twice is remarked on; drawn a second time beside itself it is a violation', () => {
    const design = tinyLayout(nangate45());
    const last = design.routing!.wires.slice(-5);
    const twice = run(withWires(design, (wires) => wires.push(...last)));
    expect(twice.violations).toEqual([]);
    expect(twice.remarks.map((r) => [r.rule, r.layer])).toEqual([['duplicate', 'metal3']]);
    const beside = withWires(design, (wires) =>
      wires.push(last[0]!, last[1]!, last[2]! + 210, last[3]!, last[4]! + 210),
    );
    expect(run(beside).isClean).toBe(false);
  });

  test('a short names both nets and the place', () => {
    const design = tinyLayout(nangate45());
    const trunks = [0, 1].map((net) => design.routing!.wireStart[net + 1]! - 1);
    const w = design.routing!.wires;
    const y = trunks.map((t) => w[t * 5 + 2]!);
    const x = w[trunks[0]! * 5 + 1]!;
    const bridge = withWires(design, (wires) => wires.push(4, x, Math.min(...y), x, Math.max(...y)));
    const short = run(bridge).violations.find((v) => v.rule === 'short')!;
    expect(short.nets.length).toBe(2);
    expect(short.layer).toBe('metal3');
  });
});
