/** Which flow a project has: from a model, from RTL or from a mapped netlist by its files, with the engines of its settings. */
import { FLOW } from './flow.ts';
import { pnrFlow, rtlFlow } from './pnr-flow.ts';
import type { Flow } from './step.ts';
import { withEngines } from './steps/openroad/index.ts';

export function projectFlow(files: readonly { readonly role: string }[]): Flow {
  const has = (role: string): boolean => files.some((file) => file.role === role);
  if (has('model')) return FLOW;
  const start = has('def') ? 'def' : 'size';
  if (has('rtl')) return rtlFlow(start);
  return has('netlist') ? pnrFlow(start) : FLOW;
}

/** The flow that runs: what is given or fits the files, its engines as the settings ask. */
export const flowOf = (
  files: readonly { readonly role: string }[],
  settings: Readonly<Record<string, unknown>>,
  given?: Flow,
): Flow => withEngines(given ?? projectFlow(files), settings);
