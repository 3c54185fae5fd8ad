/** What happened when, as values over time: the source of both trace formats. */
import { TOKENS, type Chip } from '../chip/index.ts';
import type { Program } from '../compiler/index.ts';
import type { Run, Span } from './clock.ts';
import type { ExecFields, Step } from './machine.ts';
import { layerReach } from './reach.ts';

export type Engine = 'load' | 'exec' | 'store';
export const ENGINES: readonly Engine[] = ['load', 'exec', 'store'];

/** An instruction in one pass through the program. */
export interface Event {
  readonly pass: number;
  readonly pc: number;
  readonly step: Step;
  readonly span: Span;
}

/** The passes' instructions, in program order. */
export const eventsOf = (steps: readonly Step[], runs: readonly Run[]): Event[] =>
  runs.flatMap((run, pass) => steps.map((step, pc) => ({ pass, pc, step, span: run.spans[pc]! })));

export function engineOf(step: Step): Engine | undefined {
  if (step.kind === 'end') return undefined;
  if (step.kind === 'store') return 'store';
  return step.kind === 'exec' || step.kind === 'configure' ? 'exec' : 'load';
}

/** Whether the engine is at work for it, not only handed it over. */
export const isWork = (step: Step): boolean => step.kind !== 'configure' && step.kind !== 'end';

export const maskOf = (step: Step, which: 'wait' | 'signal'): number[] =>
  step.kind === 'configure' || step.kind === 'end'
    ? []
    : TOKENS.map((_, i) => i).filter((i) => (step[which] >> i) & 1);

/** Name of the layer of each EXEC, by its position in the program. */
export function layerNames(steps: readonly Step[], program: Program): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  steps.forEach((s, pc) => {
    if (s.kind === 'exec') names.set(pc, program.layers[names.size]?.name ?? `layer ${names.size}`);
  });
  return names;
}

/** Banks of activation memory that an instruction reads, and writes. */
export function banksOf(step: Step, chip: Chip): { readonly reads: number[]; readonly writes: number[] } {
  const size = chip.activationBytes / chip.activationBanks;
  const banks = ([low, high]: readonly [number, number]): number[] => {
    const [first, last] = [Math.floor(low / size), Math.min(chip.activationBanks, Math.ceil(high / size))];
    return Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i);
  };
  if (step.kind === 'exec') {
    const reach = layerReach(step.fields as ExecFields, chip);
    return { reads: banks(reach.reads), writes: banks(reach.writes) };
  }
  if (step.kind !== 'load' && step.kind !== 'store') return { reads: [], writes: [] };
  const moved = banks([step.address, step.address + step.runs * (step.run + step.gap) - step.gap]);
  return step.kind === 'load' ? { reads: [], writes: moved } : { reads: moved, writes: [] };
}
