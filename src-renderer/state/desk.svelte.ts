/** What the window shows. One writer: this class. Everything can be rebuilt from the contract. */
import type { Diagnostic } from '../../src-main/base/diagnostic.ts';
import type { JobEvent, ProjectSummary, RunDetail, RunSummary } from '../../src-main/ipc/contract.ts';
import { RequestError, onJob, request } from '../api/client.ts';

export type Tab = 'steps' | 'log' | 'proof' | 'report';

export class Desk {
  projects = $state.raw<readonly ProjectSummary[]>([]);
  project = $state.raw<ProjectSummary | null>(null);
  runs = $state.raw<readonly RunSummary[]>([]);
  detail = $state.raw<RunDetail | null>(null);
  trouble = $state.raw<Diagnostic | null>(null);
  tab = $state<Tab>('steps');
  isLoading = $state(true);
  readonly isRunning = $derived(this.runs.some((r) => r.status === 'running'));

  /** Loads the project list and follows running jobs; returns the function that stops following. */
  start(): () => void {
    void this.guard(async () => {
      this.projects = await request('projects.list', {});
      const first = this.projects.find((p) => p.trouble === null);
      if (first) await this.select(first);
    }).finally(() => (this.isLoading = false));
    return onJob((event) => void this.follow(event));
  }

  async select(project: ProjectSummary): Promise<void> {
    await this.guard(async () => {
      this.project = project;
      this.detail = null;
      this.trouble = project.trouble;
      this.runs = project.trouble ? [] : await request('project.runs', { directory: project.directory });
      const latest = this.runs[0];
      if (latest) await this.selectRun(latest.id);
    });
  }

  async selectRun(run: number): Promise<void> {
    const directory = this.project?.directory;
    if (directory === undefined) return;
    await this.guard(async () => {
      this.detail = await request('project.run', { directory, run });
    });
  }

  async add(how: 'projects.open' | 'projects.createExample'): Promise<void> {
    await this.guard(async () => {
      const added = await request(how, {});
      if (!added) return;
      this.projects = await request('projects.list', {});
      await this.select(added);
    });
  }

  async run(): Promise<void> {
    await this.command('run.start');
  }

  async cancel(): Promise<void> {
    await this.command('run.cancel');
  }

  private async command(channel: 'run.start' | 'run.cancel'): Promise<void> {
    const directory = this.project?.directory;
    if (directory === undefined) return;
    this.trouble = null;
    await this.guard(async () => {
      await request(channel, { directory });
    });
  }

  private async follow(event: JobEvent): Promise<void> {
    const directory = this.project?.directory;
    if (event.directory !== directory) return;
    const step = event.step;
    const isShown = this.detail?.run.id === event.run;
    if (step && isShown && step.status === 'running') {
      const detail = this.detail!;
      this.detail = { ...detail, steps: detail.steps.map((s) => (s.name === step.name ? step : s)) };
      return;
    }
    await this.guard(async () => {
      this.runs = await request('project.runs', { directory });
      if (isShown || this.runs[0]?.id === event.run)
        this.detail = await request('project.run', { directory, run: event.run });
    });
  }

  private async guard(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (e) {
      this.trouble =
        e instanceof RequestError
          ? e.trouble
          : { code: 'DESK-001', severity: 'error', message: e instanceof Error ? e.message : String(e) };
    }
  }
}
