/** Liberty lookup tables, turned to one orientation: first axis the input's (or data's) slew. */
import type { LibertyGroup } from './liberty-syntax.ts';
import { FRESH_KIT, type SourceText } from './source-place.ts';
import type { Lut } from './types.ts';

/** Template name -> its variables in order. */
export type TableTemplates = Map<string, string[]>;

const FIRST_AXIS = new Set(['input_net_transition', 'input_transition_time', 'constrained_pin_transition']);
const LOAD_AXIS = 'total_output_net_capacitance';
const CLOCK_AXIS = 'related_pin_transition';
const NO_AXIS = new Float64Array(1);

/** Scaled copies of shared axes, so that shared axes stay shared. */
const scaledAxes = new WeakMap<Float64Array, Map<number, Float64Array>>();

export function readTable(
  source: SourceText,
  group: LibertyGroup,
  templates: TableTemplates,
  scales: { slew: number; load: number; value: number },
): Lut {
  const fail = (message: string): never =>
    source.refuse('KIT-013', `table ${group.name}: ${message}`, group.offset, FRESH_KIT);
  const template = group.args[0] ?? 'scalar';
  const variables =
    template === 'scalar' ? [] : (templates.get(template) ?? fail(`template ${template} is unknown`));
  if (variables.length > 2) fail('has more than two axes');
  const axes = variables.map((variable, i) => {
    const isFirst = FIRST_AXIS.has(variable);
    if (!isFirst && variable !== LOAD_AXIS && variable !== CLOCK_AXIS)
      fail(`axis ${variable} is not supported`);
    const index = i === 0 ? group.index1 : group.index2;
    if (index === null || index.length === 0) return fail(`index_${i + 1} is missing`);
    for (let k = 1; k < index.length; k++)
      if (index[k]! <= index[k - 1]!) fail(`index_${i + 1} does not rise`);
    return { isFirst, values: scaled(index, variable === LOAD_AXIS ? scales.load : scales.slew) };
  });
  if (axes.length === 2 && axes[0]!.isFirst === axes[1]!.isFirst) fail('its two axes are of the same kind');
  const index1 = axes.find((x) => x.isFirst)?.values ?? NO_AXIS;
  const index2 = axes.find((x) => !x.isFirst)?.values ?? NO_AXIS;
  const given = group.values;
  if (given === null || given.length !== index1.length * index2.length)
    return fail('the number of values is wrong');
  const values = new Float64Array(given.length);
  const isTransposed = axes.length === 2 && !axes[0]!.isFirst;
  for (let i = 0; i < index1.length; i++)
    for (let j = 0; j < index2.length; j++) {
      const from = isTransposed ? j * index1.length + i : i * index2.length + j;
      values[i * index2.length + j] = given[from]! * scales.value;
    }
  return { index1, index2, values };
}

function scaled(axis: Float64Array, scale: number): Float64Array {
  if (scale === 1) return axis;
  let copies = scaledAxes.get(axis);
  if (!copies) scaledAxes.set(axis, (copies = new Map()));
  let copy = copies.get(scale);
  if (!copy) copies.set(scale, (copy = axis.map((x) => x * scale)));
  return copy;
}
