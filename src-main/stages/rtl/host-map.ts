/** The two hosts' tables: what the hardware, the drivers and the reference page are made from. */
import { biasBits, scaleBits, type Chip } from '../chip/index.ts';
import { COUNTERS, HOST_REGION } from './host.ts';

/** `INGT`. */
export const HOST_ID = 0x494e4754;

/** AXI4-Lite registers of 32 bits: byte address, name, access, meaning. */
export const AXI_REGISTERS = [
  [0x00, 'CONTROL', 'rw', 'bit 0 `run`: 0 holds the core in reset, so that it can be loaded; 1 lets it run'],
  [0x04, 'STATUS', 'ro', 'bit 0 `busy`, from the first input beat to the last output beat; bit 1 `run`'],
  [
    0x08,
    'TARGET',
    'wo',
    'where the next write to DATA goes: bits 28:27 region, 26:7 word, 6:0 part of 32 bits',
  ],
  [
    0x0c,
    'DATA',
    'wo',
    'writes 32 bits to TARGET, which then moves to the next part; refused while `run` is 1',
  ],
  [0x10, 'ID', 'ro', `0x${HOST_ID.toString(16)}`],
  [0x14, 'SHAPE', 'ro', 'rows, columns, lanes, bytes in a beat: a byte each, rows lowest'],
  ...COUNTERS.map(([name, doc], i) => [0x20 + 4 * i, name, 'ro', `counter: ${doc}`] as const),
] as const;

/** Commands of the SPI slave: code, name, bytes from the master, bytes to it, meaning. */
export const SPI_COMMANDS = [
  [0x01, 'TARGET', '4', '-', 'where DATA goes, as the register of that name, highest byte first'],
  [0x02, 'DATA', '4 each', '-', 'words of 32 bits, highest byte first; TARGET moves on after each'],
  [0x03, 'CONTROL', '1', '-', 'bit 0 `run`'],
  [0x04, 'STATUS', '-', 'any', 'the status, again and again'],
  [0x05, 'COUNTER', '1', '4 after it', 'the counter of that index, highest byte first'],
  [
    0x06,
    'INPUT',
    'any',
    'as many',
    'bytes of input tensors; the reply to a byte is the status at its start, and without `room` the byte is not taken: send it again',
  ],
  [
    0x07,
    'OUTPUT',
    '-',
    '2 each',
    'the status, then a byte of output, which is there and taken only if the status had `output`',
  ],
  [0x08, 'WEIGHTS', 'any', 'as many', 'as INPUT for the weight stream, with `weight_room`'],
] as const;

export const SPI_STATUS = ['busy', 'run', 'room', 'output', 'weight_room'] as const;

export const registerAddress = (name: string): number => AXI_REGISTERS.find((r) => r[1] === name)![0];
export const commandCode = (name: (typeof SPI_COMMANDS)[number][1]): number =>
  SPI_COMMANDS.find((c) => c[1] === name)![0];

/** Parts of 32 bits in a word of each region, by region. */
export const partsOfRegions = (chip: Chip): readonly number[] => {
  const bits = { program: 128, weights: 8 * chip.columns, biases: biasBits(chip), scales: scaleBits(chip) };
  return Object.keys(HOST_REGION).map((r) => Math.ceil(bits[r as keyof typeof bits] / 32));
};

/** Both hosts in Markdown, from the tables above. */
export function hostReference(): string {
  const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
    [head, head.map(() => '---'), ...rows].map((r) => `| ${r.join(' | ')} |`).join('\n');
  const hex = (n: number): string => `0x${n.toString(16).padStart(2, '0')}`;
  const regions = Object.entries(HOST_REGION).map(([name, code]) => `${code} ${name}`);
  return `# Hosts

A chip with \`host: 'axi'\` or \`'spi'\` has a wrapper around its core as the top module, \`<name>_axi\` or
\`<name>_spi\`. Both load program, weights and parameters in words of 32 bits while the core is held in reset, and start
it by setting \`run\`. Regions: ${regions.join(', ')}. A word of a region has as many parts as its bits need; TARGET goes
through the parts of a word and then to the next word, so that a region is loaded by one TARGET and its DATA. Clearing
\`run\` drops what is under way and zeroes the counters.

## AXI

AXI4-Lite for control (\`s_axi_*\`, 8 address bits, whole words only; a write that is not possible, and any access
to an address that is not here, gets SLVERR) and AXI4-Stream for data: \`s_axis_*\` input tensors, \`m_axis_*\` output
tensors with \`tlast\` at the end of a pass, and on chips with queues \`s_axis_w_*\` weights and parameters. One clock
\`aclk\`, one reset \`aresetn\` (synchronous). Streams reach the core in the same cycle: its timing is that of the bare core.

${table(
  ['address', 'name', 'access', 'meaning'],
  AXI_REGISTERS.map(([a, ...rest]) => [hex(a), ...rest]),
)}

## SPI

Mode 0, bytes with the highest bit first, \`cs_n\` low for the length of a command; \`sck\` at most an eighth of \`clk\`, to
which it is synchronised. The first byte is the command; the reply to it is the status. Status bits from 0:
${SPI_STATUS.map((b) => `\`${b}\``).join(', ')}.

${table(
  ['code', 'name', 'bytes sent', 'bytes replied', 'meaning'],
  SPI_COMMANDS.map(([c, ...rest]) => [hex(c), ...rest]),
)}
`;
}
