/** Mapped netlists, written out by generators of our own: no test needs Yosys to have gates. */
import { makeRng } from '../../src-main/base/rng.ts';

/** A ripple-carry adder of full adders: ports a[bits], b[bits], s[bits + 1]. */
export function adderVerilog(bits: number): string {
  const lines = Array.from({ length: bits }, (_, i) =>
    i === 0
      ? `  HA_X1 fa0 (.A(a[0]), .B(b[0]), .S(s[0]), .CO(c1));`
      : `  FA_X1 fa${i} (.A(a[${i}]), .B(b[${i}]), .CI(c${i}), .S(s[${i}]), .CO(${i === bits - 1 ? `s[${bits}]` : `c${i + 1}`}));`,
  );
  const wires = Array.from({ length: bits - 1 }, (_, i) => `c${i + 1}`).join(', ');
  return [
    `module adder (a, b, s);`,
    `  input [${bits - 1}:0] a;`,
    `  input [${bits - 1}:0] b;`,
    `  output [${bits}:0] s;`,
    `  wire ${wires};`,
    ...lines,
    'endmodule',
    '',
  ].join('\n');
}

/**
 * A counter with synchronous reset (`clear`) of half adders and flops, its clock through a buffer; with
 * `resettable` flops that take an asynchronous rst_n besides.
 */
export function counterVerilog(bits: number, resettable = false): string {
  const each = (f: (i: number) => string): string[] => Array.from({ length: bits }, (_, i) => f(i));
  const reset = resettable ? '.RN(rst_n), ' : '';
  return [
    `module counter (clk, ${resettable ? 'rst_n, ' : ''}clear, \\count[0] ${each((i) => `, \\count[${i}] `)
      .slice(1)
      .join('')});`,
    `  input clk, clear${resettable ? ', rst_n' : ''};`,
    ...each((i) => `  output \\count[${i}] ;`),
    `  wire ck, one, go, ${each((i) => `d${i}, s${i}, c${i}`).join(', ')};`,
    '  CLKBUF_X2 ckbuf (.A(clk), .Z(ck));',
    '  LOGIC1_X1 tie (.Z(one));',
    '  INV_X1 inv (.A(clear), .ZN(go));',
    ...each(
      (i) =>
        `  HA_X1 ha${i} (.A(\\count[${i}] ), .B(${i === 0 ? 'one' : `c${i - 1}`}), .S(s${i}), .CO(c${i}));`,
    ),
    ...each((i) => `  AND2_X1 and${i} (.A1(s${i}), .A2(go), .ZN(d${i}));`),
    ...each(
      (i) =>
        `  DFF${resettable ? 'R' : ''}_X1 ff${i} (.CK(ck), ${reset}.D(d${i}), .Q(\\count[${i}] ), .QN());`,
    ),
    'endmodule',
    '',
  ].join('\n');
}

/** Gates that random netlists are made of: cell, inputs, output. */
export const GATES: readonly [string, string[], string][] = [
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

export interface RandomOptions {
  /** Gates that share one driver and one tie cell: fan-out for the repair to work on. */
  readonly wide?: number;
  /** Default true: the clock goes to each eight flops through a CLKBUF_X1. */
  readonly hasClockBuffers?: boolean;
}

/** Flops around layers of random NanGate45 gates. */
export function randomVerilog(
  seed: number,
  gates: number,
  flops: number,
  { wide = 0, hasClockBuffers = true }: RandomOptions = {},
): string {
  const rng = makeRng(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(rng() * list.length)]!;
  const nets = ['in[0]', 'in[1]', 'in[2]', ...Array.from({ length: flops }, (_, i) => `q${i}`)];
  const lines: string[] = [];
  const wires = nets.slice(3);
  const wire = (name: string): string => {
    wires.push(name);
    return name;
  };
  // Mostly recent nets, so that paths get deep.
  const source = (): string =>
    rng() < 0.7 ? nets[Math.max(0, nets.length - 1 - Math.floor(rng() * 12))]! : pick(nets);
  for (let g = 0; g < gates; g++) {
    const [master, inputs, output] = pick(GATES);
    const pins = inputs.map((p) => `.${p}(${source()})`);
    lines.push(`  ${master} g${g} (${pins.join(', ')}, .${output}(${wire(`n${g}`)}));`);
    nets.push(`n${g}`);
  }
  if (wide > 0)
    lines.push(`  INV_X1 wd (.A(in[0]), .ZN(${wire('wide')}));`, `  LOGIC1_X1 tie (.Z(${wire('one')}));`);
  for (let k = 0; k < wide; k++)
    lines.push(`  NAND3_X1 w${k} (.A1(wide), .A2(one), .A3(${source()}), .ZN(${wire(`m${k}`)}));`);
  for (let i = 0; i < flops; i++) {
    if (hasClockBuffers && i % 8 === 0)
      lines.push(`  CLKBUF_X1 cb${i / 8} (.A(clk), .Z(${wire(`ck${i / 8}`)}));`);
    const [clock, data] = [
      hasClockBuffers ? `ck${i >> 3}` : 'clk',
      gates - 1 - Math.floor(rng() * (gates / 3)),
    ];
    lines.push(`  DFF_X1 r${i} (.CK(${clock}), .D(n${data}), .Q(q${i}));`);
  }
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
