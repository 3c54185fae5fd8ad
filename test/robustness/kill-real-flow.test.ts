/**
 * kill -9 on the real flow: one project is walked through the digits example, and every step is killed once
 * while it runs (some with the engine, one cancelled). The next run goes on from there each time. In the end
 * every artefact has the bytes of the undisturbed run, which was made in another folder, language and time
 * zone: so this is also the proof that the flow is a function of its inputs.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FLOW } from '../../src-main/flow/flow.ts';
import { openProject, type Project } from '../../src-main/flow/index.ts';
import { isAlive, type ProcessIdentity } from '../../src-main/project/process-identity.ts';
import { readRunLock } from '../../src-main/project/queries/run-lock.ts';
import { DEMO_TIMEOUT_MS, demoRun, stableDigests, type DemoRun } from '../support/demo-run.ts';
import {
  endOfIngot,
  errorOf,
  eventsOf,
  ingot,
  ingotStatus,
  startIngot,
  type IngotEnd,
} from '../support/ingot.ts';

type How = 'step' | 'engine' | 'cancel';

const EXAMPLE = resolve(import.meta.dirname, '../../resources/examples/digits');
const STEPS = FLOW.map((step) => step.name);
/** Steps at which the engine is killed as well, or the run cancelled: those with tools and long ones. */
const ENGINE_KILLED = new Set(['compile', 'rtl', 'synthesise', 'route', 'report']);
const CANCELLED = new Set(['place', 'check']);
const CASES = STEPS.flatMap((step): [string, How][] => [
  [step, 'step'],
  ...(ENGINE_KILLED.has(step) ? [[step, 'engine'] as [string, How]] : []),
  ...(CANCELLED.has(step) ? [[step, 'cancel'] as [string, How]] : []),
]);
const ENDS = {
  step: { code: 1, signal: null, diagnostic: 'FLOW-006', run: 'failed', step: 'failed' },
  engine: { code: null, signal: 'SIGKILL', diagnostic: undefined, run: 'interrupted', step: 'interrupted' },
  cancel: { code: 130, signal: null, diagnostic: 'FLOW-010', run: 'cancelled', step: 'cancelled' },
} as const;

/** Shares of a step's time after which it is hit; smaller ones when it was done too soon. */
const MOMENTS = [0.5, 0.25, 0.7, 0.35];
const ATTEMPTS = 4;
/** Other surroundings than the reference's; its own folder for what killed tools leave behind. */
const abroad = (): Record<string, string> => ({
  TZ: 'Asia/Kathmandu',
  LC_ALL: 'tr_TR.UTF-8',
  LANG: 'tr_TR.UTF-8',
  TMPDIR: join(folder, 'tmp'),
});
const STEP_LIMIT_MS = 15 * 60_000;

let demo: DemoRun;
let folder = '';
let dir = '';
let project: Project;

beforeAll(async () => {
  demo = await demoRun();
  folder = mkdtempSync(join(tmpdir(), 'ingot-kill-'));
  mkdirSync(join(folder, 'tmp'));
  dir = join(folder, 'a project with spaces and ü');
  expect((await ingot(['new', dir, '--from', EXAMPLE])).code).toBe(0);
  project = openProject(dir);
}, DEMO_TIMEOUT_MS);

afterAll(() => {
  project?.close();
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
});

/** Runs until `step` is at work for that share of its usual time, and hits it. */
async function hit(step: string, how: How, share: number, from: string | undefined): Promise<IngotEnd> {
  const args = ['run', '--project', dir, '--to', step, '--jobs', '1', '--json'];
  if (from !== undefined) args.push('--from', from);
  const engine = startIngot(args, { env: abroad() });
  const ended = endOfIngot(engine, STEP_LIMIT_MS);
  const child = await Promise.race([childOf(engine, step), ended.then(() => undefined)]);
  if (child) {
    const usualMs = (demo.steps.find((s) => s.name === step)?.wallS ?? 0) * 1000;
    await Promise.race([wait(share * usualMs), ended]);
    await strike(engine, child, how);
  }
  const end = await ended;
  if (child) expect(await goneInTime(child.pid), 'processes of the step are left').toBe(true);
  return end;
}

/** The step's process, once it runs. */
async function childOf(engine: ChildProcess, step: string): Promise<ProcessIdentity | undefined> {
  await new Promise<void>((done) => {
    let rest = '';
    engine.stdout!.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      if (lines.some((line) => eventsOf(line).some((e) => e.type === 'step-started' && e.step === step)))
        done();
    });
    engine.on('close', () => done());
  });
  while (engine.exitCode === null && engine.signalCode === null) {
    const child = readRunLock(project.db)?.child;
    if (child) return child;
    await wait(5);
  }
  return undefined;
}

async function strike(engine: ChildProcess, child: ProcessIdentity, how: How): Promise<void> {
  if (how === 'engine') engine.kill('SIGKILL');
  else if (how === 'cancel') await ingot(['cancel', '--project', dir]);
  else if (isAlive(child)) process.kill(-child.pid, 'SIGKILL');
}

/** Whether all processes of the group, tools included, are gone soon. */
async function goneInTime(group: number): Promise<boolean> {
  for (let tries = 0; tries < 100; tries++) {
    if (!isGroupAlive(group)) return true;
    await wait(50);
  }
  return false;
}

/** By /proc, where dead processes that nobody has waited for are told apart; elsewhere nothing is said. */
function isGroupAlive(group: number): boolean {
  if (process.platform !== 'linux') return false;
  return readdirSync('/proc').some((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const [state, , owner] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(owner) === group && state !== 'Z' && state !== 'X';
    } catch {
      return false;
    }
  });
}

describe('every step is killed once while it runs; what was done before is kept', () => {
  test.each(CASES)('%s: %s', { timeout: STEP_LIMIT_MS }, async (step, how) => {
    const wanted = ENDS[how];
    const position = STEPS.indexOf(step);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const share = MOMENTS[position % MOMENTS.length]! / 2 ** attempt;
      // A step that was done before it was hit is done again.
      const end = await hit(step, how, share, attempt === 0 ? undefined : step);
      const { run } = await ingotStatus(dir);
      const statuses = run!.steps.map((s) => s.status);
      // The one before this was hit by the last case, so this run made it; all others were kept.
      const before = statuses.slice(0, position);
      expect(before.slice(0, -1).every((s) => s === 'cached')).toBe(true);
      expect(before.slice(-1).every((s) => s === 'cached' || s === 'done')).toBe(true);
      if (statuses[position] !== wanted.step) {
        expect(statuses[position]).toBeOneOf(['done', 'cached']);
        continue;
      }
      expect([end.code, end.signal, errorOf(end)?.code]).toEqual([
        wanted.code,
        wanted.signal,
        wanted.diagnostic,
      ]);
      expect(run!.status).toBe(wanted.run);
      expect(end.err).not.toMatch(/\n\s+at /);
      return;
    }
    expect.fail(`${step} was done before it could be hit, ${ATTEMPTS} times`);
  });
});

describe('after all that', () => {
  test('the next run finishes', { timeout: STEP_LIMIT_MS }, async () => {
    const end = await ingot(['run', '--project', dir, '--json'], { env: abroad(), hangMs: STEP_LIMIT_MS });
    expect(end.code, end.err).toBe(0);
    const { run } = await ingotStatus(dir);
    expect(run!.steps.map((s) => s.status)).toEqual(
      STEPS.map((_, i) => (i < STEPS.length - 1 ? 'cached' : 'done')),
    );
  });

  test('every artefact has the bytes of the undisturbed run', async () => {
    const { run } = await ingotStatus(dir);
    const digests = stableDigests(run!.steps);
    expect(Object.keys(digests).length).toBeGreaterThan(STEPS.length);
    expect(digests).toEqual(demo.digests);
    const warnings = run!.steps.flatMap((s) => s.log.filter((d) => d.code === 'FLOW-012'));
    expect(warnings).toEqual([]);
  });

  test('the exported files are the same too', async () => {
    const out = join(folder, 'out');
    expect((await ingot(['export', '--project', dir, '--out', out])).code).toBe(0);
    const stable = FLOW.filter((step) => !step.readsRun).flatMap((step) => step.exports ?? []);
    const differing = stable.filter(
      (name) => !readFileSync(join(out, name)).equals(readFileSync(join(demo.out, name))),
    );
    expect(differing).toEqual([]);
    expect(readdirSync(out).sort()).toEqual(FLOW.flatMap((step) => [...(step.exports ?? [])]).sort());
  });

  test('nothing half-made is left', () => {
    expect(readdirSync(join(dir, 'artefacts')).filter((name) => name.startsWith('.'))).toEqual([]);
    expect(readdirSync(join(dir, 'work'))).toEqual([]);
    expect(readdirSync(dir).filter((name) => name.startsWith('crash'))).toEqual([]);
    expect(readRunLock(project.db)).toBeUndefined();
  });
});
