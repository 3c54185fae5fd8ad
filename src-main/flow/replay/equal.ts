/**
 * A Yosys script that proves two netlists of kit cells equal: gold.v and gate.v, cells.lib and flops.v beside it. Flip-flops
 * are matched by the nets that they drive, cut open into ports (`expose -evert-dff`), and a miter of what is left must
 * be constant: `opt` merges what has the same structure, abc's fraig (Mishchenko, Chatterjee, Jiang, Brayton, 2005) what has the
 * same function, SAT proves the rest. Sound, not complete: renamed or retimed flip-flops give "not proven".
 */

/**
 * Asynchronous flip-flops as plain ones, before they are cut open: Yosys would compare their pins and forget whether
 * one sets or clears. With clock C & R and data R & D (or ~R | D) both the condition and the value are compared: for
 * R = 1 they are C and D, for R = 0 the clock is still and the data is the value.
 */
export const FLOPS = `(* techmap_celltype = "$_DFF_N_" *)
module falling (input D, C, output Q);
  \\$_DFF_P_ _TECHMAP_REPLACE_ (.D(D), .C(~C), .Q(Q));
endmodule
(* techmap_celltype = "$_DFF_PN0_" *)
module cleared (input D, C, R, output Q);
  \\$_DFF_P_ _TECHMAP_REPLACE_ (.D(R & D), .C(R & C), .Q(Q));
endmodule
(* techmap_celltype = "$_DFF_PN1_" *)
module set (input D, C, R, output Q);
  \\$_DFF_P_ _TECHMAP_REPLACE_ (.D(~R | D), .C(R & C), .Q(Q));
endmodule
(* techmap_celltype = "$_DFFSR_PNN_" *)
module set_cleared (input D, C, S, R, output Q);
  \\$_DFF_P_ _TECHMAP_REPLACE_ (.D(R & (~S | D)), .C(R & S & C), .Q(Q));
endmodule
`;

const side = (top: string, name: string): string[] => [
  'read_liberty -ignore_miss_func -ignore_miss_dir cells.lib',
  `read_verilog ${name}.v`,
  `hierarchy -check -top ${top}`,
  'flatten',
  // Ports as bits: Yosys writes them so after splitnets, Ingot as buses.
  'splitnets -ports',
  'opt_clean -purge',
  `rename ${top} ${name}`,
  `design -stash ${name}`,
  'design -reset',
];

export const equalScript = (top: string): string =>
  [
    ...side(top, 'gold'),
    ...side(top, 'gate'),
    'design -copy-from gold -as gold gold',
    'design -copy-from gate -as gate gate',
    'techmap -map flops.v',
    'expose -evert-dff -shared gold gate',
    'miter -equiv -flatten gold gate miter',
    'hierarchy -top miter',
    'opt_clean -purge',
    'techmap',
    'opt_clean -purge',
    'abc -script +strash;fraig;',
    'opt',
    'sat -verify -prove trigger 0 miter',
    '',
  ].join('\n');
