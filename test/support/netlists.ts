/** Small mapped netlists, written out by hand-made generators: no test of ours needs Yosys to have gates. */

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
