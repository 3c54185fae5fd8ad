import type { Diagnostic } from '../base/diagnostic.ts';

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  input: 3,
  missing: 4,
  world: 5,
  gate: 6,
  internal: 70,
  cancelled: 130,
} as const;

/** For `ingot help` and resources/docs/cli.md. */
export const EXIT_TEXTS: readonly (readonly [number, string])[] = [
  [EXIT.ok, 'all went well'],
  [EXIT.failed, 'a step or a proof failed'],
  [EXIT.usage, 'wrong use: command, option or setting'],
  [EXIT.input, 'bad input: model, data, project, or settings that do not fit the model'],
  [EXIT.missing, 'a tool or the kit is missing'],
  [EXIT.world, 'the machine: disk full or damaged, permission, memory, another run going on'],
  [EXIT.gate, 'the run went well, but a gate of --gate is not met'],
  [EXIT.internal, 'a fault of Ingot'],
  [EXIT.cancelled, 'cancelled'],
];

/**
 * By the code as a whole, then by its prefix; what is not named is a failed step: floorplan, placement,
 * routing, timing and layout can fail on a good model, and other settings may help.
 */
const EXIT_OF: Readonly<Record<string, number>> = {
  CLI: EXIT.usage,
  'CLI-006': EXIT.missing,
  'CLI-070': EXIT.internal,
  SETTING: EXIT.usage,
  GATE: EXIT.usage,
  'FLOW-001': EXIT.usage,
  'FLOW-002': EXIT.usage,
  'FLOW-013': EXIT.usage,
  'FLOW-014': EXIT.usage,
  'FLOW-003': EXIT.input,
  FILE: EXIT.input,
  FOREIGN: EXIT.input,
  // A platform that there is no kit for.
  'FOREIGN-004': EXIT.missing,
  PROJECT: EXIT.input,
  MODEL: EXIT.input,
  INFER: EXIT.input,
  'INFER-005': EXIT.internal,
  'INFER-007': EXIT.usage,
  'INFER-008': EXIT.usage,
  DATA: EXIT.input,
  QUANT: EXIT.input,
  // A chip parameter that cannot be, or that the model does not fit.
  CHIP: EXIT.input,
  COMPILE: EXIT.input,
  SIM: EXIT.input,
  NETLIST: EXIT.input,
  // RTL that is given.
  SLANG: EXIT.input,
  // A DEF and constraints that are given; what else layout and timing complain of is a failed step.
  ...Object.fromEntries(
    ['LAYOUT-001', 'LAYOUT-002', 'LAYOUT-005', 'LAYOUT-006', 'LAYOUT-007', 'LAYOUT-050', 'LAYOUT-051']
      .concat(['LAYOUT-052', 'LAYOUT-053', 'LAYOUT-054', 'TIMING-001', 'TIMING-002', 'TIMING-003'])
      .concat(['TIMING-011', 'TIMING-012', 'TIMING-013'])
      .map((code) => [code, EXIT.input]),
  ),
  KIT: EXIT.missing,
  'KIT-104': EXIT.world,
  // A tool that is there and fails is a failed step.
  'TOOL-010': EXIT.missing,
  'TOOL-020': EXIT.missing,
  'TOOL-024': EXIT.missing,
  'TOOL-025': EXIT.world,
  'TOOL-030': EXIT.missing,
  'TOOL-050': EXIT.missing,
  'TOOL-051': EXIT.missing,
  'TOOL-055': EXIT.world,
  'TOOL-056': EXIT.world,
  'TOOL-060': EXIT.cancelled,
  'TOOL-062': EXIT.world,
  WORLD: EXIT.world,
  'PROJECT-006': EXIT.world,
  'FLOW-004': EXIT.world,
  'FLOW-007': EXIT.world,
  'FLOW-008': EXIT.world,
  'FLOW-011': EXIT.world,
  'FLOW-009': EXIT.internal,
  'FLOW-010': EXIT.cancelled,
};

export function exitCodeOf(diagnostic: Diagnostic): number {
  const prefix = diagnostic.code.split('-')[0] ?? '';
  return EXIT_OF[diagnostic.code] ?? EXIT_OF[prefix] ?? EXIT.failed;
}
