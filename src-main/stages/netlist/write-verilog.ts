import type { Kit, MasterKind } from '../kit/types.ts';
import { NONE, type Netlist, type Port } from './types.ts';

export interface WriteVerilogOptions {
  /** Whether fillers and taps are written; they hold no logic and simulators need no model of them. */
  readonly physicalCells: boolean;
}

const PHYSICAL: ReadonlySet<MasterKind> = new Set(['filler', 'tap']);

/**
 * The netlist as structural Verilog-2001. Ports `a[0]`..`a[n-1]` of one direction become a vector again, so
 * the module fits the testbench of its source. A net with a port is written by the port's name: there is no
 * assign. Supplies are implicit. Reading it back gives the same instances, pins and connections.
 */
export function writeVerilog(netlist: Netlist, kit: Kit, options: WriteVerilogOptions): string {
  const { ports, netNames, instNames, instMaster, instPinStart, pinNet } = netlist;
  const vectors = groupPorts(ports);
  const reserved = new Set(vectors.map((v) => v.name));
  for (const port of ports) reserved.add(port.name);
  const refs = new Array<string>(netNames.length);
  for (const vector of vectors)
    vector.nets.forEach(
      (net, i) => (refs[net] = `${identifier(vector.name)}${vector.isVector ? `[${i}]` : ''}`),
    );
  const lines: string[] = [
    `module ${identifier(netlist.top)} (${vectors.map((v) => identifier(v.name).trimEnd()).join(' , ')} );`,
  ];
  for (const v of vectors) {
    const range = v.isVector ? `[${v.nets.length - 1}:0] ` : '';
    lines.push(`  ${v.direction} ${range}${identifier(v.name)};`);
  }
  // A net that lost its port to a buffer may still bear the port's name.
  const taken = new Set(reserved);
  for (let net = 0; net < netNames.length; net++) {
    if (refs[net] !== undefined) continue;
    if (netlist.netPinStart[net] === netlist.netPinStart[net + 1]) continue;
    let name = netNames[net]!;
    while (taken.has(name)) name += '_net';
    taken.add(name);
    refs[net] = identifier(name);
    lines.push(`  wire ${refs[net]};`);
  }
  for (let i = 0; i < instNames.length; i++) {
    const master = kit.masters[instMaster[i]!]!;
    if (!options.physicalCells && PHYSICAL.has(master.kind)) continue;
    const pins: string[] = [];
    master.pins.forEach((pin, k) => {
      const net = pinNet[instPinStart[i]! + k]!;
      if (net !== NONE) pins.push(`.${identifier(pin.name)}(${refs[net]})`);
    });
    lines.push(`  ${identifier(master.name)} ${identifier(instNames[i]!)} ( ${pins.join(', ')} );`);
  }
  lines.push('endmodule', '');
  return lines.join('\n');
}

interface PortVector {
  readonly name: string;
  readonly direction: Port['direction'];
  readonly isVector: boolean;
  /** From bit 0. */
  readonly nets: number[];
}

/** Ports by base name in order of first appearance; a vector only where bits 0..n-1 are all there, once. */
function groupPorts(ports: readonly Port[]): PortVector[] {
  const groups = new Map<string, { port: Port; bit: number | null }[]>();
  for (const port of ports) {
    const match = /^([A-Za-z_][A-Za-z0-9_$]*)\[(\d+)\]$/.exec(port.name);
    const key = match ? match[1]! : port.name;
    const group = groups.get(key) ?? [];
    group.push({ port, bit: match ? Number(match[2]) : null });
    groups.set(key, group);
  }
  return [...groups].flatMap(([name, members]): PortVector[] => {
    const sorted = members.toSorted((a, b) => (a.bit ?? -1) - (b.bit ?? -1));
    const isVector =
      sorted.every((m, i) => m.bit === i) && new Set(members.map((m) => m.port.direction)).size === 1;
    if (isVector) {
      return [{ name, direction: sorted[0]!.port.direction, isVector, nets: sorted.map((m) => m.port.net) }];
    }
    return members.map(({ port }) => {
      return { name: port.name, direction: port.direction, isVector: false, nets: [port.net] };
    });
  });
}

const KEYWORDS = new Set(
  'always and assign begin buf bufif0 bufif1 case casex casez cmos deassign default defparam disable edge else end endcase endfunction endgenerate endmodule endprimitive endspecify endtable endtask event for force forever fork function generate genvar if initial inout input integer join localparam module nand negedge nmos nor not notif0 notif1 or output parameter pmos posedge primitive pull0 pull1 pulldown pullup rcmos real realtime reg release repeat rnmos rpmos rtran rtranif0 rtranif1 scalared small specify specparam strong0 strong1 supply0 supply1 table task time tran tranif0 tranif1 tri tri0 tri1 triand trior trireg unsigned vectored wait wand weak0 weak1 while wire wor xnor xor'.split(
    ' ',
  ),
);

/** Escaped where plain Verilog would not take it; an escaped name carries the blank that ends it. */
function identifier(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_$]*$/.test(name) && !KEYWORDS.has(name) ? name : `\\${name} `;
}
