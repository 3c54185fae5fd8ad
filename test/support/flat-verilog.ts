/**
 * The exported netlist read by regular expressions alone: flat, one instance a line, named connections. Shares
 * nothing with the product's reader and writer, and throws on a line it does not know.
 */

export interface FlatModule {
  readonly name: string;
  /** Port bits, `data[3]` for bit 3 of a bus. */
  readonly ports: ReadonlySet<string>;
  /** Instance -> master. */
  readonly cells: ReadonlyMap<string, string>;
  /** Net -> what it connects: `instance/pin`, or `PIN/port`. */
  readonly nets: ReadonlyMap<string, readonly string[]>;
}

const NAME = String.raw`\\\S+\s|[A-Za-z_][\w$]*(?:\[\d+\])?`;
const HEADER = /^module (\S+) \(([^)]*)\);$/;
const PORT = new RegExp(`^(?:input|output) (?:\\[(\\d+):(\\d+)\\] )?(${NAME})\\s*;$`);
const CELL = new RegExp(`^(\\w+) (${NAME})\\s*\\((.*)\\);$`);
const CONNECTION = new RegExp(`\\.(\\w+)\\((?:(${NAME})\\s*)?\\)`, 'g');

const plain = (name: string): string => name.replace(/^\\/, '').trim();

export function readFlatVerilog(text: string): FlatModule {
  let name = '';
  const ports = new Set<string>();
  const cells = new Map<string, string>();
  const nets = new Map<string, string[]>();
  const connect = (net: string, what: string): void => {
    const known = nets.get(net);
    if (known) known.push(what);
    else nets.set(net, [what]);
  };
  const addPort = ([, high, low, port]: RegExpExecArray): void => {
    const bits =
      high === undefined
        ? [plain(port!)]
        : Array.from({ length: Number(high) - Number(low) + 1 }, (_, i) => `${port}[${Number(low) + i}]`);
    for (const bit of bits) {
      ports.add(bit);
      connect(bit, `PIN/${bit}`);
    }
  };
  for (const line of text.split('\n').map((l) => l.trim())) {
    if (line === '' || line === 'endmodule' || line.startsWith('//') || line.startsWith('wire ')) continue;
    const [header, port, cell] = [HEADER.exec(line), PORT.exec(line), CELL.exec(line)];
    if (header) name = header[1]!;
    else if (port) addPort(port);
    else if (cell) {
      const inst = plain(cell[2]!);
      if (cells.has(inst)) throw new Error(`${inst} is there twice`);
      cells.set(inst, cell[1]!);
      for (const [, pin, net] of cell[3]!.matchAll(CONNECTION))
        if (net !== undefined) connect(plain(net), `${inst}/${pin}`);
    } else throw new Error(`not understood: ${line}`);
  }
  return { name, ports, cells, nets };
}
