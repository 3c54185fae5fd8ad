/** Mapped netlists with several clocks, written out by a generator of our own. */
import { makeRng } from '../../src-main/base/rng.ts';
import { GATES } from './netlists.ts';

const SMALL_GATES = GATES.filter(([cell]) => cell !== 'OAI22_X1');

/**
 * Ports ca and cb (clocks), in[0..3], out[0..3]. Clock nets: ca and cb through buffers; `div` = ca / 2 by a flop with
 * its own inverse (instance div/Q); `gate`: div gated by a plain AND whose enable is a flop on the falling edge of
 * div; `fall`: ca inverted; `icg`: cb through the library's clock gate. Flops of all of them around random gates.
 */
export function multiClockVerilog(seed: number, gates: number, flops: number): string {
  const rng = makeRng(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(rng() * list.length)]!;
  const nets = ['in[0]', 'in[1]', 'in[2]', 'in[3]', ...Array.from({ length: flops }, (_, i) => `q${i}`)];
  const wires = [...nets.slice(4), 'ka', 'kb', 'kd', 'kd2', 'kg', 'kf', 'ki', 'dq', 'dn', 'en', 'kdn', 'kd1'];
  const source = (): string =>
    rng() < 0.7 ? nets[Math.max(0, nets.length - 1 - Math.floor(rng() * 12))]! : pick(nets);
  const lines = [
    '  CLKBUF_X2 ba (.A(ca), .Z(ka));',
    '  CLKBUF_X3 bb (.A(cb), .Z(kb));',
    '  DFF_X1 div (.CK(ka), .D(dn), .Q(dq));',
    '  INV_X1 divn (.A(dq), .ZN(dn));',
    '  CLKBUF_X1 bd (.A(dq), .Z(kd));',
    '  CLKBUF_X2 bd2 (.A(kd), .Z(kd2));',
    '  INV_X2 bdn (.A(kd), .ZN(kdn));',
    '  DFF_X1 ren (.CK(kdn), .D(q0), .Q(en));',
    '  AND2_X2 gate (.A1(kd), .A2(en), .ZN(kg));',
    '  INV_X2 inva (.A(ka), .ZN(kf));',
    '  CLKGATE_X2 icg (.CK(kb), .E(q1), .GCK(ki));',
  ];
  for (let g = 0; g < gates; g++) {
    const [master, inputs, output] = pick(SMALL_GATES);
    const pins = inputs.map((p) => `.${p}(${source()})`);
    lines.push(`  ${master} g${g} (${pins.join(', ')}, .${output}(n${g}));`);
    wires.push(`n${g}`);
    nets.push(`n${g}`);
  }
  const domains = ['ka', 'kb', 'kd2', 'kg', 'kf', 'ki'];
  for (let i = 0; i < flops; i++) {
    const data = gates - 1 - Math.floor(rng() * (gates / 2));
    lines.push(`  DFF_X1 r${i} (.CK(${domains[i % domains.length]}), .D(n${data}), .Q(q${i}));`);
  }
  for (let o = 0; o < 4; o++) lines.push(`  BUF_X1 ob${o} (.A(n${gates - 1 - o}), .Z(out[${o}]));`);
  return [
    'module top (ca, cb, in, out);',
    '  input ca, cb;',
    '  input [3:0] in;',
    '  output [3:0] out;',
    `  wire ${wires.join(', ')};`,
    ...lines,
    'endmodule',
    '',
  ].join('\n');
}
