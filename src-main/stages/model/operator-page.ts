/** The page of operators, made from the tables that the importers and the interpreter run by. */
import { MICROSOFT, ONNX } from './onnx/readers.ts';
import { OPERATORS } from './operators/index.ts';
import { ATEN, DECOMPOSED } from './pt2/aten.ts';
import { TFLITE_OPERATORS } from './tflite/operators.ts';
import type { OpName } from './types.ts';

/** What a later stage knows about one operator of the Model. */
export interface Support {
  /** How the engine runs it, e.g. `convolution`; absent where it does not. */
  readonly engine?: string;
  /** The exact host routine, where there is one. */
  readonly host?: string;
}

/** Rows under a heading row, columns padded as Prettier does. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, c) => Math.max(3, ...rows.map((row) => [...row[c]!].length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, c) => cell + ' '.repeat(widths[c]! - [...cell].length)).join(' | ')} |`;
  const rule = `| ${widths.map((w) => '-'.repeat(w)).join(' | ')} |`;
  return [line(rows[0]!), rule, ...rows.slice(1).map(line)].join('\n');
}

type Entries = Readonly<Record<string, readonly [unknown, string]>>;

function formatTable(entries: Entries, heading: string): string {
  const sorted = Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1));
  const rows = sorted.map(([name, [, becomes]]) => [
    `\`${name}\``,
    becomes === '' ? 'nothing: known at import' : becomes,
  ]);
  return table([[heading, 'becomes'], ...rows]);
}

/** Markdown. support: by operator of the Model, from the stages behind; without it those columns say —. */
export function operatorPage(support: ReadonlyMap<string, Support> = new Map()): string {
  const names = Object.keys(OPERATORS).sort() as OpName[];
  const rows = names.map((name) => {
    const { engine, host } = support.get(name) ?? {};
    return [name, OPERATORS[name].does.replaceAll('|', '\\|'), 'yes', engine ?? '—', host ?? '—'];
  });
  return `# Operators

Written by \`npm run generate:operators\` from the tables that the importers run by; do not edit.
An operator that is not listed is refused with the node's name (MODEL-003); a form of a listed one that is not read
likewise (MODEL-004).

## Of the Model

${names.length} operators, each with its types and a float reference
(\`src-main/stages/model/operators\`). Engine: as int8 on the accelerator; host: by an exact routine beside it.
Where neither column says anything, the operator runs in float on the host.

${table([['operator', 'does', 'float', 'engine', 'host'], ...rows])}

## ONNX

Operator sets 7 to 24.

${formatTable(ONNX, 'operator')}

### Domain com.microsoft

${formatTable(MICROSOFT, 'operator')}

## PyTorch (.pt2)

\`torch.ops.aten\`, any overload.

${formatTable(ATEN, 'operator')}

### torch.ops.quantized_decomposed

${formatTable(DECOMPOSED, 'operator')}

## TensorFlow Lite

Int8 models, read as integer operators as they are: ${TFLITE_OPERATORS.join(', ')}.
`;
}
