/** The runs that this process started. Closing the app stops them; finished steps are kept. */
import { basename } from 'node:path';
import { app, BrowserWindow, dialog, Notification } from 'electron';
import * as engine from '../flow/index.ts';
import { CHANGE_CHANNEL } from '../ipc/contract.ts';
import { otherFlow } from './other-flow.ts';

/** Of a running step: what the database does not hold until it ends. */
export interface LiveStep {
  readonly run: number;
  readonly step: string;
  readonly memoryMiB: number;
  readonly log: readonly engine.LogRow[];
}

interface Job {
  readonly abort: AbortController;
  readonly ended: Promise<unknown>;
  live: LiveStep | null;
}

const jobs = new Map<string, Job>();

export const liveStep = (directory: string): LiveStep | null => jobs.get(directory)?.live ?? null;

/** Starts a run; resolves once it runs, rejects when it was refused. */
export async function startJob(directory: string): Promise<void> {
  const flow = await otherFlow();
  const project = engine.openProject(directory);
  const abort = new AbortController();
  await new Promise<void>((started, refused) => {
    let job: Job | null = null;
    const ended = engine.runFlow(project, {
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
      ({ status, runId }) => {
        close();
        tellEnd(directory, runId, status);
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

function follow(live: LiveStep | null, event: engine.FlowEvent): LiveStep | null {
  switch (event.type) {
    case 'run-started':
      return { run: event.runId, step: '', memoryMiB: 0, log: [] };
    case 'step-started':
      return live && { ...live, step: event.step, memoryMiB: 0, log: [] };
    case 'step-progress':
      return live && { ...live, memoryMiB: event.memoryMiB };
    case 'step-log':
      return live && { ...live, log: [...live.log, { ...event.diagnostic, atMs: Date.now() }] };
    default:
      return live && { ...live, log: [] };
  }
}

/** When the user is elsewhere. */
function tellEnd(directory: string, run: number, status: string): void {
  if (status === 'cancelled' || BrowserWindow.getFocusedWindow() || !Notification.isSupported()) return;
  const title = `${basename(directory)}: run ${run} ${status}`;
  const note = new Notification({
    title,
    body: status === 'done' ? 'The chip is finished.' : 'See what failed.',
  });
  note.on('click', () => BrowserWindow.getAllWindows()[0]?.focus());
  note.show();
}

function tellChange(directory: string): void {
  for (const window of BrowserWindow.getAllWindows()) window.webContents.send(CHANGE_CHANNEL, directory);
}

/** Asks before a quit ends runs, and lets them record their end. */
export function stopBeforeQuit(): void {
  let isStopping = false;
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
    message: 'A run is going on',
    detail: 'Closing the window stops it. Finished steps are kept; the next run goes on from there.',
    buttons: ['Stop the run and close', 'Keep it running'],
    defaultId: 1,
    cancelId: 1,
  });
  return response === 0;
}
