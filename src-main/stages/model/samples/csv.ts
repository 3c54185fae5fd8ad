/** Comma-separated numbers (RFC 4180 without quoted numbers): a row a sample; a header and a column of labels may be. */
import { asLabels, finite } from './arrays.ts';
import { refuse, text } from './refuse.ts';
import type { SampleSet, SampleShape } from './types.ts';

const LABEL = /^"?(label|class|target|y)"?$/i;

/** DATA-006: a row of another length, or a value that is no number; with line. */
export function readCsv(bytes: Uint8Array, place: string, input: SampleShape): SampleSet {
  const size = input.shape.reduce((a, b) => a * b, 1);
  const lines = new TextDecoder().decode(bytes).split(/\r?\n/);
  const first = cells(lines[0] ?? '');
  const isHeader = first.some((cell) => !isNumber(cell));
  const labelAt = isHeader ? first.findIndex((cell) => LABEL.test(cell)) : -1;
  const columns = size + (labelAt >= 0 ? 1 : 0);
  const samples: Float32Array[][] = [];
  const labels: number[] = [];
  lines.forEach((line, i) => {
    if (line.trim() === '' || (isHeader && i === 0)) return;
    const row = cells(line);
    if (row.length !== columns) {
      const what =
        labelAt >= 0 ? `${columns} with the label` : `${columns}; a label needs a header that says so`;
      refuse('DATA-006', `${place}:${i + 1}`, `${row.length} values, input ${input.name} ${text(input.shape)} needs ${what}`, 'write one sample a row'); // prettier-ignore
    }
    const bad = row.find((cell) => !isNumber(cell));
    if (bad !== undefined)
      refuse(
        'DATA-006',
        `${place}:${i + 1}`,
        `${JSON.stringify(bad.slice(0, 40))} is not a number`,
        'write plain numbers',
      );
    const numbers = row.map(Number);
    if (labelAt >= 0) labels.push(...numbers.splice(labelAt, 1));
    samples.push([finite(place, Float32Array.from(numbers), samples.length)]);
  });
  if (samples.length === 0) refuse('DATA-003', place, 'there is no sample', 'give at least one row');
  return { samples, labels: labelAt >= 0 ? asLabels(place, labels) : null };
}

const cells = (line: string): string[] => line.split(/[,;\t]/).map((cell) => cell.trim());
const isNumber = (cell: string): boolean => /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(cell);
