/**
 * The finished digits example, made once by `ingot demo` and shared by all tests that need a whole chip.
 * It lives in the temporary folder under the digest of what it depends on (sources, example, packages,
 * Node, PATH for the tools); whoever comes first makes it, the others wait. It is undisturbed: one that
 * was interrupted is thrown away. Treat it as read only.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { FLOW } from '../../src-main/flow/flow.ts';
import { identify, isAlive } from '../../src-main/project/process-identity.ts';
import { ingot, ingotStatus, type StepStatus } from './ingot.ts';

/** Give tests (or hooks) that call demoRun this long: they may be the ones that make it. */
export const DEMO_TIMEOUT_MS = 30 * 60_000;

const root = resolve(import.meta.dirname, '../..');
const PREFIX = 'ingot-demo-';
/** Demos of other sources that nobody used for this long are removed. */
const OLD_MS = 2 * 3600_000;

export interface DemoRun {
  /** Where `ingot demo --out` put the results: `chip.gds`, `report.html` ... */
  readonly out: string;
  /** The project folder. */
  readonly project: string;
  readonly steps: readonly StepStatus[];
  /** name -> digest of all artefacts but those of steps that read the run. */
  readonly digests: Readonly<Record<string, string>>;
}

/** The shared demo; throws with the command's own words when the flow does not get through. */
export async function demoRun(): Promise<DemoRun> {
  const folder = join(tmpdir(), `${PREFIX}${demoDigest()}`);
  const out = join(folder, 'out');
  const project = join(out, 'project');
  const done = join(folder, 'done');
  const failed = join(folder, 'failed');
  mkdirSync(folder, { recursive: true });
  await locked(join(folder, 'lock'), async () => {
    if (existsSync(done)) return;
    // One attempt per test run: `failed` names the runner that saw it fail.
    if (existsSync(failed)) {
      const [runner, ...words] = readFileSync(failed, 'utf8').split('\n');
      if (runner === runnerId()) throw new Error(words.join('\n'));
    }
    removeOld();
    rmSync(out, { recursive: true, force: true });
    const end = await ingot(['demo', '--out', out, '--json'], { hangMs: DEMO_TIMEOUT_MS });
    if (end.code === 0) return writeFileSync(done, end.out);
    const words = `ingot demo ended with ${end.code ?? end.signal}: ${end.err}`;
    writeFileSync(failed, `${runnerId()}\n${words}`);
    throw new Error(words);
  });
  const { run } = await ingotStatus(project);
  return { out, project, steps: run!.steps, digests: stableDigests(run!.steps) };
}

/** name -> digest of all artefacts that are functions of the inputs alone (not the report's). */
export function stableDigests(steps: readonly StepStatus[]): Record<string, string> {
  const readers = new Set(FLOW.filter((step) => step.readsRun).map((step) => step.name));
  const stable = steps.filter((step) => !readers.has(step.name));
  return Object.fromEntries(stable.flatMap((step) => step.artefacts.map((a) => [a.name, a.digest])));
}

/** Vitest's main process, whichever worker asks. */
const runnerId = (): string => identify(process.ppid).start + String(process.ppid);

function demoDigest(): string {
  const digest = createHash('sha256');
  for (const folder of ['src-main', 'resources/examples/digits']) {
    const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
    const files = entries.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name));
    for (const file of files.sort()) digest.update(file).update('\0').update(readFileSync(file)).update('\0');
  }
  digest.update(readFileSync(join(root, 'package-lock.json')));
  digest.update(`${process.version} ${process.env.PATH} ${process.env.INGOT_CACHE} ${process.getuid?.()}`);
  return digest.digest('hex').slice(0, 16);
}

/** Mutual exclusion over processes; the lock of a dead process counts as free. */
async function locked(path: string, action: () => Promise<void>): Promise<void> {
  while (!take(path)) await wait(200);
  try {
    await action();
  } finally {
    rmSync(path, { force: true });
  }
}

function take(path: string): boolean {
  try {
    writeFileSync(path, JSON.stringify(identify(process.pid)), { flag: 'wx' });
    return true;
  } catch {
    const holder = holderOf(path);
    if (holder && !isAlive(holder)) rmSync(path, { force: true });
    return false;
  }
}

function holderOf(path: string): { pid: number; start: string } | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as { pid: number; start: string };
  } catch {
    // being written or just gone
    return undefined;
  }
}

function removeOld(): void {
  for (const name of readdirSync(tmpdir()).filter((n) => n.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name);
    const lock = holderOf(join(folder, 'lock'));
    const isOld = Date.now() - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) > OLD_MS;
    if (isOld && !(lock && isAlive(lock))) rmSync(folder, { recursive: true, force: true });
  }
}
