/** Answers the window's requests with the engine. Sender, name and arguments are checked before anything is done. */
import { BrowserWindow, ipcMain, type IpcMainInvokeEvent } from 'electron';
import { z } from 'zod';
import { IngotError } from '../base/diagnostic.ts';
import * as engine from '../flow/index.ts';
import { REQUEST_CHANNEL, type Answer, type Requests } from '../ipc/contract.ts';
import { deskOrigin } from './addresses.ts';
import { cancelJob, liveStep, startJob } from './jobs.ts';
import { runLog } from './log.ts';
import { otherFlow } from './other-flow.ts';
import {
  chooseFolder,
  createExample,
  forgetProject,
  known,
  listProjects,
  openChosenProject,
  withKnownProject,
} from './projects.ts';
import { runDetail, runSummary } from './rows.ts';
import { troubleOf } from './trouble.ts';

const PATH_CHARS_MAX = 4096;

const None = z.strictObject({});
const InProject = z.strictObject({ directory: z.string().min(1).max(PATH_CHARS_MAX) });
const OfRun = InProject.extend({ run: z.int().min(1) });
const ARGUMENTS = {
  'projects.list': None,
  'projects.open': None,
  'projects.createExample': None,
  'projects.forget': InProject,
  'project.state': InProject.extend({ run: z.int().min(1).nullable() }),
  'project.log': OfRun.extend({ from: z.int().min(0) }),
  'run.start': InProject,
  'run.cancel': InProject,
  'run.export': OfRun,
} satisfies Record<keyof Requests, z.ZodType>;

type Handlers = { [K in keyof Requests]: (args: Requests[K]['args']) => Promise<Requests[K]['result']> };

const handlers: Handlers = {
  'projects.list': async () => listProjects(),
  'projects.open': openChosenProject,
  'projects.createExample': createExample,
  'projects.forget': async ({ directory }) => {
    forgetProject(directory);
    return null;
  },
  'project.state': async ({ directory, run }) => {
    const flow = (await otherFlow())?.steps ?? engine.FLOW;
    const exported = new Set(flow.flatMap((step) => step.exports ?? []));
    return withKnownProject(directory, (project) => {
      const runs = engine.listRuns(project.db).map(runSummary);
      if (runs.length === 0) return { runs, detail: null };
      const recorded = engine.readRunDetail(project, run ?? undefined);
      return { runs, detail: runDetail(project, recorded, liveStep(directory), exported, Date.now()) };
    });
  },
  'project.log': async ({ directory, run, from }) =>
    withKnownProject(directory, (project) =>
      runLog(engine.readRunDetail(project, run), liveStep(directory)).slice(from),
    ),
  'run.start': async ({ directory }) => {
    await startJob(known(directory));
    return null;
  },
  'run.cancel': async ({ directory }) => {
    if (!cancelJob(known(directory))) withKnownProject(directory, (project) => engine.cancelRun(project));
    return null;
  },
  'run.export': async ({ directory, run }) => {
    known(directory);
    const out = await chooseFolder({ title: 'Folder for the results', buttonLabel: 'Export here' });
    if (out === null) return null;
    const flow = (await otherFlow())?.steps;
    const files = withKnownProject(directory, (project) =>
      engine.exportRun(project, { out, runId: run, ...(flow && { flow }) }),
    );
    return { folder: out, files };
  },
};

export function serveRequests(): void {
  ipcMain.handle(REQUEST_CHANNEL, async (event, name: unknown, given: unknown): Promise<Answer<unknown>> => {
    try {
      if (!isOurWindow(event)) throw new IngotError('DESK-003', 'request from a foreign page');
      return { ok: true, value: await answer(name, given) };
    } catch (error) {
      return { ok: false, trouble: troubleOf(error) };
    }
  });
}

async function answer(name: unknown, given: unknown): Promise<unknown> {
  if (!isRequest(name)) throw new IngotError('DESK-005', `there is no request ${String(name).slice(0, 80)}`);
  const args = ARGUMENTS[name].safeParse(given);
  if (!args.success) {
    const [issue] = args.error.issues;
    throw new IngotError('DESK-004', `${name}: ${[...(issue?.path ?? []), issue?.message].join(': ')}`);
  }
  // The compiler cannot see that the schema and the handler of one name belong together.
  const handler = handlers[name] as (args: unknown) => Promise<unknown>;
  return handler(args.data);
}

const isRequest = (name: unknown): name is keyof Requests =>
  typeof name === 'string' && Object.hasOwn(ARGUMENTS, name);

/** The top frame of a window of ours, showing our page. */
function isOurWindow(event: IpcMainInvokeEvent): boolean {
  const frame = event.senderFrame;
  return (
    frame !== null &&
    frame === event.sender.mainFrame &&
    frame.origin === deskOrigin() &&
    BrowserWindow.fromWebContents(event.sender) !== null
  );
}
