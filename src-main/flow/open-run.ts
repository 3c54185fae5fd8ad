/** "Open in ...": which of the user's programs can show a run, and the command line with which one does. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Project } from '../project/project.ts';
import { inWorld } from '../project/world.ts';
import { handover, viewersOf, type Handover, type Viewer } from '../tools/handover.ts';
import { ensureKit } from '../tools/kit-store.ts';
import { exportRun } from './export-run.ts';
import { readRunDetail } from './run-detail.ts';
import type { Flow } from './step.ts';

/** Programs that are there and that the run made something for. */
export function viewersOfRun(project: Project, runId: number | undefined): readonly Viewer[] {
  const artefacts = readRunDetail(project, runId).steps.flatMap((step) => step.artefacts);
  return viewersOf(new Set(artefacts.map((artefact) => artefact.name)));
}

/**
 * Copies the run's exports beside the artefacts, whose names there are digests (a viewer goes by names), and returns what
 * is to be started. Throws as exportRun, ensureKit (OpenROAD needs the library's LEF) and handover.
 */
export async function prepareOpen(
  project: Project,
  options: { readonly runId?: number | undefined; readonly viewer: Viewer; readonly flow?: Flow | undefined },
): Promise<Handover> {
  const { viewer } = options;
  const run = readRunDetail(project, options.runId);
  const folder = resolve(join(project.dir, 'open', String(run.id)));
  inWorld(folder, () => mkdirSync(folder, { recursive: true }));
  exportRun(project, { out: folder, runId: run.id, flow: options.flow });
  if (viewer !== 'openroad') return handover({ viewer, folder });
  const { techLef, cellLef } = await ensureKit(String(run.settings['kit.name']));
  return handover({ viewer, folder, lefs: [techLef, cellLef] });
}
