/** What `ingot export` makes of a finished run beside its plain files: an ORFS-like folder, a replay without Ingot. */
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Project } from '../../project/project.ts';
import { readProject } from '../../project/queries/project.ts';
import { inWorld } from '../../project/world.ts';
import { runMetrics } from '../gates.ts';
import { readRunDetail } from '../run-detail.ts';
import { orfsFiles } from './orfs-folder.ts';
import { replayFiles } from './replay.ts';
import { runFiles, type OutFile } from './run-files.ts';

export type ExportForm = 'orfs' | 'replay';

/** Returns the paths written, below `out` (`replay`: below `out/replay`). FLOW-014 when the run did not get that far. */
export function exportForm(
  project: Project,
  form: ExportForm,
  options: { readonly out: string; readonly runId?: number | undefined },
): readonly string[] {
  const run = readRunDetail(project, options.runId);
  const files = runFiles(project, run);
  const out = resolve(options.out);
  if (form === 'orfs') return write(out, orfsFiles(files, runMetrics(project, run)));
  return write(join(out, 'replay'), replayFiles(files, readProject(project.db)?.name ?? ''));
}

/** Each file whole or not at all. */
function write(folder: string, files: readonly OutFile[]): readonly string[] {
  return files.map(({ path, content }) => {
    const target = join(folder, ...path.split('/'));
    const temporary = `${target}.tmp-${process.pid}`;
    return inWorld(target, () => {
      try {
        mkdirSync(dirname(target), { recursive: true });
        writeFileSync(temporary, content);
        if (path.endsWith('.sh')) chmodSync(temporary, 0o755);
        renameSync(temporary, target);
      } finally {
        rmSync(temporary, { force: true });
      }
      return target;
    });
  });
}
