/** What a command of the CLI is, and what it gets. */
import type { Flow } from '../flow/index.ts';

export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
  /** Name of the value in the help, e.g. `DIR`. */
  readonly value?: string;
  readonly help: string;
}

/** What was given on the command line, after checking. */
export interface Given {
  readonly positionals: readonly string[];
  text(option: string): string | undefined;
  texts(option: string): readonly string[];
  flag(option: string): boolean;
}

/** The world of a command: results to `print`, everything else to `say`. */
export interface Shell {
  /** A line on stdout. */
  print(line: string): void;
  /** A line on stderr. */
  say(line: string): void;
  /** Whether `say` goes to a terminal. */
  readonly isTerminal: boolean;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** The product's flow, or the one named by INGOT_FLOW (a module that exports FLOW). */
  readonly flow: { readonly steps: Flow; readonly module?: string } | undefined;
}

export interface Command {
  readonly name: string;
  /** After the name: `DIR [--from EXAMPLE]`. */
  readonly usage: string;
  readonly summary: string;
  readonly positionalsMin: number;
  readonly positionalsMax: number;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Returns the exit code; throws IngotError. */
  run(given: Given, shell: Shell): Promise<number>;
}

export const PROJECT_OPTION = {
  project: { type: 'string', value: 'DIR', help: 'project folder (default: the current one)' },
} as const satisfies Record<string, OptionSpec>;

export const JSON_OPTION = {
  json: { type: 'boolean', help: 'machine-readable output on stdout' },
} as const satisfies Record<string, OptionSpec>;
