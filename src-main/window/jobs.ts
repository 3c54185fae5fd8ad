/**
 * The runs that this process started, one per project at a time; the queue goes on after each that was not cancelled.
 * Closing the app stops them; finished steps and what waits are kept.
 */
import { basename } from 'node:path';
import { app, BrowserWindow, dialog, Notification } from 'electron';
import * as engine from '../flow/index.ts';
import { IngotError } from '../base/diagnostic.ts';
import { CHANGE_CHANNEL } from '../ipc/contract.ts';
import { isWorthTelling } from './notes.ts';
import { otherFlow } from './other-flow.ts';
import { say } from './texts.ts';

/** Of a run's running steps: what the database does not hold until they end. */
export interface LiveRun {
  readonly run: number;
  readonly steps: ReadonlyMap<string, { readonly memoryMiB: number; readonly log: readonly engine.LogRow[] }>;
}

interface Job {
  readonly abort: AbortController;
  readonly ended: Promise<unknown>;
  live: LiveRun | null;
}

const jobs = new Map<string, Job>();
/** Queues that wait for a run of another process. */
const retries = new Map<string, NodeJS.Timeout>();
const RETRY_MS = 2000;
let isStopping = false;

export const liveRun = (directory: string): LiveRun | null => jobs.get(directory)?.live ?? null;

/** Starts a run; resolves once it runs, rejects when it was refused. */
export const startJob = (directory: string): Promise<void> => begin(directory, engine.runFlow);

/** Puts a run at the end of the queue. */
export async function enqueue(directory: string): Promise<void> {
  const project = engine.openProject(directory);
  try {
    engine.queueRun(project, Date.now());
  } finally {
    project.close();
  }
  tellChange(directory);
  await startQueued(directory);
}

/** Starts what waits, if nothing runs here; asks again while another process has a run. */
export async function startQueued(directory: string): Promise<void> {
  clearTimeout(retries.get(directory));
  retries.delete(directory);
  // The end of the run that is going on comes back here.
  if (isStopping || jobs.has(directory)) return;
  try {
    await begin(directory, engine.runNext);
  } catch (error) {
    if (!(error instanceof IngotError) || error.diagnostic.code !== 'FLOW-004') throw error;
    const again = setTimeout(() => void startQueued(directory).catch(console.error), RETRY_MS);
    again.unref();
    retries.set(directory, again);
  }
}

/** `null`: there was nothing to run. */
type Begin = (project: engine.Project, options: engine.RunOptions) => Promise<engine.RunResult | null>;

async function begin(directory: string, run: Begin): Promise<void> {
  const flow = await otherFlow();
  const project = engine.openProject(directory);
  const abort = new AbortController();
  await new Promise<void>((started, refused) => {
    let job: Job | null = null;
    const startedAtMs = Date.now();
    const ended = run(project, {
      signal: abort.signal,
      observe: (event) => {
        // Registered only now: a run that is refused must not push out the one that is going on.
        if (event.type === 'run-started') {
          jobs.set(directory, (job = { abort, ended, live: null }));
          started();
        }
        if (job) job.live = follow(job.live, event);
        if (event.type !== 'step-progress') tellChange(directory);
      },
      ...(flow && { flow }),
    });
    const close = (): void => {
      if (job) jobs.delete(directory);
      project.close();
      tellChange(directory);
    };
    ended.then(
      (result) => {
        close();
        started();
        if (!result) return;
        tellEnd(directory, result.runId, result.status, Date.now() - startedAtMs);
        // A cancel says stop: what waits rests until the user goes on.
        if (result.status !== 'cancelled') void startQueued(directory).catch(console.error);
      },
      (error: unknown) => {
        close();
        refused(error);
      },
    );
  });
}

/** Stops a run of this process at once; one of another process notices within half a second. */
export function cancelJob(directory: string): boolean {
  const job = jobs.get(directory);
  job?.abort.abort();
  return job !== undefined;
}

function follow(live: LiveRun | null, event: engine.FlowEvent): LiveRun | null {
  if (event.type === 'run-started') return { run: event.runId, steps: new Map() };
  if (!live || event.type === 'run-finished') return live;
  const steps = new Map(live.steps);
  const step = steps.get(event.step) ?? { memoryMiB: 0, log: [] };
  if (event.type === 'step-finished') steps.delete(event.step);
  else if (event.type === 'step-started') steps.set(event.step, { memoryMiB: 0, log: [] });
  else if (event.type === 'step-progress') steps.set(event.step, { ...step, memoryMiB: event.memoryMiB });
  else steps.set(event.step, { ...step, log: [...step.log, { ...event.diagnostic, atMs: Date.now() }] });
  return { ...live, steps };
}

/** When the user is elsewhere. */
function tellEnd(
  directory: string,
  run: number,
  status: 'done' | 'failed' | 'cancelled',
  wallMs: number,
): void {
  const isFocused = BrowserWindow.getFocusedWindow() !== null;
  if (status === 'cancelled' || !isWorthTelling({ status, wallMs, isFocused }) || !Notification.isSupported())
    return;
  const project = basename(directory);
  const note = new Notification({
    title: say('note.title', { project, run, status: say(`note.status.${status}`) }),
    body: say(`note.${status}`),
  });
  note.on('click', () => {
    const [window] = BrowserWindow.getAllWindows();
    window?.show();
    window?.focus();
  });
  note.show();
}

function tellChange(directory: string): void {
  for (const window of BrowserWindow.getAllWindows()) window.webContents.send(CHANGE_CHANNEL, directory);
}

/** Asks before a quit ends runs, and lets them record their end. */
export function stopBeforeQuit(): void {
  const stop = (): void => {
    isStopping = true;
    for (const { abort } of jobs.values()) abort.abort();
    const ends = [...jobs.values()].map(({ ended }) => ended.catch(() => undefined));
    void Promise.all(ends).then(() => app.quit());
  };
  app.on('before-quit', (event) => {
    if (jobs.size === 0) return;
    event.preventDefault();
    if (!isStopping) stop();
  });
  app.on('browser-window-created', (_event, window) => {
    window.on('close', (event) => {
      if (jobs.size === 0 || isStopping) return;
      event.preventDefault();
      void askToStop(window).then((isSure) => isSure && stop());
    });
  });
}

async function askToStop(window: BrowserWindow): Promise<boolean> {
  const { response } = await dialog.showMessageBox(window, {
    type: 'question',
    message: say('stop.message'),
    detail: say('stop.detail'),
    buttons: [say('stop.stop'), say('stop.keep')],
    defaultId: 1,
    cancelId: 1,
  });
  return response === 0;
}
