import { IngotError } from '../../src-main/base/diagnostic.ts';
import { makeRng } from '../../src-main/base/rng.ts';
import { describe, expect, test } from 'vitest';
import { defaultConstraints, readSdc, writeSdc } from '../../src-main/stages/timing/index.ts';
import { codeOf } from '../support/code-of.ts';

const FULL = {
  ...defaultConstraints('clk', 1500),
  clockName: 'core',
  isClockPropagated: true,
  setupUncertaintyPs: 50,
  holdUncertaintyPs: 20,
  inputDelays: [
    { ports: null, minPs: 100, maxPs: 300 },
    { ports: ['a[0]', 'b'], minPs: 10, maxPs: 20 },
  ],
  outputDelays: [{ ports: null, minPs: 0, maxPs: 250 }],
  inputSlewsPs: [{ ports: null, value: 20 }],
  outputLoadsFf: [{ ports: ['z'], value: 3.898 }],
  drivingCells: [{ ports: ['b'], master: 'BUF_X1', pin: 'Z' }],
  falsePathsFrom: ['rst'],
  falsePathsTo: ['z', 'r1/D'],
  multicycles: [
    { to: ['r2/D'], setup: 3, hold: null },
    { to: ['r2/D'], setup: null, hold: 2 },
  ],
  limits: { maxSlewPs: 150, maxLoadFf: 40, maxFanout: 12 },
};

const SEVERAL = `create_clock -name a -period 2 -waveform {0.5 1.2} [get_ports ca]
create_clock -name b -period 3 [get_ports cb]
create_generated_clock -name d -source [get_ports ca] -divide_by 2 -invert [get_pins d/Q]
set_clock_latency 0.1 [get_clocks b]
set_propagated_clock [get_clocks b]
set_clock_latency -source 0.05 [get_clocks d]
set_clock_groups -asynchronous -name g -group [get_clocks {a d}] -group b
set_input_delay -max 0.3 -clock b -clock_fall [get_ports {x y}]
set_input_delay -min 0.1 -clock b -clock_fall [get_ports {x y}]
set_input_delay 0.2 -clock a -add_delay [get_ports x]
set_output_delay 0.1 -clock d [get_ports z]
set_false_path -from [get_ports x]
set_false_path -setup -from a -through [get_cells g1] -through g2/A -to [get_clocks b]
set_multicycle_path 2 -to [get_cells {r1 r2}]
set_multicycle_path 3 -to [get_cells r2]
set_max_delay 0.7 -from [list [get_ports y] [get_cells r3]]
`;

describe('SDC', () => {
  test('what is written is read back', () => {
    expect(readSdc(writeSdc(FULL))).toEqual(FULL);
    const ideal = { ...defaultConstraints('clk', 800), clockSlewPs: 30 };
    expect(readSdc(writeSdc(ideal))).toEqual(ideal);
  });

  test('with names, every data port is named and the clock gets no delay', () => {
    const text = writeSdc(FULL, { inputs: ['clk', 'a[0]', 'b', 'rst'], outputs: ['z'] });
    expect(text).not.toContain('all_inputs');
    expect(text).toContain('set_input_delay -max 0.3 -clock [get_clocks {core}] [get_ports {a[0] b rst}]');
  });

  test('comments, continuation, semicolons, quotes and uncertainty for both', () => {
    const c = readSdc(
      '# clock\ncreate_clock -period 2 \\\n  [get_ports clk]; set_clock_uncertainty 0.1 [all_clocks]\n' +
        'set_input_delay 0.5 -clock clk [get_ports {a b}] ;# late\nset_load 4 "z"\n',
    );
    expect(c).toEqual({
      ...defaultConstraints('clk', 2000),
      setupUncertaintyPs: 100,
      holdUncertaintyPs: 100,
      inputDelays: [{ ports: ['a', 'b'], minPs: 500, maxPs: 500 }],
      outputDelays: [],
      outputLoadsFf: [{ ports: ['z'], value: 4 }],
    });
  });

  test('variables, expressions, patterns, lists without a member, a virtual clock', () => {
    const c = readSdc(
      `set period 2 ; set clk [get_ports clk]
create_clock -name core -period $period $clk
create_clock -name v -period [expr {$period * 1.0}]
set_clock_latency 0.3 v
set_clock_uncertainty 0.05 core
set rest [lsearch -inline -all -not -exact [all_inputs] $clk]
set_input_delay [expr ($period - 1) / 2.0] -clock v $rest
set_input_delay 0.1 -clock core [remove_from_collection [all_inputs] [get_ports {clk b}]]
set_output_delay [expr -7/2 + 4] -clock v [get_ports z?]
set_load [expr 2 * "3"] [get_ports *1]
set_false_path -from "b"`,
      { inputs: ['clk', 'a[0]', 'b'], outputs: ['z0', 'z1', 'y'] },
    );
    expect(c).toEqual({
      ...defaultConstraints('clk', 2000),
      clockName: 'core',
      setupUncertaintyPs: 50,
      holdUncertaintyPs: 50,
      inputDelays: [
        { ports: null, minPs: 500, maxPs: 500, virtualLatencyPs: 300 },
        { ports: ['a[0]'], minPs: 100, maxPs: 100 },
      ],
      // -7/2 of whole numbers is -4 in Tcl; the virtual clock lacks the uncertainty of the chip's.
      outputDelays: [{ ports: ['z0', 'z1'], minPs: 50, maxPs: -50, virtualLatencyPs: 300 }],
      outputLoadsFf: [{ ports: ['z1'], value: 6 }],
      falsePathsFrom: ['b'],
    });
    expect(readSdc(writeSdc(c))).toEqual(c);
  });

  test.each([
    ['set_multicycle_path 2', 'TIMING-001', 'sdc:1:1'],
    ['create_clock -period 1 clk\nset_multicycle_path 1.5 -to r/D', 'TIMING-001', 'sdc:2:21'],
    ['create_clock -period 1 clk\nset_multicycle_path 2', 'TIMING-001', 'sdc:2:1'],
    ['create_clock -period 1 clk\nset_multicycle_path 2 -start -end -to r/D', 'TIMING-001', 'sdc:2:1'],
    ['create_clock -period 1 clk\nset_false_path -rise_from clk', 'TIMING-001', 'sdc:2:16'],
    ['create_clock -period 1 clk\nset_max_delay -to z', 'TIMING-001', 'sdc:2:1'],
    ['create_clock -period 1 clk\nset_false_path -through clk', 'TIMING-001', 'sdc:2:25'],
    ['create_clock -period 1 clk\nset_clock_groups -asynchronous', 'TIMING-001', 'sdc:2:1'],
    ['create_clock -period 1 clk\nset_clock_groups -group clk', 'TIMING-001', 'sdc:2:1'],
    ['create_clock -period 1 clk\nset_clock_groups -asynchronous -group x', 'TIMING-001', 'sdc:2:39'],
    ['create_clock -period 1 clk\ncreate_generated_clock -divide_by 2 d/Q', 'TIMING-001', 'sdc:2:1'],
    [
      'create_clock -period 1 clk\ncreate_generated_clock -source clk -divide_by 1.5 d/Q',
      'TIMING-001',
      'sdc:2:47',
    ],
    [
      'create_clock -period 1 clk\ncreate_generated_clock -source clk -edges {1 3 5} d/Q',
      'TIMING-001',
      'sdc:2:36',
    ],
    ['create_clock -period 1 clk\nset_max_fanout 0 [current_design]', 'TIMING-001', 'sdc:2:16'],
    ['create_clock -period 1 clk\nset_max_transition 1 clk', 'TIMING-001', 'sdc:2:22'],
    ['create_clock -period 1 clk\nset_false_path -to [current_design]', 'TIMING-001', 'sdc:2:20'],
    ['create_generated_clock -source clk x', 'TIMING-003', 'sdc:1:1'],
    ['create_clock -period 1 clk\ncreate_clock -name v -period 2 clk', 'TIMING-002', 'sdc:2:1'],
    ['create_clock -period 1 clk -waveform {0.2 1.3}', 'TIMING-001', 'sdc:1:38'],
    ['create_clock -period 1 clk -waveform {0 0.2 0.4 0.6}', 'TIMING-001', 'sdc:1:38'],
    ['create_clock -period 1 clk\nset_load [expr 1 +] z', 'TIMING-001', 'sdc:2:10'],
    ['create_clock -period 1 clk\nset_load [expr 1 / 0] z', 'TIMING-001', 'sdc:2:10'],
    ['set x [get_nets a]', 'TIMING-001', 'sdc:1:8'],
    ['', 'TIMING-003', 'sdc:1:1'],
    ['create_clock -period fast [get_ports clk]', 'TIMING-001', 'sdc:1:22'],
    ['create_clock -period 1 [get_ports clk', 'TIMING-001', 'sdc:1:38'],
    ['create_clock -period -1 [get_ports clk]', 'TIMING-001', 'sdc:1:1'],
    ['set_input_delay 1 -clock clk [all_inputs]', 'TIMING-001', 'sdc:1:1'],
    ['create_clock -period $p [get_ports clk]', 'TIMING-001', 'sdc:1:22'],
    ['create_clock -period 1 [get_ports clk]\nset_load 1 [get_ports {z*}]', 'TIMING-001', 'sdc:2:23'],
    ['create_clock -period 1 [get_ports {clk]', 'TIMING-001', 'sdc:1:35'],
  ])('refuses %j', (text, code, place) => {
    expect(codeOf(() => readSdc(text))).toEqual({ code, place });
  });

  test('several clocks, generated ones, groups and exceptions', () => {
    const c = readSdc(SEVERAL, { inputs: ['ca', 'cb', 'x', 'y'], outputs: ['z'] });
    const plain = {
      latencyPs: 0,
      sourceLatencyPs: null,
      slewPs: 0,
      setupUncertaintyPs: 0,
      holdUncertaintyPs: 0,
    };
    const generated = {
      source: 'ca',
      master: null,
      divideBy: 2,
      multiplyBy: 1,
      isInverted: true,
      isCombinational: false,
    };
    const none = { clocks: [], pins: [], cells: [] };
    expect(c).toEqual({
      ...defaultConstraints('ca', 2000),
      clockName: 'a',
      waveform: { risePs: 500, fallPs: 1200 },
      moreClocks: [
        {
          ...plain,
          name: 'b',
          sources: ['cb'],
          periodPs: 3000,
          risePs: 0,
          fallPs: 1500,
          generated: null,
          isPropagated: true,
          latencyPs: 100,
        },
        {
          ...plain,
          name: 'd',
          sources: ['d/Q'],
          periodPs: null,
          risePs: 0,
          fallPs: 0,
          generated,
          isPropagated: false,
          sourceLatencyPs: 50,
        },
      ],
      clockGroups: [[['a', 'd'], ['b']]],
      inputDelays: [
        { ports: ['x', 'y'], minPs: 100, maxPs: 300, clock: 'b', isClockFall: true },
        { ports: ['x'], minPs: 200, maxPs: 200, isAdded: true },
      ],
      outputDelays: [{ ports: ['z'], minPs: 100, maxPs: 100, clock: 'd' }],
      falsePathsFrom: ['x'],
      exceptions: [
        {
          kind: 'false',
          from: { ...none, clocks: ['a'] },
          through: [
            { ...none, cells: ['g1'] },
            { ...none, pins: ['g2/A'] },
          ],
          to: { ...none, clocks: ['b'] },
          check: 'setup',
          value: 0,
          isByLaunch: false,
        },
        // The first of the two for r2 gave way to the second.
        {
          kind: 'multicycle',
          from: null,
          through: [],
          to: { ...none, cells: ['r1'] },
          check: 'both',
          value: 2,
          isByLaunch: false,
        },
        {
          kind: 'multicycle',
          from: null,
          through: [],
          to: { ...none, cells: ['r2'] },
          check: 'both',
          value: 3,
          isByLaunch: false,
        },
        {
          kind: 'maxDelay',
          from: { ...none, pins: ['y'], cells: ['r3'] },
          through: [],
          to: null,
          check: 'setup',
          value: 700,
          isByLaunch: false,
        },
      ],
    });
    expect(readSdc(writeSdc(c))).toEqual(c);
  });

  test('patterns of cells and pins, where the netlist is known', () => {
    const names = {
      inputs: ['clk'],
      outputs: ['z'],
      cells: ['sync_1', 'sync_2', 'r[0]', 'g'],
      pinsOf: (cell: string) => (cell === 'g' ? ['A', 'Z'] : ['CK', 'D', 'Q']),
    };
    const text = `create_clock -period 1 [get_ports clk]
set_false_path -from [get_cells sync_*] -through [get_pins {g/*}] -to [get_pins r*/D]`;
    expect(readSdc(text, names).exceptions).toEqual([
      {
        kind: 'false',
        from: { clocks: [], pins: [], cells: ['sync_1', 'sync_2'] },
        through: [{ clocks: [], pins: ['g/A', 'g/Z'], cells: [] }],
        to: { clocks: [], pins: ['r[0]/D'], cells: [] },
        check: 'both',
        value: 0,
        isByLaunch: false,
      },
    ]);
    const place = 'sdc:2:22';
    expect(codeOf(() => readSdc(text))).toEqual({ code: 'TIMING-001', place });
    expect(codeOf(() => readSdc(text.replace('sync_*', 'none*'), names))).toEqual({
      code: 'TIMING-001',
      place,
    });
  });

  test('2,000 damaged texts: constraints or an error with line and column', () => {
    const rng = makeRng(17);
    const full = writeSdc(FULL, { inputs: ['clk', 'a[0]', 'b', 'rst'], outputs: ['z'] });
    const pick = (n: number): number => Math.floor(rng() * n);
    let refused = 0;
    for (let round = 0; round < 2000; round++) {
      let damaged = round % 2 === 0 ? full : SEVERAL;
      for (let k = 0; k <= pick(3); k++) {
        const at = pick(damaged.length);
        const bits = [
          '',
          '{',
          '}',
          '[',
          ']',
          '"',
          '\\',
          '\n',
          ';',
          '-',
          '9',
          '$x',
          '\0',
          'nan',
          damaged.slice(at, at + 20),
        ];
        damaged = damaged.slice(0, at) + bits[pick(bits.length)]! + damaged.slice(at + pick(4));
      }
      try {
        readSdc(damaged);
      } catch (error) {
        refused++;
        expect(error).toBeInstanceOf(IngotError);
        const { code, place } = (error as IngotError).diagnostic;
        expect(code).toMatch(/^TIMING-00[123]$/);
        expect(place).toMatch(/^sdc:\d+:\d+$/);
      }
    }
    expect(refused).toBeGreaterThan(500);
  });
});
