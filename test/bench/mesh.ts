/**
 * A netlist whose size can be chosen while its structure stays: a square mesh of tiles as in a systolic array, each
 * adding what comes from the west and the north, registering it and mixing it; wires go to next neighbours only.
 */

const WIDTH = 8;
/** Adders, multiplexers, exclusive ors and flip-flops of a tile. */
export const TILE_CELLS = 5 * WIDTH;

/** `side` tiles a side; ports clk, in (one byte, fed to all edges), out. */
export function meshVerilog(side: number): string {
  const lines: string[] = [];
  const wires: string[] = [];
  const wire = (name: string): string => {
    wires.push(name);
    return name;
  };
  const east = (row: number, column: number, bit: number): string =>
    column < 0 ? `in[${bit}]` : `e_${row}_${column}_${bit}`;
  const south = (row: number, column: number, bit: number): string =>
    row < 0 ? `in[${(bit + 3) % WIDTH}]` : `s_${row}_${column}_${bit}`;
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++) {
      const id = `${row}_${column}`;
      for (let bit = 0; bit < WIDTH; bit++) {
        const [a, b] = [east(row, column - 1, bit), south(row - 1, column, bit)];
        const sum = wire(`sum_${id}_${bit}`);
        const carry = bit === WIDTH - 1 ? '' : wire(`c_${id}_${bit}`);
        lines.push(
          bit === 0
            ? `HA_X1 add_${id}_${bit} (.A(${a}), .B(${b}), .S(${sum}), .CO(${carry}));`
            : `FA_X1 add_${id}_${bit} (.A(${a}), .B(${b}), .CI(c_${id}_${bit - 1}), .S(${sum}), .CO(${carry}));`,
          `DFF_X1 re_${id}_${bit} (.CK(clk), .D(${sum}), .Q(${wire(east(row, column, bit))}), .QN());`,
          `XOR2_X1 mix_${id}_${bit} (.A(${sum}), .B(${a}), .Z(${wire(`x_${id}_${bit}`)}));`,
          `MUX2_X1 sel_${id}_${bit} (.A(x_${id}_${bit}), .B(${b}), .S(${east(row, column, (bit + 1) % WIDTH)}), .Z(${wire(`m_${id}_${bit}`)}));`,
          `DFF_X1 rs_${id}_${bit} (.CK(clk), .D(m_${id}_${bit}), .Q(${wire(south(row, column, bit))}), .QN());`,
        );
      }
    }
  return `module mesh (clk, in, out);
  input clk;
  input [${WIDTH - 1}:0] in;
  output out;
  wire ${wires.join(', ')};
  ${lines.join('\n  ')}
  BUF_X1 ob (.A(${south(side - 1, side - 1, 0)}), .Z(out));
endmodule
`;
}
