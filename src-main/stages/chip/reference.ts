import { COMMON, OPS, TOKENS, type Field } from './isa.ts';

const row = (f: Field): string =>
  `| ${f.name} | ${f.lsb + f.width - 1}:${f.lsb} | ${f.signed ? 'signed' : 'unsigned'} | ${f.doc} |`;

/** The instruction set reference in Markdown, generated from the table the encoder uses. */
export function isaReference(): string {
  const head = '| field | bits | kind | meaning |\n|---|---|---|---|';
  const parts = [
    '# Instruction set',
    'Words of 128 bits. Instructions issue in order; an instruction issues when its engine is idle and its tokens are set. On a chip with queues they enter the queue of their engine in order, and each engine issues its own in order. CFG words do not wait for the layer before: they fill a second set of registers that EXEC takes over.',
    `Tokens, from bit 0: ${TOKENS.join(', ')}. Addresses are bytes; steps are modulo the size of the address.`,
    `## All instructions\n\n${head}\n${COMMON.map(row).join('\n')}`,
    ...OPS.map(
      (o) =>
        `## ${o.name} (${o.code}, ${o.engine})\n\n${o.doc}` +
        (o.fields.length > 0 ? `\n\n${head}\n${o.fields.map(row).join('\n')}` : ''),
    ),
  ];
  return parts.join('\n\n') + '\n';
}
