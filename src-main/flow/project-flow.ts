/** Which flow a project has, by the files in it: from a model, from RTL, or from a mapped netlist. */
import { FLOW } from './flow.ts';
import { pnrFlow, rtlFlow } from './pnr-flow.ts';
import type { Flow } from './step.ts';

export function projectFlow(files: readonly { readonly role: string }[]): Flow {
  const has = (role: string): boolean => files.some((file) => file.role === role);
  if (has('model')) return FLOW;
  const start = has('def') ? 'def' : 'size';
  if (has('rtl')) return rtlFlow(start);
  return has('netlist') ? pnrFlow(start) : FLOW;
}
