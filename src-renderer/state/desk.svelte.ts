/** What the window shows. One writer: this class. Everything can be rebuilt from the contract. */
import type { Diagnostic } from '../../src-main/base/diagnostic.ts';
import type {
  ArtefactRow,
  Chosen,
  Exported,
  FileRow,
  KitState,
  LogRow,
  MenuCommand,
  Preferences,
  Preview,
  ProjectSummary,
  QueuedRun,
  RunDetail,
  RunSummary,
  SessionStart,
  SettingsTable,
  SettingValue,
  SettingValues,
  ViewerRow,
} from '../../src-main/ipc/contract.ts';
import { onChange, onCommand, request, troubleOf } from '../api/client.ts';

import { language } from '../texts/index.svelte.ts';
import { selection } from './selection.svelte.ts';

/** Typing and dragging change settings many times a second. */
const PREVIEW_WAIT_MS = 150;
export const COMPARED_MAX = 8;

const KIT_LOOK_MS = 250;
/** How often the database is looked at: runs of the command line are seen by this alone, within a second. */
const LOOK_MS = 700;

export class Desk {
  projects = $state.raw<readonly ProjectSummary[]>([]);
  directory = $state<string | null>(null);
  runs = $state.raw<readonly RunSummary[]>([]);
  detail = $state.raw<RunDetail | null>(null);
  /** Why the last command did not do what was asked. */
  trouble = $state.raw<Diagnostic | null>(null);
  exported = $state.raw<Exported | null>(null);
  /** Id of the view that is shown (views/registry.ts). */
  tab = $state('steps');
  trash = $state.raw<readonly RunSummary[]>([]);
  /** Runs that wait, next first. */
  queue = $state.raw<readonly QueuedRun[]>([]);
  /** How the app came up; null until it is known or once it was seen. */
  session = $state.raw<SessionStart | null>(null);
  /** The cell library; null until it was looked for. */
  kit = $state.raw<KitState | null>(null);
  isKitOpen = $state(false);
  /** Code of a message that is explained. */
  explained = $state<string | null>(null);
  files = $state.raw<readonly FileRow[]>([]);
  /** Of the project, as saved. */
  settings = $state.raw<SettingValues>({});
  changed = $state.raw<readonly string[]>([]);
  /** Settings that the user changed and did not save yet. */
  draft = $state.raw<SettingValues>({});
  /** What a run would do with them. */
  preview = $state.raw<Preview | null>(null);
  table = $state.raw<SettingsTable>({ rows: [], presets: [] });
  preferences = $state.raw<Preferences>({ theme: 'system', locale: 'en' });
  /** Runs to compare, in the order in which they were marked. */
  compared = $state.raw<readonly number[]>([]);
  isConsoleOpen = $state(false);
  isPaletteOpen = $state(false);
  /** The model that a new project is being made of; undefined when none is being made. */
  wizard = $state.raw<{ readonly model: Chosen | null } | undefined>(undefined);
  /** Step that was chosen in the flow strip. */
  focusedStep = $state<string | null>(null);
  isLoading = $state(true);
  /** A command on its way, of which the database does not know yet. */
  pending = $state<'start' | 'cancel' | null>(null);
  readonly project = $derived(this.projects.find((p) => p.directory === this.directory) ?? null);
  readonly isRunning = $derived(this.runs[0]?.status === 'running');
  readonly values = $derived<SettingValues>({ ...this.settings, ...this.draft });
  readonly drafted = $derived(Object.keys(this.draft).length);
  readonly artefacts = $derived<readonly ArtefactRow[]>(this.detail?.artefacts ?? []);

  /** The run that the user chose; null follows the newest. */
  #chosen: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #look: Promise<void> | null = null;
  #isStale = false;
  #previewTimer: ReturnType<typeof setTimeout> | undefined;
  /** What the preview was made of. */
  #previewed = '';

  /** Loads the project list and keeps looking at the open one; returns the function that stops it. */
  start(): () => void {
    void this.#load();
    const stopListening = onChange((directory) => {
      if (directory === this.directory) void this.look();
    });
    const stopObeying = onCommand((command) => void this.obey(command));
    return () => {
      stopListening();
      stopObeying();
      clearTimeout(this.#timer);
    };
  }

  async #load(): Promise<void> {
    await this.#command(async () => {
      this.preferences = await request('desk.preferences', {});
      language.locale = this.preferences.locale;
      this.table = await request('settings.table', {});
      this.projects = await request('projects.list', {});
      const session = await request('desk.session', {});
      const hadTrouble = session.isSafe || session.isAfterCrash;
      this.session = hadTrouble || session.pageCrash !== null ? session : null;
      // What is opened by itself may be what crashed.
      const first = hadTrouble ? undefined : this.projects.find((p) => p.trouble === null);
      if (first) await this.select(first.directory);
    });
    this.isLoading = false;
    await this.lookAtKit();
  }

  async lookAtKit(): Promise<void> {
    this.kit = await request('kit.state', {}).catch(() => null);
  }

  async fetchKit(index: string | null): Promise<void> {
    await this.#command(async () => {
      await request('kit.fetch', { index });
      do {
        await new Promise((done) => setTimeout(done, KIT_LOOK_MS));
        this.kit = await request('kit.state', {});
      } while (this.kit.fetching);
    });
  }

  async importKit(what: 'file' | 'folder'): Promise<void> {
    await this.#command(async () => {
      this.kit = await request('kit.import', { what });
    });
  }

  async dismissSession(): Promise<void> {
    this.session = null;
    await this.#command(async () => void (await request('desk.dismissCrash', {})));
  }

  /** Does what was chosen in the native menu. */
  async obey(command: MenuCommand): Promise<void> {
    const hasProject = this.project !== null && this.project.trouble === null;
    if (command === 'new') this.wizard = { model: null };
    else if (command === 'example') await this.add('projects.createExample');
    else if (command === 'open') await this.add('projects.open');
    else if (command === 'palette') this.isPaletteOpen = true;
    else if (command === 'kit') this.isKitOpen = true;
    else if (!hasProject) return;
    else if (command === 'export') await this.export();
    else if (command === 'run') await (this.isRunning ? undefined : this.run());
    else if (command === 'queue') await this.enqueue();
    else if (command === 'cancel') await (this.isRunning ? this.cancel() : undefined);
    else if (command === 'console') this.isConsoleOpen = !this.isConsoleOpen;
    else if (command === 'settings') this.tab = 'settings';
  }

  async select(directory: string | null): Promise<void> {
    if (directory !== this.directory) {
      this.directory = directory;
      this.runs = [];
      this.detail = null;
      this.trash = [];
      this.queue = [];
      this.files = [];
      this.settings = {};
      this.draft = {};
      this.preview = null;
      this.compared = [];
      this.focusedStep = null;
      this.#previewed = '';
      selection.clear();
      this.tab = 'steps';
    }
    this.#chosen = null;
    this.trouble = null;
    this.exported = null;
    await this.look();
  }

  async selectRun(run: number): Promise<void> {
    this.#chosen = run === this.runs[0]?.id ? null : run;
    this.exported = null;
    await this.look();
  }

  /** Reads the project's state; one at a time, again if something changed meanwhile. */
  look(): Promise<void> {
    if (this.#look) this.#isStale = true;
    this.#look ??= this.#lookUntilFresh().finally(() => {
      this.#look = null;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.look(), LOOK_MS);
    });
    return this.#look;
  }

  async #lookUntilFresh(): Promise<void> {
    do {
      this.#isStale = false;
      await this.#lookOnce();
    } while (this.#isStale);
  }

  async #lookOnce(): Promise<void> {
    const { directory } = this;
    if (directory === null) return;
    const run = this.#chosen;
    try {
      const state = await request('project.state', { directory, run });
      if (directory !== this.directory || run !== this.#chosen) return;
      this.runs = state.runs;
      this.detail = state.detail;
      this.trash = state.trash;
      this.queue = state.queue;
      this.files = state.files;
      if (JSON.stringify(this.settings) !== JSON.stringify(state.settings)) this.settings = state.settings;
      this.changed = state.changed;
      const known = state.runs.map((r) => r.id);
      if (this.compared.some((id) => !known.includes(id)))
        this.compared = this.compared.filter((id) => known.includes(id));
      this.#previewSoon();
      if (this.project?.trouble) this.projects = await request('projects.list', {});
    } catch (error) {
      if (directory === this.directory) this.#mark(directory, troubleOf(error));
    }
  }

  /** Keeps with the project why it cannot be read; what was read before stays on show. */
  #mark(directory: string, trouble: Diagnostic): void {
    this.projects = this.projects.map((p) => (p.directory === directory ? { ...p, trouble } : p));
  }

  readLog(run: number, from: number): Promise<readonly LogRow[]> {
    return request('project.log', { directory: this.directory ?? '', run, from });
  }

  async add(how: 'projects.open' | 'projects.createExample'): Promise<void> {
    await this.#command(async () => {
      const added = await request(how, {});
      if (!added) return;
      this.projects = await request('projects.list', {});
      await this.select(added.directory);
    });
  }

  async forget(): Promise<void> {
    const { directory } = this;
    if (directory === null) return;
    await this.#command(async () => {
      await request('projects.forget', { directory });
      this.projects = await request('projects.list', {});
      await this.select(this.projects.find((p) => p.trouble === null)?.directory ?? null);
    });
  }

  async run(): Promise<void> {
    await this.#order('start', 'run.start');
    this.tab = 'steps';
  }

  /** Puts a run with the saved settings behind those that wait. */
  async enqueue(): Promise<void> {
    await this.#inQueue((directory) => request('queue.add', { directory }));
  }

  async unqueue(id: number): Promise<void> {
    await this.#inQueue((directory) => request('queue.remove', { directory, id }));
  }

  async startQueue(): Promise<void> {
    await this.#inQueue((directory) => request('queue.start', { directory }));
  }

  async #inQueue(act: (directory: string) => Promise<null>): Promise<void> {
    const { directory } = this;
    if (directory === null) return;
    await this.#command(async () => {
      await act(directory);
      await this.look();
    });
  }

  /** Keeps a value in the draft; one that is as saved leaves it. */
  set(key: string, value: SettingValue): void {
    this.setAll({ [key]: value });
  }

  setAll(values: SettingValues): void {
    const draft = { ...this.draft, ...values };
    this.draft = Object.fromEntries(
      Object.entries(draft).filter(([key, value]) => this.settings[key] !== value),
    );
    this.#previewSoon();
  }

  discard(): void {
    this.draft = {};
    this.#previewSoon();
  }

  /** False when the values are refused. */
  async save(): Promise<boolean> {
    const { directory, draft } = this;
    if (directory === null) return false;
    let isSaved = false;
    await this.#command(async () => {
      await request('settings.save', { directory, values: draft });
      this.draft = {};
      isSaved = true;
      await this.look();
    });
    return isSaved;
  }

  #previewSoon(): void {
    clearTimeout(this.#previewTimer);
    this.#previewTimer = setTimeout(() => void this.#previewNow(), PREVIEW_WAIT_MS);
  }

  async #previewNow(): Promise<void> {
    const { directory, draft } = this;
    if (directory === null || this.isRunning || this.project?.trouble) return;
    const asked = JSON.stringify([directory, draft, this.settings, this.files, this.runs[0]]);
    if (asked === this.#previewed) return;
    this.#previewed = asked;
    try {
      const preview = await request('settings.preview', { directory, values: draft });
      if (asked === this.#previewed) this.preview = preview;
    } catch (error) {
      if (asked === this.#previewed) this.preview = { complaints: [troubleOf(error)], steps: [] };
    }
  }

  async label(
    run: number,
    label: { readonly name?: string; readonly isPinned?: boolean; readonly isTrashed?: boolean },
  ): Promise<void> {
    const { directory } = this;
    if (directory === null) return;
    await this.#command(async () => {
      await request('run.label', { directory, run, ...label });
      if (label.isTrashed) this.#chosen = null;
      await this.look();
    });
  }

  compare(run: number, isWanted: boolean): void {
    const others = this.compared.filter((id) => id !== run);
    this.compared = isWanted ? [...others, run].slice(-COMPARED_MAX) : others;
  }

  async prefer(change: Partial<Preferences>): Promise<void> {
    await this.#command(async () => {
      this.preferences = await request('desk.prefer', change);
      language.locale = this.preferences.locale;
    });
  }

  /** Throws what is wrong, for the wizard to show. */
  async create(args: {
    readonly name: string;
    readonly model: string;
    readonly calibration: string | null;
    readonly folder: string;
    readonly settings: SettingValues;
  }): Promise<void> {
    const made = await request('projects.createNew', args);
    this.wizard = undefined;
    this.projects = await request('projects.list', {});
    await this.select(made.directory);
  }

  cancel(): Promise<void> {
    return this.#order('cancel', 'run.cancel');
  }

  async export(): Promise<void> {
    const { directory, detail } = this;
    if (directory === null || !detail) return;
    await this.#command(async () => {
      this.exported = await request('run.export', { directory, run: detail.run.id });
    });
  }

  /** Programs that can show a run; none where that cannot be told. */
  async viewers(run: number): Promise<readonly ViewerRow[]> {
    const { directory } = this;
    if (directory === null) return [];
    return request('run.viewers', { directory, run }).catch(() => []);
  }

  async openIn(viewer: ViewerRow['viewer']): Promise<void> {
    const { directory, detail } = this;
    if (directory === null || !detail) return;
    await this.#command(async () => {
      await request('run.openIn', { directory, run: detail.run.id, viewer });
    });
  }

  async #order(pending: 'start' | 'cancel', name: 'run.start' | 'run.cancel'): Promise<void> {
    const { directory } = this;
    if (directory === null) return;
    this.pending = pending;
    this.#chosen = null;
    await this.#command(async () => {
      await request(name, { directory });
      await this.look();
    });
    this.pending = null;
  }

  async #command(action: () => Promise<void>): Promise<void> {
    this.trouble = null;
    this.exported = null;
    try {
      await action();
    } catch (error) {
      this.trouble = troubleOf(error);
    }
  }
}
