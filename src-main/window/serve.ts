/** Answers the window's requests with the engine. Sender, name and arguments are checked before anything is done. */
import { BrowserWindow, clipboard, ipcMain, type IpcMainInvokeEvent } from 'electron';
import { z } from 'zod';
import { IngotError } from '../base/diagnostic.ts';
import * as engine from '../flow/index.ts';
import {
  OFFER_CHANNEL,
  REQUEST_CHANNEL,
  type Answer,
  type Requests,
  type SettingValues,
} from '../ipc/contract.ts';
import { VIEWERS } from '../tools/handover.ts';
import { deskOrigin } from './addresses.ts';
import { choose, offer } from './chosen.ts';
import { cancelJob, enqueue, liveRun, startJob, startQueued } from './jobs.ts';
import { cancelKit, fetchKit, importChosenKit, kitState } from './kit.ts';
import { runLog } from './log.ts';
import { setMenu } from './menu.ts';
import { openRunIn, VIEWER_NAMES } from './open-in.ts';
import { otherFlow } from './other-flow.ts';
import {
  chooseFolder,
  createExample,
  createNew,
  forgetProject,
  known,
  listProjects,
  openChosenProject,
  withKnownProject,
} from './projects.ts';
import { preferences, prefer } from './preferences.ts';
import { queuedRun, runDetail, runSummary } from './rows.ts';
import { estimateOf, modelOf, performanceOf } from './run-views.ts';
import { SaveFile, saveFile } from './save-file.ts';
import { preview, projectSettings, saveSettings, settingsTable } from './settings.ts';
import { dismissCrash, restartSafely, sessionStart } from './session.ts';
import { troubleOf } from './trouble.ts';

const PATH_CHARS_MAX = 4096;

const None = z.strictObject({});
const InProject = z.strictObject({ directory: z.string().min(1).max(PATH_CHARS_MAX) });
/** Most runs that are compared at once. */
const RUNS_MAX = 50;
const Token = z.uuid();
const Values = z.record(z.string().max(80), z.union([z.string().max(4096), z.number(), z.boolean()]));
const OfRun = InProject.extend({ run: z.int().min(1) });
const ARGUMENTS = {
  'projects.list': None,
  'projects.open': None,
  'projects.createExample': None,
  'projects.forget': InProject,
  'project.state': InProject.extend({ run: z.int().min(1).nullable() }),
  'project.log': OfRun.extend({ from: z.int().min(0) }),
  'projects.createNew': z.strictObject({
    name: z
      .string()
      .trim()
      .min(1)
      .max(80)
      // It names a folder too.
      .regex(/^[^/\\:*?"<>|\p{Cc}]+$/u)
      .refine((name) => !/^\.+$/.test(name)),
    model: Token,
    calibration: Token.nullable(),
    folder: Token,
    settings: Values,
  }),
  'files.choose': z.strictObject({ what: z.enum(['model', 'data', 'folder']) }),
  'files.save': SaveFile,
  'settings.table': None,
  'settings.preview': InProject.extend({ values: Values }),
  'settings.save': InProject.extend({ values: Values }),
  'runs.details': InProject.extend({ runs: z.array(z.int().min(1)).max(RUNS_MAX) }),
  'run.label': OfRun.extend({
    name: z.string().max(80).exactOptional(),
    isPinned: z.boolean().exactOptional(),
    isTrashed: z.boolean().exactOptional(),
  }),
  'run.model': OfRun,
  'run.performance': OfRun,
  'run.estimate': OfRun.extend({ values: Values }),
  'desk.preferences': None,
  'desk.prefer': z.strictObject({
    theme: z.enum(['system', 'light', 'dark']).exactOptional(),
    locale: z.enum(['en', 'zh']).exactOptional(),
  }),
  'desk.copy': z.strictObject({ text: z.string().max(1_000_000) }),
  'run.view': OfRun.extend({ view: z.enum(['layout', 'timing']) }),
  'run.live': InProject.extend({ afterMs: z.number().min(0) }),
  'run.start': InProject,
  'run.cancel': InProject,
  'queue.add': InProject,
  'queue.remove': InProject.extend({ id: z.int().min(1) }),
  'queue.start': InProject,
  'desk.session': None,
  'desk.dismissCrash': None,
  'desk.restartSafely': None,
  'kit.state': None,
  'kit.fetch': z.strictObject({
    index: z
      .url({ protocol: /^https?$/ })
      .max(2048)
      .nullable(),
  }),
  'kit.cancel': None,
  'kit.import': z.strictObject({ what: z.enum(['file', 'folder']) }),
  'run.export': OfRun,
  'run.viewers': OfRun,
  'run.openIn': OfRun.extend({ viewer: z.enum(VIEWERS) }),
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
    const other = (await otherFlow())?.steps;
    return withKnownProject(directory, (project) => {
      const flow = other ?? engine.projectFlow(engine.listFiles(project.db));
      const exported = new Set(flow.flatMap((step) => step.exports ?? []));
      const recent = engine.listRuns(project.db);
      const runs = recent.map(runSummary);
      const newest = (recent[0]?.settings ?? engine.defaultSettings()) as SettingValues;
      const more = {
        trash: engine.listTrash(project.db).map(runSummary),
        queue: engine.listQueue(project.db).map((waiting) => queuedRun(waiting, newest)),
        files: engine.listFiles(project.db).map(({ role, name, sizeBytes }) => ({ role, name, sizeBytes })),
        ...projectSettings(project),
      };
      if (runs.length === 0) return { runs, detail: null, ...more };
      const recorded = engine.readRunDetail(project, run ?? undefined);
      const detail = runDetail(project, recorded, liveRun(directory), exported, Date.now());
      return { runs, detail, ...more };
    });
  },
  'project.log': async ({ directory, run, from }) =>
    withKnownProject(directory, (project) =>
      runLog(engine.readRunDetail(project, run), liveRun(directory)).slice(from),
    ),
  'projects.createNew': async (args) => createNew(args),
  'files.choose': async ({ what }) => choose(what),
  'files.save': saveFile,
  'settings.table': settingsTable,
  'settings.preview': async ({ directory, values }) => preview(known(directory), values),
  'settings.save': async ({ directory, values }) => {
    saveSettings(directory, values);
    return null;
  },
  'runs.details': async ({ directory, runs }) =>
    withKnownProject(directory, (project) =>
      runs.map((run) =>
        runDetail(project, engine.readRunDetail(project, run), null, new Set<string>(), Date.now()),
      ),
    ),
  'run.label': async ({ directory, run, ...label }) => {
    withKnownProject(directory, (project) => engine.labelRun(project, run, label, Date.now()));
    return null;
  },
  'run.model': async ({ directory, run }) => modelOf(directory, run),
  'run.performance': async ({ directory, run }) => performanceOf(directory, run),
  'run.estimate': async ({ directory, run, values }) => estimateOf(directory, run, values),
  'desk.preferences': async () => preferences(),
  'desk.prefer': async (change) => {
    const preferred = prefer(change);
    setMenu();
    return preferred;
  },
  'desk.session': async () => sessionStart(),
  'desk.dismissCrash': async () => {
    dismissCrash();
    return null;
  },
  'desk.restartSafely': async () => {
    restartSafely();
    return null;
  },
  'kit.state': kitState,
  'kit.fetch': async ({ index }) => {
    fetchKit(index);
    return null;
  },
  'kit.cancel': async () => {
    cancelKit();
    return null;
  },
  'kit.import': async ({ what }) => {
    await importChosenKit(what);
    return kitState();
  },
  'desk.copy': async ({ text }) => {
    clipboard.writeText(text);
    return null;
  },
  'run.view': async ({ directory, run, view }) =>
    withKnownProject(directory, (project) => {
      const artefacts = engine.readRunDetail(project, run).steps.flatMap((step) => step.artefacts);
      const found = artefacts.find(({ name }) => name === `${view}.view`);
      return found ? engine.readArtefact(project.dir, found.name, found.digest) : null;
    }),
  'run.live': async ({ directory, afterMs }) => {
    const dir = known(directory);
    const pictures = ['place', 'route'].flatMap((step) => engine.readLivePicture(dir, step, afterMs) ?? []);
    return pictures.sort((a, b) => b.madeAtMs - a.madeAtMs)[0] ?? null;
  },
  'run.start': async ({ directory }) => {
    await startJob(known(directory));
    return null;
  },
  'run.cancel': async ({ directory }) => {
    if (!cancelJob(known(directory))) withKnownProject(directory, (project) => engine.cancelRun(project));
    return null;
  },
  'queue.add': async ({ directory }) => {
    await enqueue(known(directory));
    return null;
  },
  'queue.remove': async ({ directory, id }) => {
    withKnownProject(directory, (project) => engine.unqueueRun(project, id));
    return null;
  },
  'queue.start': async ({ directory }) => {
    await startQueued(known(directory));
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
  'run.viewers': async ({ directory, run }) =>
    withKnownProject(directory, (project) => engine.viewersOfRun(project, run)).map((viewer) => ({
      viewer,
      name: VIEWER_NAMES[viewer],
    })),
  'run.openIn': async ({ directory, run, viewer }) => {
    await openRunIn(known(directory), run, viewer);
    return null;
  },
};

export function serveRequests(): void {
  ipcMain.handle(OFFER_CHANNEL, (event, path: unknown) =>
    isOurWindow(event) && typeof path === 'string' && path.length <= PATH_CHARS_MAX ? offer(path) : null,
  );
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
