/** Copies results of a run out of the store, under their names. */
import { copyFileSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { IngotError } from '../base/diagnostic.ts';
import { artefactPath, hasArtefact } from '../project/artefact-store.ts';
import type { Project } from '../project/project.ts';
import { inWorld } from '../project/world.ts';
import { listFiles } from '../project/queries/files.ts';
import { indexOfStep } from './plan-run.ts';
import { flowOf } from './project-flow.ts';
import { readRunDetail } from './run-detail.ts';
import type { ArtefactRef, Flow } from './step.ts';

export interface ExportOptions {
  readonly out: string;
  /** Default: the latest run. */
  readonly runId?: number | undefined;
  /** All artefacts of this step (a failed one too) instead of the flow's exports. */
  readonly step?: string | undefined;
  /** Of those, only these. */
  readonly names?: readonly string[];
  readonly flow?: Flow | undefined;
}

/** Returns the paths written. FLOW-014 when the run made nothing to export. */
export function exportRun(project: Project, options: ExportOptions): readonly string[] {
  const run = readRunDetail(project, options.runId);
  const flow = flowOf(listFiles(project.db), run.settings, options.flow);
  if (options.step !== undefined) indexOfStep(flow, options.step);
  const exported = new Set(flow.flatMap((step) => step.exports ?? []));
  const chosen = run.steps.flatMap((step) => {
    if (options.step !== undefined)
      return step.name === options.step
        ? step.artefacts.filter((a) => options.names?.includes(a.name) ?? true)
        : [];
    return step.artefacts.filter((artefact) => exported.has(artefact.name));
  });
  if (chosen.length === 0) {
    throw new IngotError('FLOW-014', `run ${run.id} has nothing to export`, {
      place: project.dir,
      remedy: 'let the run get further: ingot run',
    });
  }
  const out = resolve(options.out);
  inWorld(out, () => mkdirSync(out, { recursive: true }));
  return chosen.map((artefact) => copyOut(project.dir, artefact, out));
}

/** A file of the same name is replaced whole or not at all. */
function copyOut(projectDir: string, artefact: ArtefactRef, out: string): string {
  const source = artefactPath(projectDir, artefact.digest);
  if (!hasArtefact(projectDir, artefact)) {
    throw new IngotError('FLOW-008', `artefact ${artefact.name} is missing or damaged`, {
      place: source,
      remedy: 'run again: the step that makes it will be redone',
    });
  }
  const target = join(out, artefact.name);
  const temporary = `${target}.tmp-${process.pid}`;
  return inWorld(target, () => {
    try {
      copyFileSync(source, temporary);
      renameSync(temporary, target);
    } finally {
      rmSync(temporary, { force: true });
    }
    return target;
  });
}
