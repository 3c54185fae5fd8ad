import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import { estimateParasitics, writeSpef } from '../../src-main/stages/extraction/index.ts';
import { markClocks, readNetlist, writeVerilog } from '../../src-main/stages/netlist/index.ts';
import {
  analyzeTiming,
  portNames,
  readSdc,
  verifyTiming,
  withPropagatedClocks,
  writeSdc,
} from '../../src-main/stages/timing/index.ts';
import { compareSlacks, runOpenSta } from '../../src-main/tools/opensta.ts';
import { codeOf } from '../support/code-of.ts';
import { kitFiles, kitNote, nangate45 } from '../support/kit.ts';
import { multiClockVerilog } from '../support/multi-clock.ts';
import { scatter } from '../support/scatter.ts';
import { testTool } from '../support/tools.ts';

const openSta = testTool('sta');
const folder = mkdtempSync(join(tmpdir(), 'ingot-clocks-'));
afterAll(() => rmSync(folder, { recursive: true }));

const CLOCKS = `create_clock -name a -period 1.0 [get_ports ca]
create_clock -name b -period 1.5 [get_ports cb]
create_generated_clock -name d -source [get_ports ca] -divide_by 2 [get_pins div/Q]
set_clock_uncertainty 0.02 [get_clocks a]
set_clock_uncertainty -setup 0.03 [get_clocks b]
set_clock_uncertainty -hold 0.01 [get_clocks d]
set_input_delay 0.2 -clock a [get_ports {in[0] in[1]}]
set_input_delay 0.1 -clock b -clock_fall [get_ports {in[2]}]
set_input_delay 0.3 -clock a -add_delay [get_ports {in[2]}]
set_input_delay -max 0.2 -clock d [get_ports {in[3]}]
set_input_delay -min 0.1 -clock d [get_ports {in[3]}]
set_output_delay 0.2 -clock b [get_ports {out[0] out[1]}]
set_output_delay 0.1 -clock d [get_ports {out[2]}]
set_input_transition 0.02 [all_inputs]
`;
const PROPAGATED = `${CLOCKS}set_propagated_clock [all_clocks]\n`;

const CASES: readonly [string, string][] = [
  ['ideal clocks', CLOCKS],
  ['propagated clocks', PROPAGATED],
  ['clock groups', `${PROPAGATED}set_clock_groups -asynchronous -group {a d} -group {b}\n`],
  [
    'false paths between clocks, setup and hold apart',
    `${PROPAGATED}set_false_path -from [get_clocks a] -to [get_clocks b]
set_false_path -hold -from [get_clocks b] -to [get_clocks d]
`,
  ],
  [
    'false and multicycle paths from, through and to',
    `${PROPAGATED}set_false_path -from [get_cells r3]
set_false_path -from [get_clocks a] -through [get_cells {g30 g31 g32 g200 g201 g202}] -to [get_clocks b]
set_multicycle_path 2 -setup -from [get_clocks a] -to [get_clocks d]
set_multicycle_path 1 -hold -from [get_clocks a] -to [get_clocks d]
set_multicycle_path 3 -setup -end -from [get_clocks b] -to [get_cells {r6 r12}]
set_multicycle_path 2 -hold -from [get_clocks b] -to [get_cells {r6 r12}]
set_multicycle_path 2 -setup -start -from [get_pins r0/CK]
set_multicycle_path 2 -through [get_cells {g50 g60 g70}]
set_false_path -setup -through [get_cells {g80 g81 g82 g83 g84}] -through [get_cells {g120 g121 g122 g123}]
`,
  ],
  [
    'delays given',
    `${PROPAGATED}set_max_delay 0.9 -from [get_ports {in[0]}]
set_min_delay 0.1 -from [get_ports {in[0]}]
set_max_delay 0.5 -to [get_ports {out[1] out[3]}]
set_min_delay 0.15 -to [get_ports {out[1] out[3]}]
set_max_delay 0.7 -from [get_cells r7] -to [get_clocks d]
set_max_delay 1.1 -from [get_clocks b] -to [get_cells {r8 r9 r10}]
`,
  ],
  [
    'latencies, an inverted clock, waveforms',
    `create_clock -name a -period 1.2 -waveform {0.1 0.5} [get_ports ca]
create_clock -name b -period 0.9 [get_ports cb]
create_generated_clock -name d -source [get_ports ca] -divide_by 2 -invert [get_pins div/Q]
create_clock -name v -period 2.4
set_clock_latency 0.1 [get_clocks a]
set_clock_latency -source 0.05 [get_clocks b]
set_propagated_clock [get_clocks {b d}]
set_clock_transition 0.03 [get_clocks a]
set_clock_latency 0.3 [get_clocks v]
set_input_delay 0.2 -clock v [get_ports in*]
set_output_delay 0.2 -clock v [get_ports out*]
`,
  ],
];

/** Constraints at random: clocks, waveforms, latencies, delays and exceptions of all kinds. */
function randomSdc(seed: number): string {
  const rng = makeRng(seed * 7919);
  const pick = (n: number): number => Math.floor(rng() * n);
  const of = <T>(list: readonly T[]): T => list[pick(list.length)]!;
  const ns = (most: number): string => (rng() * most).toFixed(3);
  const periods = [0.6, 0.8, 1, 1.2, 1.5, 2, 2.4, 3];
  const clocks = ['a', 'b', 'd', ...(rng() < 0.4 ? ['g'] : []), ...(rng() < 0.4 ? ['v'] : [])];
  const isPropagated = rng() < 0.5;
  const period = of(periods);
  const lines = [
    `create_clock -name a -period ${period} -waveform {${rng() < 0.3 ? period / 8 : 0} ${period / 2}} [get_ports ca]`,
    `create_clock -name b -period ${of(periods)} [get_ports cb]`,
    `create_generated_clock -name d -source [get_pins div/CK] -divide_by ${of([2, 2, 3, 4])} ${of(['', '-invert'])} [get_pins div/Q]`,
  ];
  if (clocks.includes('g'))
    lines.push(
      'create_generated_clock -name g -source [get_ports cb] -combinational -divide_by 1 [get_pins icg/GCK]',
    );
  if (clocks.includes('v')) lines.push(`create_clock -name v -period ${of(periods)}`);
  for (const c of clocks) {
    if (rng() < 0.4)
      lines.push(`set_clock_uncertainty ${of(['', '-setup', '-hold'])} ${ns(0.05)} [get_clocks ${c}]`);
    if (!isPropagated && rng() < 0.4)
      lines.push(`set_clock_latency ${of(['', '-source'])} ${ns(0.2)} [get_clocks ${c}]`);
    if (isPropagated && c !== 'v') lines.push(`set_propagated_clock [get_clocks ${c}]`);
  }
  for (let i = 0; i < 4; i++) {
    lines.push(
      `set_input_delay ${ns(0.4)} -clock ${of(clocks)} ${of(['', '', '-clock_fall'])} [get_ports {in[${i}]}]`,
    );
    lines.push(`set_output_delay ${ns(0.4)} -clock ${of(clocks)} [get_ports {out[${i}]}]`);
    if (rng() < 0.3)
      lines.push(`set_output_delay ${ns(0.4)} -clock ${of(clocks)} -add_delay [get_ports {out[${i}]}]`);
  }
  const cells = (name: string, count: number, of: number): string =>
    `[get_cells {${Array.from({ length: count }, () => name + String(pick(of))).join(' ')}}]`;
  const end = (port: string, pin: string): string =>
    of([
      `[get_clocks ${of(clocks)}]`,
      cells('r', 1 + pick(4), 48),
      `[get_ports {${port}[${pick(4)}]}]`,
      `[get_pins r${pick(48)}/${pin}]`,
    ]);
  const through = (): string => `-through ${cells('g', 2 + pick(10), 300)}`;
  for (let k = 0; k < 2 + pick(6); k++) {
    const kind = of([
      'set_false_path',
      'set_false_path -setup',
      'set_false_path -hold',
      'set_multicycle_path 2',
      'set_multicycle_path 3 -setup',
      'set_multicycle_path 2 -setup -start',
      'set_multicycle_path 1 -hold -end',
      `set_max_delay ${(0.3 + rng()).toFixed(2)}`,
      `set_min_delay ${ns(0.3)}`,
    ]);
    const between = `-from [get_clocks ${of(clocks)}] ${through()} -to [get_clocks ${of(clocks)}]`;
    const [from, to] = [end('in', 'CK'), end('out', 'D')];
    const where = of([
      `-from ${from}`,
      `-to ${to}`,
      `-from ${from} -to ${to}`,
      through(),
      `${through()} ${through()}`,
      between,
    ]);
    lines.push(`${kind} ${where}`);
  }
  if (rng() < 0.3) lines.push(`set_clock_groups -asynchronous -group a -group ${of(['b', '{b d}', 'd'])}`);
  return `${lines.join('\n')}\n`;
}

function chip(seed: number, hasWires: boolean) {
  const kit = nangate45();
  const netlist = markClocks(readNetlist(multiClockVerilog(seed, 300, 48), kit).value, kit);
  const { placement, floorplan } = scatter(netlist, kit, 3);
  return { kit, netlist, wires: hasWires ? estimateParasitics(netlist, placement, kit, floorplan) : null };
}

describe.skipIf(!kitFiles)(`several clocks on NanGate45${kitNote}`, () => {
  describe.skipIf(!openSta.path)(`beside OpenSTA${openSta.note}`, () => {
    test.each(CASES)('every slack agrees within 2 ps: %s', async (_name, sdc) => {
      for (const hasWires of [false, true]) {
        const { kit, netlist, wires } = chip(hasWires ? 2 : 1, hasWires);
        const constraints = readSdc(sdc, portNames(netlist));
        const report = analyzeTiming(netlist, kit, wires, constraints);
        expect(verifyTiming(netlist, kit, wires, constraints, report)).toEqual([]);
        const input = {
          netlistVerilog: writeVerilog(netlist, kit, { physicalCells: true }),
          libertyPath: kitFiles!.liberty,
          spef: wires ? writeSpef(wires, netlist, kit) : null,
          top: 'top',
        };
        // Their own reading of the text, and of what we write of it.
        for (const text of hasWires ? [writeSdc(constraints, portNames(netlist))] : [sdc]) {
          const theirs = await runOpenSta({ ...input, sdc: text }, folder);
          for (const check of ['setupSlackPs', 'holdSlackPs'] as const) {
            const found = compareSlacks(netlist, kit, report, theirs, check);
            expect(found).toMatchObject({ endpoints: theirs[check].size, missing: 0 });
            expect(found.endpoints).toBeGreaterThan(50);
            expect(found.maxPs).toBeLessThan(hasWires ? 2 : 0.01);
          }
        }
      }
    });
  });

  test.skipIf(!openSta.path)(
    `12 random sets of constraints, every slack within 2 ps of OpenSTA${openSta.note}`,
    async () => {
      for (let seed = 1; seed <= 12; seed++) {
        const { kit, netlist, wires } = chip(seed, seed % 2 === 0);
        const sdc = randomSdc(seed);
        const constraints = readSdc(sdc, portNames(netlist, kit));
        const report = analyzeTiming(netlist, kit, wires, constraints, { pathCount: 60 });
        expect(verifyTiming(netlist, kit, wires, constraints, report), sdc).toEqual([]);
        const theirs = await runOpenSta(
          {
            netlistVerilog: writeVerilog(netlist, kit, { physicalCells: true }),
            libertyPath: kitFiles!.liberty,
            spef: wires ? writeSpef(wires, netlist, kit) : null,
            top: 'top',
            sdc,
          },
          folder,
        );
        for (const check of ['setupSlackPs', 'holdSlackPs'] as const) {
          const found = compareSlacks(netlist, kit, report, theirs, check);
          expect(found, sdc).toMatchObject({ endpoints: theirs[check].size, missing: 0 });
          expect(found.maxPs, sdc).toBeLessThan(2);
        }
      }
    },
  );

  test('what is written is read back', () => {
    const { netlist } = chip(1, false);
    for (const [, sdc] of CASES) {
      const constraints = readSdc(sdc, portNames(netlist));
      expect(readSdc(writeSdc(constraints), portNames(netlist))).toEqual(constraints);
    }
  });

  test('each clock has slacks, insertion and skew of its own', () => {
    const { kit, netlist, wires } = chip(1, true);
    const constraints = readSdc(PROPAGATED, portNames(netlist));
    const { clockReports, setup, clock } = analyzeTiming(netlist, kit, wires, constraints);
    expect(clockReports!.map((c) => [c.clock, c.periodPs, c.isGenerated, c.network.sinks])).toEqual([
      // r0.. on ka and, inverted, kf; div itself; kb and icg's; kd2, kg and ren.
      ['a', 1000, false, 17],
      ['b', 1500, false, 17],
      ['d', 2000, true, 17],
    ]);
    expect(Math.min(...clockReports!.map((c) => c.setup.worstSlackPs))).toBe(setup.worstSlackPs);
    expect(clock).toBe(clockReports![0]!.network);
    for (const c of clockReports!) expect(c.network.minInsertionPs).toBeGreaterThan(0);
    // The divided clock comes later by the divider.
    expect(clockReports![2]!.network.minInsertionPs).toBeGreaterThan(
      clockReports![0]!.network.minInsertionPs,
    );
  });

  test('the judge sees a wrong capture, uncertainty, false path and group', () => {
    const { kit, netlist } = chip(1, false);
    const constraints = readSdc(PROPAGATED, portNames(netlist));
    const report = analyzeTiming(netlist, kit, null, constraints);
    const codes = (c: typeof constraints, change = {}) => {
      const setupPaths = report.setupPaths.map((p) => ({ ...p, ...change }));
      return new Set(verifyTiming(netlist, kit, null, c, { ...report, setupPaths }).map((d) => d.code));
    };
    expect(codes(constraints)).toEqual(new Set());
    const { capturePs, slackPs, uncertaintyPs } = report.setupPaths[0]!;
    const late = { ...report.setupPaths[0]!, capturePs: capturePs + 500, slackPs: slackPs + 500 };
    expect(codes(constraints, late)).toContain('TIMING-046');
    expect(codes(constraints, { uncertaintyPs: uncertaintyPs + 1 })).toContain('TIMING-046');
    const { launch, capture } = report.setupPaths[0]!;
    const none = { pins: [], cells: [] };
    const isFalse = {
      kind: 'false' as const,
      from: { ...none, clocks: [launch!.clock] },
      through: [],
      to: { ...none, clocks: [capture!.clock] },
      check: 'both' as const,
      value: 0,
      isByLaunch: false,
    };
    expect(codes({ ...constraints, exceptions: [isFalse] })).toContain('TIMING-046');
    const other = report.setupPaths.find((p) => p.launch!.clock !== p.capture!.clock)!;
    expect(
      codes({ ...constraints, clockGroups: [[[other.launch!.clock], [other.capture!.clock]]] }),
    ).toContain('TIMING-046');
  });

  test.each([
    ['create_clock -name x -period 1 [get_pins g0/Q9]', 'TIMING-012'],
    [
      'create_generated_clock -name x -source [get_ports {in[0]}] -divide_by 2 [get_pins div/Q]',
      'TIMING-014',
    ],
    ['set_false_path -from [get_pins g1/ZN]', 'TIMING-012'],
    ['set_false_path -from [get_pins r1/Q]', 'TIMING-015'],
    ['set_max_delay 1 -to [get_pins r1/CK]', 'TIMING-015'],
    ['set_max_delay 1 -to [get_cells nobody]', 'TIMING-012'],
  ])('%s is refused', (line, code) => {
    const { kit, netlist } = chip(1, false);
    const text = `create_clock -name a -period 1 [get_ports ca]\n${line}\n`;
    const constraints = readSdc(text, portNames(netlist));
    expect(codeOf(() => analyzeTiming(netlist, kit, null, constraints)).code).toBe(code);
  });

  test('clocks without a common period are said', () => {
    const { kit, netlist } = chip(1, false);
    const text =
      'create_clock -name a -period 1 [get_ports ca]\ncreate_clock -name b -period 1.0137031 [get_ports cb]\n';
    const codes = (sdc: string): string[] =>
      analyzeTiming(netlist, kit, null, readSdc(sdc, portNames(netlist))).diagnostics.map((d) => d.code);
    expect(codes(text)).toContain('TIMING-037');
    expect(codes(`${text}set_clock_groups -asynchronous -group a -group b\n`)).not.toContain('TIMING-037');
  });

  test('all clocks become propagated, virtual ones stay', () => {
    const { netlist } = chip(1, false);
    const constraints = withPropagatedClocks(readSdc(CASES[6]![1], portNames(netlist)));
    expect(constraints.isClockPropagated).toBe(true);
    expect(constraints.moreClocks!.map((c) => c.isPropagated)).toEqual([true, true, false]);
  });
});
