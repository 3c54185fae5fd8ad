/** The command lines of the programs that Ingot starts, told to whoever records them (a step's log). */
export interface CommandLine {
  /** As one would type it. */
  readonly line: string;
}

/** Code of the row of a step's log that holds a command line. */
export const COMMAND_CODE = 'COMMAND';

/** What a command line needs beside the command: its folder, and what is set for it. */
interface Surroundings {
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

let listener: ((command: CommandLine) => void) | null = null;

/** One recorder per process: a step's. */
export function recordCommands(record: ((command: CommandLine) => void) | null): void {
  listener = record;
}

export function tellCommand(command: string, args: readonly string[], around: Surroundings = {}): void {
  listener?.({ line: commandLine(command, args, around) });
}

/** Without it our own binary is no Node: a copied line needs it even where it was set already. */
const AS_NODE = 'ELECTRON_RUN_AS_NODE';

/** For a POSIX shell: quoted where it must be, the folder first, then what is set for the program alone. */
export function commandLine(
  command: string,
  args: readonly string[],
  { cwd, env }: Surroundings = {},
): string {
  const set = Object.entries(env ?? {})
    .filter(([name, value]) => value !== undefined && (name === AS_NODE || process.env[name] !== value))
    .map(([name, value]) => `${name}=${quoted(value!)}`);
  const words = [...set, ...[command, ...args].map(quoted)].join(' ');
  return cwd === undefined ? words : `cd ${quoted(cwd)} && ${words}`;
}

const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
