/** Starts a program without a shell, hands its output on line by line, ends it when asked to. */
import { spawn } from 'node:child_process';
import { tellCommand } from './commands.ts';

export type OutputStream = 'stdout' | 'stderr';

export interface RunProcessOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly onLine?: ((line: string, stream: OutputStream) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
}

export interface ProcessEnd {
  /** null where a signal ended it. */
  readonly code: number | null;
  /** Why it could not even start. */
  readonly startError: NodeJS.ErrnoException | null;
  readonly isCancelled: boolean;
  readonly isTimedOut: boolean;
  /** Last lines of both streams. */
  readonly tail: readonly string[];
}

const TAIL_LINES = 60;

/** Never throws: how the program ended is the caller's to judge. */
export function runProcess(
  command: string,
  args: readonly string[],
  options: RunProcessOptions = {},
): Promise<ProcessEnd> {
  const { cwd, env, onLine, signal, timeoutMs } = options;
  return new Promise((resolve) => {
    const tail: string[] = [];
    let startError: NodeJS.ErrnoException | null = null;
    let isTimedOut = false;
    const take = (line: string, stream: OutputStream): void => {
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      onLine?.(line, stream);
    };
    tellCommand(command, args, { cwd, env });
    const child = spawn(command, args, {
      shell: false,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
    });
    const flushes = (['stdout', 'stderr'] as const).map((stream) => {
      let rest = '';
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split(/\r\n|\n|\r/);
        rest = lines.pop() ?? '';
        for (const line of lines) take(line, stream);
      });
      return (): void => {
        if (rest !== '') take(rest, stream);
      };
    });
    const kill = (): void => void child.kill('SIGKILL');
    const timer =
      timeoutMs === undefined ? undefined : setTimeout(() => ((isTimedOut = true), kill()), timeoutMs);
    signal?.addEventListener('abort', kill, { once: true });
    if (signal?.aborted) kill();
    const finish = (code: number | null): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', kill);
      flushes.forEach((flush) => flush());
      resolve({ code, startError, isTimedOut, isCancelled: signal?.aborted ?? false, tail });
    };
    child.once('error', (error) => {
      startError = error;
      if (child.pid === undefined) finish(null);
    });
    child.once('close', (code) => finish(code));
  });
}

/** As runProcess, with all that it said. Throws what kept it from ending by itself: no start, or the signal's reason. */
export async function runWithLog(
  command: string,
  args: readonly string[],
  options: Omit<RunProcessOptions, 'onLine'> = {},
): Promise<{ readonly code: number | null; readonly log: string }> {
  const lines: string[] = [];
  const end = await runProcess(command, args, { ...options, onLine: (line) => lines.push(line) });
  if (end.startError) throw end.startError;
  options.signal?.throwIfAborted();
  return { code: end.code, log: lines.join('\n') };
}
