/** Answers the window's requests with the engine. Arguments and sender are checked before anything is done. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BrowserWindow, app, dialog, ipcMain, type IpcMainInvokeEvent } from 'electron';
import { z } from 'zod';
import { BugError, IngotError, type Diagnostic } from '../base/diagnostic.ts';
import { exampleFolder } from '../cli/resources.ts';
import * as engine from '../flow/index.ts';
import {
  EVENT_CHANNEL,
  REQUESTS,
  type Answer,
  type JobEvent,
  type ProjectSummary,
  type Requests,
} from '../ipc/contract.ts';
import { addRecent, readRecent } from './recent.ts';
import { progressRow, runDetail, runSummary } from './rows.ts';

export const REPORT_SCHEME = 'ingot-report';

const None = z.strictObject({});
const Directory = z.strictObject({ directory: z.string().min(1) });
const ARGUMENTS = {
  'projects.list': None,
  'projects.open': None,
  'projects.createExample': None,
  'project.runs': Directory,
  'project.run': Directory.extend({ run: z.int().min(1) }),
  'run.start': Directory,
  'run.cancel': Directory,
} satisfies Record<keyof Requests, z.ZodType>;

type Handlers = { [K in keyof Requests]: (args: Requests[K]['args']) => Promise<Requests[K]['result']> };

const recentFile = (): string => join(app.getPath('userData'), 'recent-projects.json');

/** Only folders that the user opened or made may be named by the window. */
function known(directory: string): string {
  if (readRecent(recentFile()).includes(directory)) return directory;
  throw new IngotError('DESK-002', 'this folder was not opened', {
    place: directory,
    remedy: 'open it first',
  });
}

function withProject<T>(directory: string, use: (project: engine.Project) => T): T {
  const project = engine.openProject(known(directory));
  try {
    return use(project);
  } finally {
    project.close();
  }
}

function summary(directory: string): ProjectSummary {
  try {
    return withProject(directory, (project) => ({
      directory,
      name: engine.readProject(project.db)?.name ?? directory,
      trouble: null,
    }));
  } catch (error) {
    return { directory, name: directory.split(/[\\/]/).at(-1) ?? directory, trouble: troubleOf(error) };
  }
}

async function chooseFolder(title: string): Promise<string | null> {
  const window = BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0]!;
  const answer = await dialog.showOpenDialog(window, {
    title,
    properties: ['openDirectory', 'createDirectory'],
  });
  return answer.filePaths[0] ?? null;
}

const handlers: Handlers = {
  'projects.list': async () => readRecent(recentFile()).map(summary),
  'projects.open': async () => {
    const directory = await chooseFolder('Open a project');
    if (directory === null) return null;
    engine.openProject(directory).close();
    addRecent(recentFile(), directory);
    return summary(directory);
  },
  'projects.createExample': async () => {
    const directory = await chooseFolder('Folder for the new project');
    if (directory === null) return null;
    engine.createProject(directory, { from: exampleFolder('digits') }).close();
    addRecent(recentFile(), directory);
    return summary(directory);
  },
  'project.runs': async ({ directory }) =>
    withProject(directory, (project) => engine.listRuns(project.db).map(runSummary)),
  'project.run': async ({ directory, run }) =>
    withProject(directory, (project) => {
      const detail = engine.readRunDetail(project, run);
      const report = detail.steps.flatMap((s) => s.artefacts).find((a) => a.name === 'report.html');
      const url = report
        ? `${REPORT_SCHEME}://report/${report.digest}?${new URLSearchParams({ directory })}`
        : null;
      return runDetail(detail, url);
    }),
  'run.start': async ({ directory }) => startRun(known(directory)),
  'run.cancel': async ({ directory }) => {
    withProject(directory, (project) => engine.cancelRun(project));
    return null;
  },
};

/** Starts a run and returns once it runs (or was refused); its events go to every window. */
async function startRun(directory: string): Promise<null> {
  const project = engine.openProject(directory);
  let run = 0;
  const send = (step: JobEvent['step']): void => {
    const event: JobEvent = { directory, run, step };
    for (const window of BrowserWindow.getAllWindows()) window.webContents.send(EVENT_CHANNEL, event);
  };
  await new Promise<void>((started, refused) => {
    engine
      .runFlow(project, {
        observe: (event) => {
          if (event.type === 'run-started') {
            run = event.runId;
            started();
          }
          if (event.type !== 'step-log') send(progressRow(event));
        },
      })
      .then(() => started(), refused)
      .finally(() => {
        project.close();
        send(null);
      });
  });
  return null;
}

/** Path of the report that an address of the app's own scheme names, null when there is none. */
export function reportPath(url: string): string | null {
  const { pathname, searchParams } = new URL(url);
  const digest = pathname.slice(1);
  const directory = searchParams.get('directory') ?? '';
  if (!/^[0-9a-f]{64}$/.test(digest) || !readRecent(recentFile()).includes(directory)) return null;
  const path = engine.artefactPath(directory, digest);
  return existsSync(path) ? path : null;
}

function troubleOf(error: unknown): Diagnostic {
  if (error instanceof IngotError) return error.diagnostic;
  const world = engine.worldError(error);
  if (world) return world.diagnostic;
  const message = error instanceof Error ? error.message : String(error);
  return { code: error instanceof BugError ? 'DESK-999' : 'DESK-900', severity: 'error', message };
}

function isOurWindow(event: IpcMainInvokeEvent): boolean {
  const frame = event.senderFrame;
  return (
    frame !== null && frame === event.sender.mainFrame && BrowserWindow.fromWebContents(event.sender) !== null
  );
}

export function serveRequests(): void {
  for (const channel of REQUESTS) {
    ipcMain.handle(channel, async (event, given: unknown): Promise<Answer<unknown>> => {
      try {
        if (!isOurWindow(event)) throw new IngotError('DESK-003', 'request from a foreign frame');
        const args = ARGUMENTS[channel].safeParse(given);
        if (!args.success)
          throw new IngotError('DESK-004', `${channel}: ${args.error.issues[0]?.message ?? 'arguments'}`);
        const handler = handlers[channel] as (args: unknown) => Promise<unknown>;
        return { ok: true, value: await handler(args.data) };
      } catch (error) {
        return { ok: false, trouble: troubleOf(error) };
      }
    });
  }
}
