/**
 * The side of the step process: waits for the start message, runs the step, tells how it ended, exits.
 * It must not outlive its engine, not even when busy in a loop that never returns to the event loop: a
 * thread of its own watches the engine and kills the process group.
 */
import { Worker } from 'node:worker_threads';
import { assert, BugError, IngotError, type Diagnostic } from '../base/diagnostic.ts';
import { worldError } from '../project/world.ts';
import { COMMAND_CODE, recordCommands } from '../tools/commands.ts';
import { ENGINE_PID, type FromStep, type StartMessage, type ToStep } from './process-protocol.ts';
import { makeContext } from './step-context.ts';
import type { AnyStep, Flow } from './step.ts';
import { ownCpuS, ownPeakMiB } from './usage.ts';

const WATCH_PERIOD_MS = 200;

/** As text, so that the bundled program needs no file of its own for it. */
const WATCHDOG = `
  const { workerData: { enginePid, periodMs } } = require('node:worker_threads');
  setInterval(() => {
    if (process.ppid === enginePid) return;
    try { process.kill(-process.pid, 'SIGKILL'); } catch {}
    process.kill(process.pid, 'SIGKILL');
  }, periodMs);`;

/** `productSteps`: those of all flows of the product; their names are unique. */
export function serveStep(productSteps: Flow): void {
  const enginePid = Number(process.env[ENGINE_PID]);
  delete process.env[ENGINE_PID];
  if (!process.send || !enginePid) {
    process.stderr.write('this program is started by the flow engine, not by hand\n');
    process.exit(2);
  }
  if (process.platform !== 'win32') {
    new Worker(WATCHDOG, { eval: true, workerData: { enginePid, periodMs: WATCH_PERIOD_MS } }).unref();
  }
  process.once('disconnect', () => process.exit(1));
  const abort = new AbortController();
  process.on('message', (message: ToStep) => {
    if (message.type === 'cancel') abort.abort();
    else void serve(productSteps, message, abort.signal);
  });
}

async function serve(productSteps: Flow, start: StartMessage, signal: AbortSignal): Promise<void> {
  let error: Diagnostic | undefined;
  let stack: string | undefined;
  try {
    process.title = `ingot ${start.step}`;
    process.chdir(start.workDir);
    error = await runStep(await findStep(productSteps, start), start, signal);
  } catch (thrown) {
    error = describe(thrown, start.step);
    if (error.code === 'FLOW-009') stack = thrown instanceof Error ? thrown.stack : String(thrown);
  }
  const end: FromStep = { type: 'end', error, stack, cpuS: ownCpuS(), peakMiB: ownPeakMiB() };
  process.send?.(end, () => process.exit(0));
}

async function findStep(productSteps: Flow, start: StartMessage): Promise<AnyStep> {
  const flow = start.flowModule
    ? ((await import(/* @vite-ignore */ start.flowModule)) as { FLOW: Flow }).FLOW
    : productSteps;
  const step = flow.find((s) => s.name === start.step);
  assert(step, `no step ${start.step}`);
  return step;
}

async function runStep(
  step: AnyStep,
  start: StartMessage,
  signal: AbortSignal,
): Promise<Diagnostic | undefined> {
  const { context, written, failedProofs } = makeContext(step, start, signal, (m) => process.send?.(m));
  recordCommands(({ line }) => context.log({ code: COMMAND_CODE, severity: 'info', message: line }));
  await step.run(context as never);
  const missing = step.outputs.filter((name) => !written.has(name));
  assert(missing.length === 0, `step ${step.name} did not write ${missing.join(', ')}`);
  const [first] = failedProofs;
  if (!first) return undefined;
  const names = failedProofs.map((p) => `${p.name} (${p.judge}: ${p.detail})`).join('; ');
  return {
    code: 'FLOW-005',
    severity: 'error',
    message: `proof failed: ${names}`,
    place: step.name,
    remedy: `the artefacts of the step are kept for inspection: ingot export --step ${step.name} --out DIR`,
  };
}

function describe(thrown: unknown, step: string): Diagnostic {
  if (thrown instanceof IngotError) return thrown.diagnostic;
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    return { code: 'FLOW-010', severity: 'error', message: 'cancelled', place: step };
  }
  const world = worldError(thrown);
  if (world) return world.diagnostic;
  if (thrown instanceof RangeError && /allocation failed|array length|string length/i.test(thrown.message)) {
    return {
      code: 'FLOW-007',
      severity: 'error',
      message: `out of memory: ${thrown.message}`,
      place: step,
      remedy: 'close other programs, or use a smaller chip or model',
    };
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return {
    code: 'FLOW-009',
    severity: 'error',
    message: thrown instanceof BugError ? message : `internal error: ${message}`,
    place: step,
    remedy: 'this is a fault of Ingot, not of your input: please report it with the file named above',
  };
}
