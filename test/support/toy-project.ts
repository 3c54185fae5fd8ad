/** Projects with the toy flow in folders of their own, and the command line in a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { onTestFinished } from 'vitest';
import {
  createProject,
  importFiles,
  readRunDetail,
  runFlow,
  type Project,
  type RunOptions,
  type RunResult,
} from '../../src-main/flow/index.ts';
import { FLOW } from './toy-flow.ts';

const root = resolve(import.meta.dirname, '../..');
const toyModule = resolve(import.meta.dirname, 'toy-flow.ts');
export const TOY = { steps: FLOW, module: pathToFileURL(toyModule).href };
export const STEPS = FLOW.map((step) => step.name);

/** A folder that goes away with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ingot-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function toyProject(text = 'hello'): Project {
  const folder = temporaryFolder();
  const model = join(folder, 'model.txt');
  writeFileSync(model, text);
  const project = createProject(join(folder, 'project'));
  onTestFinished(() => project.close());
  importFiles(project, [{ role: 'model', path: model }]);
  return project;
}

export const runToy = (project: Project, options: RunOptions = {}): Promise<RunResult> =>
  runFlow(project, { ...options, flow: TOY });

export const statuses = (result: RunResult): Record<string, string> =>
  Object.fromEntries(result.steps.map((step) => [step.name, step.status]));

/** name -> digest of everything the latest run made. */
export function digests(project: Project): Record<string, string> {
  const entries = readRunDetail(project).steps.flatMap((s) => s.artefacts.map((a) => [a.name, a.digest]));
  return Object.fromEntries(entries) as Record<string, string>;
}

/** What an undisturbed run of a fresh project makes. */
export async function undisturbed(): Promise<Record<string, string>> {
  const project = toyProject();
  await runToy(project);
  return digests(project);
}

/** Sets an environment variable (which step processes inherit) until the end of the test. */
export function setEnvironment(name: string, value: string): () => void {
  process.env[name] = value;
  const clear = (): void => void delete process.env[name];
  onTestFinished(clear);
  return clear;
}

export interface CliRun {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** Starts the command line on the toy flow. */
export function startCli(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  return spawn(process.execPath, [join(root, 'src-main/cli.ts'), ...args], {
    cwd: temporaryFolder(),
    env: { ...process.env, INGOT_FLOW: toyModule, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export function endOfCli(child: ChildProcess): Promise<CliRun> {
  let out = '';
  let err = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text));
  return new Promise((done) => child.on('close', (code, signal) => done({ code, signal, out, err })));
}

export const cli = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliRun> =>
  endOfCli(startCli(args, env));

/** Waits until `check` gives something. */
export async function eventually<T>(check: () => T | undefined | false, limitMs = 15_000): Promise<T> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const found = check();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > endMs) throw new Error('it did not happen in time');
    await new Promise((done) => setTimeout(done, 20));
  }
}
