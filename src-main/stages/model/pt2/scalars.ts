import type { Json } from './json.ts';

/** A number that the program takes as an argument with a fixed value; others are of no use to tensors. */
export function scalarOf(spec: Json): { name: string; value: number } | undefined {
  const value = spec.get('value');
  if (!value.has('as_int')) return undefined;
  return { name: spec.get('name').string(), value: value.get('as_int').integer() };
}
