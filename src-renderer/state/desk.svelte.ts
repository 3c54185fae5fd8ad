/** What the window shows. One writer: this class. Everything can be rebuilt from the contract. */
import type { Diagnostic } from '../../src-main/base/diagnostic.ts';
import type { Exported, LogRow, ProjectSummary, RunDetail, RunSummary } from '../../src-main/ipc/contract.ts';
import { onChange, request, troubleOf } from '../api/client.ts';

export type Tab = 'steps' | 'proof' | 'log' | 'report';

/** How often the database is looked at: runs of the command line are seen by this alone. */
const LOOK_MS = { running: 1000, idle: 3000 };

export class Desk {
  projects = $state.raw<readonly ProjectSummary[]>([]);
  directory = $state<string | null>(null);
  runs = $state.raw<readonly RunSummary[]>([]);
  detail = $state.raw<RunDetail | null>(null);
  /** Why the last command did not do what was asked. */
  trouble = $state.raw<Diagnostic | null>(null);
  exported = $state.raw<Exported | null>(null);
  tab = $state<Tab>('steps');
  isLoading = $state(true);
  /** A command on its way, of which the database does not know yet. */
  pending = $state<'start' | 'cancel' | null>(null);
  readonly project = $derived(this.projects.find((p) => p.directory === this.directory) ?? null);
  readonly isRunning = $derived(this.runs[0]?.status === 'running');

  /** The run that the user chose; null follows the newest. */
  #chosen: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #look: Promise<void> | null = null;
  #isStale = false;

  /** Loads the project list and keeps looking at the open one; returns the function that stops it. */
  start(): () => void {
    void this.#load();
    const stopListening = onChange((directory) => {
      if (directory === this.directory) void this.look();
    });
    return () => {
      stopListening();
      clearTimeout(this.#timer);
    };
  }

  async #load(): Promise<void> {
    await this.#command(async () => {
      this.projects = await request('projects.list', {});
      const first = this.projects.find((p) => p.trouble === null);
      if (first) await this.select(first.directory);
    });
    this.isLoading = false;
  }

  async select(directory: string | null): Promise<void> {
    if (directory !== this.directory) {
      this.directory = directory;
      this.runs = [];
      this.detail = null;
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
      const wait = this.isRunning ? LOOK_MS.running : LOOK_MS.idle;
      this.#timer = setTimeout(() => void this.look(), wait);
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
