import { describe, expect, it } from 'vitest';
import type { Kit } from '../../src-main/stages/kit/index.ts';
import {
  editNetlist,
  markClocks,
  netlistStatistics,
  NONE,
  readNetlist,
  verifyNetlist,
  writeVerilog,
  type Netlist,
} from '../../src-main/stages/netlist/index.ts';
import { codeOf } from '../support/code-of.ts';
import { kitFiles, kitNote, nangate45 } from '../support/kit.ts';
import { adderVerilog, counterVerilog, randomVerilog } from '../support/netlists.ts';

/** Who is connected to whom, by names: independent of the numbering. */
function connections(n: Netlist, kit: Kit): string[] {
  const ends = n.netNames.map((): string[] => []);
  n.instNames.forEach((name, i) =>
    kit.masters[n.instMaster[i]!]!.pins.forEach((pin, k) => {
      const net = n.pinNet[n.instPinStart[i]! + k]!;
      if (net !== NONE) ends[net]!.push(`${name}:${kit.masters[n.instMaster[i]!]!.name}/${pin.name}`);
    }),
  );
  for (const port of n.ports) ends[port.net]!.push(`${port.direction} ${port.name}`);
  return ends
    .filter((e) => e.length > 0)
    .map((e) => e.sort().join(' '))
    .sort();
}

const wrap = (body: string, ports = 'input a; output y;'): string =>
  `module t (a, y);\n  ${ports}\n  ${body}\nendmodule\n`;

describe.skipIf(!kitFiles)(`reading netlists${kitNote}`, () => {
  it('follows assigns, part selects and concatenations, and drops loose wires', async () => {
    const kit = nangate45();
    const text = `(* top = 1 *) module t (a, y); // comment
      input [1:0] a; output [1:0] y; wire [1:0] a; wire [2:0] w; wire \\odd(name , loose;
      assign { w[0], w[2:1] } = { a[0], a[0], a[1] };
      assign y[1] = \\odd(name ;
      INV_X1 i0 (.A(w[0]), .ZN(\\odd(name ));
      AND2_X1 i1 (.A1(w[1]), .A2(w[2]), .ZN(y[0]));
      DFF_X1 f (.D(w[1]), .CK(a[1]), .Q(loose), .QN());
    endmodule`;
    const { value: n, diagnostics } = readNetlist(text, kit);
    expect(diagnostics).toEqual([]);
    expect(connections(n, kit)).toEqual([
      'f:DFF_X1/CK f:DFF_X1/D i1:AND2_X1/A1 input a[1]',
      'i0:INV_X1/A i1:AND2_X1/A2 input a[0]',
      'i0:INV_X1/ZN output y[1]',
      'i1:AND2_X1/ZN output y[0]',
    ]);
    expect(n.netNames).toEqual(['a[0]', 'a[1]', 'y[0]', 'y[1]']);
    expect(verifyNetlist(n, kit)).toEqual([]);
  });

  it('puts a buffer between ports that share a net', async () => {
    const kit = nangate45();
    const { value: n, diagnostics } = readNetlist(wrap('assign y = a;'), kit);
    expect(diagnostics.map((d) => d.code)).toEqual(['NETLIST-020']);
    expect(connections(n, kit)).toEqual([
      'input a port_buffer_y:BUF_X1/A',
      'output y port_buffer_y:BUF_X1/Z',
    ]);
    expect(verifyNetlist(n, kit)).toEqual([]);
  });

  it.each([
    ['behavioural code', wrap('always @(posedge a) y <= 1;'), 'NETLIST-002', 'netlist:3:3'],
    ['an expression', wrap('assign y = a & a;'), 'NETLIST-002', 'netlist:3:16'],
    ['a gate primitive', wrap('and g (y, a, a);'), 'NETLIST-002', 'netlist:3:3'],
    ['positional connections', wrap('INV_X1 i (a, y);'), 'NETLIST-002', 'netlist:3:13'],
    ['parameters', wrap('INV_X1 #(1) i (.A(a), .ZN(y));'), 'NETLIST-002', 'netlist:3:10'],
    ['an unmapped cell', wrap('\\$_NOT_ i (.A(a), .Y(y));'), 'NETLIST-009', 'netlist:3:3'],
    ['a pin the cell has not', wrap('INV_X1 i (.A(a), .Y(y));'), 'NETLIST-009', 'netlist:3:21'],
    ['a constant at a pin', wrap("INV_X1 i (.A(1'b0), .ZN(y));"), 'NETLIST-008', 'netlist:3:14'],
    ['a constant port', wrap("assign y = 1'b1;"), 'NETLIST-008', undefined],
    ['an undeclared wire', wrap('INV_X1 i (.A(b), .ZN(y));'), 'NETLIST-004', 'netlist:3:16'],
    [
      'a bit outside the vector',
      wrap('INV_X1 i (.A(a[2]), .ZN(y));', 'input [1:0] a; output y;'),
      'NETLIST-004',
      'netlist:3:16',
    ],
    [
      'two drivers',
      wrap('INV_X1 i (.A(a), .ZN(y)); INV_X1 j (.A(a), .ZN(y));'),
      'NETLIST-006',
      'netlist:3:47',
    ],
    ['no driver', wrap(''), 'NETLIST-007', 'netlist:1:8'],
    ['an open input', wrap('INV_X1 i (.ZN(y));'), 'NETLIST-010', 'netlist:3:3'],
    ['a name declared twice', wrap('wire w; wire w;'), 'NETLIST-005', 'netlist:3:17'],
    ['a pin connected twice', wrap('INV_X1 i (.A(a), .A(a), .ZN(y));'), 'NETLIST-005', 'netlist:3:21'],
    ['hierarchy', wrap('u i (.a(a));') + 'module u (a); input a; endmodule', 'NETLIST-003', undefined],
    ['an early end', 'module t (a', 'NETLIST-001', 'netlist:1:12'],
    ['something else', 'int main() {}', 'NETLIST-001', 'netlist:1:1'],
    ['nothing', '', 'NETLIST-003', 'netlist:1:1'],
  ])('refuses %s', async (_what, text, code, place) => {
    const kit = nangate45();
    const found = codeOf(() => readNetlist(text, kit));
    expect(found.code).toBe(code);
    if (place !== undefined) expect(found.place).toBe(place);
  });

  it('refuses instances of other modules in the chosen one', async () => {
    const kit = nangate45();
    const text = wrap('u i (.a(a));') + 'module u (a); input a; endmodule';
    expect(codeOf(() => readNetlist(text, kit, 't')).code).toBe('NETLIST-009');
  });

  it('writes what it reads: vectors come back, connections stay', async () => {
    const kit = nangate45();
    for (const text of [adderVerilog(4), counterVerilog(5), randomVerilog(5, 300, 40)]) {
      const n = readNetlist(text, kit).value;
      const written = writeVerilog(n, kit, { physicalCells: true });
      const again = readNetlist(written, kit).value;
      expect(connections(again, kit)).toEqual(connections(n, kit));
      expect(again.ports.map((p) => p.name).sort()).toEqual(n.ports.map((p) => p.name).sort());
      expect(writeVerilog(again, kit, { physicalCells: true })).toBe(
        writeVerilog(readNetlist(writeVerilog(again, kit, { physicalCells: true }), kit).value, kit, {
          physicalCells: true,
        }),
      );
    }
    expect(writeVerilog(readNetlist(counterVerilog(3), kit).value, kit, { physicalCells: true })).toContain(
      'output [2:0] count;',
    );
  });
});

describe.skipIf(!kitFiles)(`editing netlists${kitNote}`, () => {
  const master = (kit: Kit, name: string): number => kit.masters.findIndex((m) => m.name === name);
  const pinOf = (kit: Kit, cell: string, pin: string): number =>
    kit.masters[master(kit, cell)]!.pins.findIndex((p) => p.name === pin);

  it('buffers a port, resizes, and leaves old indices alone', async () => {
    const kit = nangate45();
    const n = readNetlist(counterVerilog(4), kit).value;
    const edit = editNetlist(n, kit);
    const port = n.ports.findIndex((p) => p.name === 'count[2]');
    const net = edit.addNet(edit.freshName('count[2]'));
    const buffer = edit.addInstance(edit.freshName('ckbuf'), master(kit, 'BUF_X4'));
    edit.connect(buffer, pinOf(kit, 'BUF_X4', 'A'), n.ports[port]!.net);
    edit.connect(buffer, pinOf(kit, 'BUF_X4', 'Z'), net);
    edit.connectPort(port, net);
    const inv = n.instNames.indexOf('inv');
    edit.setMaster(inv, master(kit, 'INV_X8'));
    const changed = edit.finish();
    expect(verifyNetlist(changed, kit)).toEqual([]);
    expect(changed.instNames.slice(0, n.instNames.length)).toEqual(n.instNames);
    expect(changed.netNames.slice(0, n.netNames.length)).toEqual(n.netNames);
    expect(changed.instNames.at(-1)).toBe('ckbuf_1');
    expect(changed.instMaster[inv]).toBe(master(kit, 'INV_X8'));
    const before = connections(n, kit);
    const after = connections(changed, kit);
    expect(after.length).toBe(before.length + 1);
    expect(after).toContain('ckbuf_1:BUF_X4/Z output count[2]');
    // The old net still bears the port's name: written Verilog must not confuse the two.
    const again = readNetlist(writeVerilog(changed, kit, { physicalCells: true }), kit).value;
    expect(connections(again, kit)).toEqual(after);
  });

  it('refuses what our own code must not do', async () => {
    const kit = nangate45();
    const edit = editNetlist(readNetlist(adderVerilog(2), kit).value, kit);
    expect(() => edit.addInstance('fa1', 0)).toThrow(/taken/);
    expect(() => edit.setMaster(0, master(kit, 'INV_X1'))).toThrow(/other pins/);
    expect(() => edit.connect(0, 99, 0)).toThrow(/no pin/);
  });
});

describe.skipIf(!kitFiles)(`judging netlists${kitNote}`, () => {
  it('finds every kind of damage', async () => {
    const kit = nangate45();
    const good = readNetlist(counterVerilog(4), kit).value;
    expect(verifyNetlist(good, kit)).toEqual([]);
    const damage = (change: (n: Netlist) => Partial<Netlist>): string[] => [
      ...new Set(verifyNetlist({ ...good, ...change(good) }, kit).map((d) => d.code)),
    ];
    const firstInput = good.pinNet.findIndex(
      (net, p) => net !== NONE && good.netPins[good.netPinStart[net]!] !== p,
    );
    expect(damage((n) => ({ pinNet: n.pinNet.with(firstInput, NONE) }))).toContain('NETLIST-104');
    expect(damage((n) => ({ pinNet: n.pinNet.with(firstInput, (n.pinNet[firstInput]! + 1) % 5) }))).toContain(
      'NETLIST-102',
    );
    expect(damage((n) => ({ pinNet: n.pinNet.with(firstInput, 9999) }))).toEqual(['NETLIST-101']);
    expect(damage((n) => ({ instMaster: n.instMaster.with(0, 999) }))).toEqual(['NETLIST-101']);
    expect(damage((n) => ({ netPins: n.netPins.toReversed() }))).toContain('NETLIST-102');
    expect(damage((n) => ({ instNames: n.instNames.with(0, n.instNames[1]!) }))).toEqual(['NETLIST-105']);
    expect(damage((n) => ({ ports: n.ports.with(0, { ...n.ports[0]!, net: n.ports[1]!.net }) }))).toEqual(
      expect.arrayContaining(['NETLIST-106', 'NETLIST-103']),
    );
    const supply = kit.masters[good.instMaster[0]!]!.pins.findIndex((p) => p.use === 'power');
    expect(damage((n) => ({ pinNet: n.pinNet.with(supply, 0) }))).toContain('NETLIST-107');
    const net = good.netPinStart.findIndex(
      (s, i) => i < good.netNames.length && good.netPinStart[i + 1]! - s > 1,
    );
    const [a, b] = [good.netPinStart[net]!, good.netPinStart[net]! + 1];
    const swapped = good.netPins.with(a, good.netPins[b]!).with(b, good.netPins[a]!);
    expect(damage(() => ({ netPins: swapped }))).toEqual(['NETLIST-102']);
  });

  it('marks clock nets through buffers, and counts', async () => {
    const kit = nangate45();
    const n = markClocks(readNetlist(counterVerilog(4), kit).value, kit);
    expect(n.netNames.filter((_, i) => n.netIsClock[i])).toEqual(['clk', 'ck']);
    expect(netlistStatistics(n, kit)).toMatchObject({ cells: 4 * 3 + 3, flops: 4, ports: 6, maxFanout: 4 });
  });
});
