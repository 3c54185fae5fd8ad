/**
 * What Yosys is told to keep whole, as techmap modules: full adders of sums and products, and flops with
 * enable. Left to abc, a full adder becomes five gates and an enable a multiplexer beside its flop; on the
 * baked digits chip the two maps save a quarter of the cells.
 */
import type { Kit } from '../kit/types.ts';

export interface SynthesisMap {
  readonly name: string;
  readonly text: string;
}

/** Full adders after maccmap ($fa); null where the kit has no such cell. Bits with a constant stay logic for abc. */
export function fullAdderMap(kit: Kit): SynthesisMap | null {
  const fa = kit.roles.fullAdder;
  if (!fa) return null;
  const pins = `.${fa.a}(A[i]), .${fa.b}(B[i]), .${fa.carryIn}(C[i]), .${fa.carryOut}(X[i]), .${fa.sum}(Y[i])`;
  const text = `(* techmap_celltype = "$fa" *)
module full_adders (A, B, C, X, Y);
  parameter WIDTH = 1;
  parameter [WIDTH-1:0] _TECHMAP_CONSTMSK_A_ = 0;
  parameter [WIDTH-1:0] _TECHMAP_CONSTMSK_B_ = 0;
  parameter [WIDTH-1:0] _TECHMAP_CONSTMSK_C_ = 0;
  localparam [WIDTH-1:0] CONSTANT = _TECHMAP_CONSTMSK_A_ | _TECHMAP_CONSTMSK_B_ | _TECHMAP_CONSTMSK_C_;
  input [WIDTH-1:0] A, B, C;
  output [WIDTH-1:0] X, Y;
  genvar i;
  generate for (i = 0; i < WIDTH; i = i + 1) begin : bits
    if (CONSTANT[i]) begin
      assign X[i] = (A[i] & B[i]) | (A[i] & C[i]) | (B[i] & C[i]);
      assign Y[i] = A[i] ^ B[i] ^ C[i];
    end else begin
      ${fa.master} adder (${pins});
    end
  end endgenerate
endmodule
`;
  return { name: 'map_adders.v', text };
}

/**
 * Full adders with an input that turned out constant, back to logic for abc; null where the kit has no such cell.
 * To be applied until nothing changes: an adder of two zeros has a constant carry.
 */
export function constantAdderMap(kit: Kit): SynthesisMap | null {
  const fa = kit.roles.fullAdder;
  if (!fa) return null;
  const [a, b, c, co, s] = [fa.a, fa.b, fa.carryIn, fa.carryOut, fa.sum];
  const text = `(* techmap_celltype = "${fa.master}" *)
module adder_with_constant (${[a, b, c, co, s].join(', ')});
  parameter _TECHMAP_CONSTMSK_${a}_ = 1'b0;
  parameter _TECHMAP_CONSTMSK_${b}_ = 1'b0;
  parameter _TECHMAP_CONSTMSK_${c}_ = 1'b0;
  input ${a}, ${b}, ${c};
  output ${co}, ${s};
  wire _TECHMAP_FAIL_ = !(_TECHMAP_CONSTMSK_${a}_ | _TECHMAP_CONSTMSK_${b}_ | _TECHMAP_CONSTMSK_${c}_);
  assign ${co} = (${a} & ${b}) | (${a} & ${c}) | (${b} & ${c});
  assign ${s} = ${a} ^ ${b} ^ ${c};
endmodule
`;
  return { name: 'map_constant_adders.v', text };
}

/** Flops with enable as scan flops that feed themselves; null where the kit has no such cell. */
export function enableFlopMap(kit: Kit): SynthesisMap | null {
  const flop = kit.roles.holdFlop;
  if (!flop) return null;
  const pins = `.${flop.hold}(Q), .${flop.data}(D), .${flop.enable}(E), .${flop.clock}(C), .${flop.output}(Q)`;
  const text = `(* techmap_celltype = "$_DFFE_PP_" *)
module enable_flop (input D, input C, input E, output Q);
  ${flop.master} _TECHMAP_REPLACE_ (${pins});
endmodule
`;
  return { name: 'map_flops.v', text };
}

/**
 * Carries of adders, subtracters and comparers ($lcu) as a parallel prefix tree of least depth: log2 of the width levels
 * of (g, p) pairs, each block of 2^k bits taking the carry of the block below it from that one's last bit (Sklansky,
 * "Conditional-Sum Addition Logic", IRE Trans. EC 1960; named a prefix tree by Ladner and Fischer, JACM 1980). The large
 * fan-out of the middle is for the mapper to buffer.
 */
export function prefixCarryMap(): SynthesisMap {
  // Of two maps for one cell Yosys takes that whose name sorts first: its own is _90_lcu.
  const text = `(* techmap_celltype = "$lcu" *)
module _80_prefix_carries (P, G, CI, CO);
  parameter WIDTH = 2;
  (* force_downto *) input [WIDTH-1:0] P, G;
  input CI;
  (* force_downto *) output [WIDTH-1:0] CO;
  wire [1023:0] _TECHMAP_DO_ = "proc; opt -fast";
  integer block, i;
  (* force_downto *) reg [WIDTH-1:0] g, p;
  always @* begin
    g = G;
    p = P;
    g[0] = G[0] | (P[0] & CI);
    for (block = 1; block < WIDTH; block = 2 * block)
      for (i = block; i < WIDTH; i = i + 1)
        if ((i / block) % 2 == 1) begin
          g[i] = g[i] | (p[i] & g[(i / block) * block - 1]);
          p[i] = p[i] & p[(i / block) * block - 1];
        end
  end
  assign CO = g;
endmodule
`;
  return { name: 'map_carries.v', text };
}
