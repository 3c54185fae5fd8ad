/** The command line: finds the command, runs it, turns every trouble into a message and an exit code. */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { formatDiagnostic, IngotError, type Diagnostic } from '../base/diagnostic.ts';
import { worldError, type Flow } from '../flow/index.ts';
import { findOwnFile } from '../tools/own-files.ts';
import type { Command, Shell } from './command.ts';
import { COMMANDS } from './commands/index.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { commandHelp, overview } from './help.ts';
import { findCommand, parseGiven } from './parse.ts';

export async function main(args: readonly string[]): Promise<number> {
  const abort = new AbortController();
  const stop = (): void => {
    // A second Ctrl-C means it: the step's process dies with us.
    if (abort.signal.aborted) process.exit(EXIT.cancelled);
    abort.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  // A reader that went away (`| head`) is no fault of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok);
  });
  // Nobody reads the progress any more: the work goes on.
  process.stderr.on('error', () => undefined);
  try {
    return await dispatch(args, abort.signal);
  } catch (error) {
    return report(error, args.includes('--json'));
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, stop);
  }
}

async function dispatch(args: readonly string[], signal: AbortSignal): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const [topic] = name === 'help' ? rest : [];
    print(topic === undefined ? overview(COMMANDS) : commandHelp(findCommand(COMMANDS, topic)));
    return name === undefined ? EXIT.usage : EXIT.ok;
  }
  if (name === '--version' || name === '-v') {
    print(version());
    return EXIT.ok;
  }
  const command: Command = findCommand(COMMANDS, name);
  if (rest.includes('--help') || rest.includes('-h')) {
    print(commandHelp(command));
    return EXIT.ok;
  }
  const given = parseGiven(command, rest);
  const shell: Shell = { print, say, isTerminal: process.stderr.isTTY, signal, flow: await otherFlow() };
  return command.run(given, shell);
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** INGOT_FLOW names a module that exports another FLOW: for tests and for trying out steps. */
async function otherFlow(): Promise<Shell['flow']> {
  const path = process.env.INGOT_FLOW;
  if (!path) return undefined;
  const module = pathToFileURL(path).href;
  try {
    const { FLOW } = (await import(/* @vite-ignore */ module)) as { FLOW: Flow };
    return { steps: FLOW, module };
  } catch (error) {
    throw new IngotError('CLI-007', `INGOT_FLOW cannot be used: ${(error as Error).message}`, {
      place: path,
      remedy: 'name a module that exports FLOW, or take the variable away',
      cause: error,
    });
  }
}

function report(error: unknown, isJson: boolean): number {
  const typed = worldError(error);
  const diagnostic: Diagnostic = typed?.diagnostic ?? {
    code: 'CLI-070',
    severity: 'error',
    message: `internal error: ${error instanceof Error ? error.message : String(error)}`,
    remedy: 'this is a fault of Ingot: please report it (INGOT_DEBUG=1 shows where it happened)',
  };
  if (isJson) print(JSON.stringify({ type: 'error', error: diagnostic }));
  say(formatDiagnostic(diagnostic));
  if (process.env.INGOT_DEBUG && error instanceof Error) say(error.stack ?? '');
  return error instanceof IngotError || typed ? exitCodeOf(diagnostic) : EXIT.internal;
}

function version(): string {
  const path = findOwnFile('package.json');
  return path === undefined
    ? 'unknown'
    : (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
