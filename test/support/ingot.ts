/** The real command line on the real flow, in a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join, resolve } from 'node:path';
import type { Diagnostic } from '../../src-main/base/diagnostic.ts';
import type { ArtefactRef } from '../../src-main/flow/step.ts';

const root = resolve(import.meta.dirname, '../..');
const CLI = join(root, 'src-main/cli.ts');

/** A command that takes longer hangs. */
const HANG_MS = 120_000;

export interface IngotOptions {
  /** Over the environment of the test; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** User that the process runs as; needs root. */
  readonly uid?: number;
  readonly hangMs?: number;
}

export interface IngotEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
  readonly isHung: boolean;
}

export function startIngot(args: readonly string[], options: IngotOptions = {}): ChildProcess {
  return spawn(process.execPath, [CLI, ...args], {
    cwd: '/',
    env: { ...process.env, INGOT_FLOW: '', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
  });
}

export function endOfIngot(child: ChildProcess, hangMs = HANG_MS): Promise<IngotEnd> {
  let out = '';
  let err = '';
  let isHung = false;
  const alarm = setTimeout(() => {
    isHung = true;
    child.kill('SIGKILL');
  }, hangMs);
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text));
  return new Promise((done) =>
    child.on('close', (code, signal) => {
      clearTimeout(alarm);
      done({ code, signal, out, err, isHung });
    }),
  );
}

export const ingot = (args: readonly string[], options: IngotOptions = {}): Promise<IngotEnd> =>
  endOfIngot(startIngot(args, options), options.hangMs);

export interface Event {
  readonly type: string;
  readonly step?: string;
  readonly status?: string;
  readonly error?: Diagnostic;
  readonly diagnostic?: Diagnostic;
}

/** The events of a `run --json` (or the one object of another command). */
export function eventsOf(out: string): Event[] {
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Event);
}

/** The error that a command with --json ended with. */
export const errorOf = (end: IngotEnd): Diagnostic | undefined =>
  eventsOf(end.out).findLast((event) => event.type === 'error' || event.type === 'run-finished')?.error;

export interface StepStatus {
  readonly name: string;
  readonly status: string;
  readonly wallS: number | null;
  readonly artefacts: readonly ArtefactRef[];
  readonly log: readonly Diagnostic[];
}

export interface ProjectStatus {
  readonly run: {
    readonly id: number;
    readonly status: string;
    readonly steps: readonly StepStatus[];
  } | null;
}

/** `ingot status --json`; throws when the project does not open. */
export async function ingotStatus(project: string, options: IngotOptions = {}): Promise<ProjectStatus> {
  const end = await ingot(['status', '--project', project, '--json'], options);
  if (end.code !== 0) throw new Error(`the project does not open: ${end.err}`);
  return JSON.parse(end.out) as ProjectStatus;
}
