/** Mapped netlists made from a seed, and a placement that scatters them: wires long and short, no clean-up. */
import { makeRng } from '../../src-main/base/rng.ts';
import type { Rect } from '../../src-main/base/geometry.ts';
import type { Floorplan } from '../../src-main/stages/floorplan/types.ts';
import type { Kit } from '../../src-main/stages/kit/types.ts';
import type { Netlist } from '../../src-main/stages/netlist/types.ts';
import type { Placement } from '../../src-main/stages/placement/types.ts';

const GATES: readonly [string, string[], string][] = [
  ['INV_X1', ['A'], 'ZN'],
  ['NAND2_X1', ['A1', 'A2'], 'ZN'],
  ['NOR2_X1', ['A1', 'A2'], 'ZN'],
  ['XOR2_X1', ['A', 'B'], 'Z'],
  ['AOI21_X1', ['A', 'B1', 'B2'], 'ZN'],
  ['OAI22_X1', ['A1', 'A2', 'B1', 'B2'], 'ZN'],
  ['MUX2_X1', ['A', 'B', 'S'], 'Z'],
  ['BUF_X2', ['A'], 'Z'],
  ['FA_X1', ['A', 'B', 'CI'], 'S'],
];

/** Flops around layers of random NanGate45 gates; the clock goes to each eight flops through a CLKBUF_X1. */
export function randomVerilog(seed: number, gates: number, flops: number): string {
  const rng = makeRng(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(rng() * list.length)]!;
  const nets = ['in[0]', 'in[1]', 'in[2]', ...Array.from({ length: flops }, (_, i) => `q${i}`)];
  const lines: string[] = [];
  for (let g = 0; g < gates; g++) {
    const [master, inputs, output] = pick(GATES);
    // Mostly recent nets, so that paths get deep.
    const source = (): string =>
      rng() < 0.7 ? nets[Math.max(0, nets.length - 1 - Math.floor(rng() * 12))]! : pick(nets);
    const pins = inputs.map((p) => `.${p}(${source()})`);
    lines.push(`  ${master} g${g} (${pins.join(', ')}, .${output}(n${g}));`);
    nets.push(`n${g}`);
  }
  for (let i = 0; i < flops; i++) {
    if (i % 8 === 0) lines.push(`  CLKBUF_X1 cb${i / 8} (.A(clk), .Z(ck${i / 8}));`);
    lines.push(
      `  DFF_X1 r${i} (.CK(ck${i >> 3}), .D(n${gates - 1 - Math.floor(rng() * (gates / 3))}), .Q(q${i}));`,
    );
  }
  const wires = [
    ...Array.from({ length: gates }, (_, g) => `n${g}`),
    ...Array.from({ length: flops }, (_, i) => `q${i}`),
    ...Array.from({ length: Math.ceil(flops / 8) }, (_, i) => `ck${i}`),
  ];
  return [
    'module top (clk, in, out);',
    '  input clk;',
    '  input [2:0] in;',
    '  output out;',
    `  wire ${wires.join(', ')};`,
    ...lines,
    `  BUF_X1 ob (.A(n${gates - 1}), .Z(out));`,
    'endmodule',
    '',
  ].join('\n');
}

/** Cells in shuffled order on rows, ports down the left side; enough of a floorplan for extraction. */
export function scatter(
  netlist: Netlist,
  kit: Kit,
  seed: number,
): { placement: Placement; floorplan: Floorplan } {
  const rng = makeRng(seed);
  const count = netlist.instMaster.length;
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(rng() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  const height = kit.tech.rowHeightDbu;
  const width = Math.sqrt(count * 3000 * height);
  const placement: Placement = {
    xDbu: new Int32Array(count),
    yDbu: new Int32Array(count),
    orient: new Uint8Array(count),
    isFixed: new Uint8Array(count),
  };
  let [x, y] = [0, 0];
  for (const i of order) {
    placement.xDbu[i] = x;
    placement.yDbu[i] = y;
    x += kit.masters[netlist.instMaster[i]!]!.widthDbu * 2;
    if (x > width) [x, y] = [0, y + height];
  }
  const die: Rect = { x1: 0, y1: 0, x2: Math.ceil(width) * 2, y2: y + 2 * height };
  const layer = kit.tech.layers.findIndex((l) => l.name === kit.roles.portLayerH);
  const portPins = netlist.ports.map((_, p) => ({
    port: p,
    layer,
    rect: { x1: 0, y1: p * 1000, x2: 280, y2: p * 1000 + 280 },
  }));
  return {
    placement,
    floorplan: {
      die,
      core: die,
      rows: [],
      tracks: [],
      portPins,
      powerShapes: [],
      powerVias: [],
      powerViaDefs: [],
    },
  };
}
