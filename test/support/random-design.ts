/** Mapped Verilog from a seed: layers of gates with mostly near connections, flops on one clock, a net of many sinks. */
import { makeRng } from '../../src-main/base/rng.ts';

const GATES: readonly (readonly [string, readonly string[], string])[] = [
  ['INV_X1', ['A'], 'ZN'],
  ['NAND2_X1', ['A1', 'A2'], 'ZN'],
  ['NOR2_X1', ['A1', 'A2'], 'ZN'],
  ['AOI21_X1', ['A', 'B1', 'B2'], 'ZN'],
  ['OAI22_X1', ['A1', 'A2', 'B1', 'B2'], 'ZN'],
  ['XOR2_X1', ['A', 'B'], 'Z'],
];

/** `wide` gates and a tie share one input each: fan-out for the repair to work on. */
export function randomDesign(seed: number, gates: number, flops: number, wide: number): string {
  const rng = makeRng(seed);
  const nets = ['in[0]', 'in[1]', ...Array.from({ length: flops }, (_, i) => `q${i}`)];
  const lines: string[] = [];
  const near = (): string =>
    nets[Math.max(0, nets.length - 1 - Math.floor(Math.pow(rng(), 3) * nets.length))]!;
  for (let g = 0; g < gates; g++) {
    const [master, inputs, output] = GATES[Math.floor(rng() * GATES.length)]!;
    lines.push(`  ${master} g${g} (${inputs.map((p) => `.${p}(${near()})`).join(', ')}, .${output}(n${g}));`);
    nets.push(`n${g}`);
  }
  lines.push('  INV_X1 wide_driver (.A(in[0]), .ZN(wide));', '  LOGIC1_X1 tie (.Z(one));');
  for (let k = 0; k < wide; k++)
    lines.push(`  NAND3_X1 w${k} (.A1(wide), .A2(one), .A3(${near()}), .ZN(m${k}));`);
  for (let i = 0; i < flops; i++)
    lines.push(`  DFF_X1 r${i} (.CK(clk), .D(n${Math.floor(rng() * gates)}), .Q(q${i}));`);
  const wires = [
    ...Array.from({ length: gates }, (_, i) => `n${i}`),
    ...Array.from({ length: wide }, (_, i) => `m${i}`),
    ...Array.from({ length: flops }, (_, i) => `q${i}`),
  ];
  return `module top (clk, in, out);
  input clk;
  input [1:0] in;
  output out;
  wire wide, one, ${wires.join(', ')};
${lines.join('\n')}
  BUF_X1 ob (.A(n${gates - 1}), .Z(out));
endmodule
`;
}
