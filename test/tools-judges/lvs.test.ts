/** Layout versus schematic by KLayout and by Netgen, from the GDS alone: equal for a good layout, and each damage is found. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { writeGds, type LayoutDesign } from '../../src-main/stages/layout/index.ts';
import { readNetlist, writeVerilog, type Netlist } from '../../src-main/stages/netlist/index.ts';
import { layerProperties } from '../../src-main/tools/klayout-layers.ts';
import { compareNetlist } from '../../src-main/tools/klayout-netlist.ts';
import { drawWithKLayout } from '../../src-main/tools/klayout-picture.ts';
import { parseNetgen, runNetgen } from '../../src-main/tools/netgen.ts';
import { referenceSpice, suppliesOf } from '../../src-main/tools/reference-spice.ts';
import { decode } from 'fast-png';
import { codeOf } from '../support/code-of.ts';
import { kitFiles, kitGds, kitNote, nangate45 } from '../support/kit.ts';
import { tinyLayout } from '../support/tiny-layout.ts';
import { testTool } from '../support/tools.ts';

const klayout = testTool('klayout');
const netgen = testTool('netgen');
const folder = mkdtempSync(join(tmpdir(), 'ingot-lvs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const verilogOf = (netlist: Netlist): string => writeVerilog(netlist, nangate45(), { physicalCells: false });

interface Verdicts {
  readonly klayout: boolean;
  readonly netgen: boolean | null;
  readonly differences: readonly (readonly (string | null)[])[];
  readonly counts: readonly number[];
}

async function judge(drawn: LayoutDesign, verilog: string): Promise<Verdicts> {
  const kit = nangate45();
  const { top } = drawn.netlist;
  const reference = referenceSpice(readNetlist(verilog, kit, top).value, kit);
  const stack = kit.tech.layers.map((layer) => [layer.name, layer.gdsLayer] as const);
  const outcome = await compareNetlist(
    { gds: writeGds(drawn, kitGds()), stack, supplies: suppliesOf(kit.masters), reference },
    join(folder, 'k'),
  );
  if (outcome.status !== 'done') throw new Error(outcome.reason);
  const { result, extracted } = outcome;
  const second = netgen.path ? await runNetgen({ layout: extracted, reference }, join(folder, 'n')) : null;
  return {
    klayout: result.isSame,
    netgen: second?.isSame ?? null,
    differences: result.differences,
    counts: [result.instances, result.nets, result.ports],
  };
}

const no = netgen.path ? false : null;

describe.skipIf(!kitFiles || !klayout.path)(
  `layout versus schematic${kitNote}${klayout.note}${netgen.note}`,
  () => {
    const design = (): LayoutDesign => tinyLayout(nangate45());

    test('the small layout has the netlist of its Verilog', async () => {
      const drawn = design();
      const found = await judge(drawn, verilogOf(drawn.netlist));
      expect(found.differences).toEqual([]);
      expect([found.klayout, found.netgen]).toEqual([true, netgen.path ? true : null]);
      // Five gates; four ports and two supplies have names on both sides.
      expect(found.counts[0]).toBe(5);
      expect(found.counts[2]).toBe(drawn.netlist.ports.length + 2);
    });

    test('a missing via, a bridge, another gate and two swapped ports are found by each', async () => {
      const good = design();
      const routing = good.routing!;
      const cut = { ...good, routing: { ...routing, vias: routing.vias.slice(3) } };
      const [a, b] = [0, 1].map((net) => (routing.wireStart[net + 1]! - 1) * 5) as [number, number];
      const w = routing.wires;
      const [y1, y2] = [w[a + 2]!, w[b + 2]!].sort((p, q) => p - q) as [number, number];
      const bridge = [4, w[a + 1]!, y1, w[a + 1]!, y2];
      const joined = { ...good, routing: { ...routing, wires: Int32Array.from([...w, ...bridge]) } };
      const verilog = verilogOf(good.netlist);
      for (const drawn of [cut, joined]) {
        const found = await judge(drawn, verilog);
        expect([found.klayout, found.netgen]).toEqual([false, no]);
        expect(found.differences.length).toBeGreaterThan(0);
      }
      const otherGate = verilog.replace('NAND2_X1', 'NOR2_X1');
      const swapped = verilog
        .replace(/\bA1\b/, 'A0')
        .replace(/\bA2\b/, 'A1')
        .replace(/\bA0\b/, 'A2');
      for (const text of [otherGate, swapped]) {
        expect(text).not.toBe(verilog);
        const found = await judge(good, text);
        expect([found.klayout, found.netgen]).toEqual([false, no]);
      }
    });

    test('ports with each other’s names: the connections are the same, the names not', async () => {
      const good = design();
      const names = new Map([
        ['out', 'out2'],
        ['out2', 'out'],
      ]);
      const ports = good.netlist.ports.map((p) => ({ ...p, name: names.get(p.name) ?? p.name }));
      const netNames = good.netlist.netNames.map((name) => names.get(name) ?? name);
      const found = await judge(good, verilogOf({ ...good.netlist, ports, netNames }));
      expect([found.klayout, found.netgen]).toEqual([false, no]);
      expect(found.differences.every(([kind]) => kind === 'name')).toBe(true);
    });

    test('an input that no cell reads is no difference', async () => {
      const good = design();
      const { ports, netNames, netPinStart } = good.netlist;
      const spare = { ...ports[0]!, name: 'spare', direction: 'input' as const, net: netNames.length };
      const netlist = {
        ...good.netlist,
        ports: [...ports, spare],
        netNames: [...netNames, 'spare'],
        netPinStart: Int32Array.from([...netPinStart, netPinStart.at(-1)!]),
      };
      const verilog = verilogOf(netlist);
      expect(verilog).toMatch(/input spare/);
      const found = await judge(good, verilog);
      expect([found.klayout, found.netgen]).toEqual([true, netgen.path ? true : null]);
    });

    test('the picture shows the chip, on black, the same one twice', async () => {
      const gds = writeGds(design(), kitGds());
      const input = { gds, lyp: layerProperties(nangate45()) };
      const picture = await drawWithKLayout(input, join(folder, 'p'));
      const { width, height, channels, data } = decode(picture!);
      expect(width).toBe(1200);
      expect(height).toBeGreaterThan(100);
      const pixels = Array.from({ length: width * height }, (_, i) =>
        data.slice(i * channels, i * channels + 3).join(),
      );
      expect(pixels.filter((pixel) => pixel === '0,0,0').length).toBeGreaterThan(pixels.length / 10);
      expect(new Set(pixels).size).toBeGreaterThan(5);
      expect(await drawWithKLayout(input, join(folder, 'p'))).toEqual(picture);
    });
  },
);

test.skipIf(!netgen.path)(
  `Netgen counts cells side by side one by one, as diodes of one net are${netgen.note}`,
  async () => {
    const spice = (cells: number): string =>
      [
        '.SUBCKT DIODE A VDD VSS',
        '.ENDS',
        '.SUBCKT GATE A Z VDD VSS',
        '.ENDS',
        '.SUBCKT INGOT_TOP IN OUT VDD VSS',
        'X1 IN OUT VDD VSS GATE',
        ...Array.from({ length: cells }, (_, i) => `X${i + 2} IN VDD VSS DIODE`),
        '.ENDS',
        '',
      ].join('\n');
    const same = await runNetgen({ layout: spice(3), reference: spice(3) }, join(folder, 'diodes'));
    expect([same.isSame, same.instances]).toEqual([true, 4]);
    const fewer = await runNetgen({ layout: spice(2), reference: spice(3) }, join(folder, 'diodes-fewer'));
    expect(fewer.isSame).toBe(false);
  },
);

test('an answer of Netgen about nothing, or none, is no match', () => {
  const log = (devices: number) =>
    `Circuit 1 contains ${devices} devices, Circuit 2 contains ${devices} devices.\nCircuit 1 contains 9 nets,    Circuit 2 contains 9 nets.\n`;
  const report = 'Cell pin lists are equivalent.\nCircuits match uniquely.\n';
  expect(parseNetgen(log(5), report, [5, 5]).isSame).toBe(true);
  expect(parseNetgen(log(0), report, [0, 0]).isSame).toBe(false);
  expect(parseNetgen(log(5), 'Cell pin lists are equivalent.\nNetlists do not match.\n', [5, 5]).isSame).toBe(
    false,
  );
  expect(parseNetgen(log(5), 'Circuits match uniquely.\n', [5, 5]).isSame).toBe(false);
  // One gate dissolved, a port of another name.
  expect(parseNetgen(log(4), report, [5, 5]).isSame).toBe(false);
  expect(parseNetgen(log(5), `out |out2 **Mismatch**\n${report}`, [5, 5]).isSame).toBe(false);
  expect(codeOf(() => parseNetgen('', report, [5, 5])).code).toBe('TOOL-047');
});
