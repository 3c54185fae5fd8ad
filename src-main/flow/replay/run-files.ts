/** A finished run's artefacts by name, for what is made of them after the run. */
import { IngotError } from '../../base/diagnostic.ts';
import { unpack } from '../../base/pack.ts';
import { readArtefact } from '../../project/artefact-store.ts';
import type { Project } from '../../project/project.ts';
import type { RunDetail } from '../run-detail.ts';

/** A file to be written: path with slashes below the folder of the export. */
export interface OutFile {
  readonly path: string;
  readonly content: Uint8Array | string;
}

export interface RunFiles {
  readonly run: RunDetail;
  has(name: string): boolean;
  /** FLOW-014 when the run did not get that far. */
  bytes(name: string): Uint8Array;
  text(name: string): string;
  unpacked<T>(name: string): T;
}

export function runFiles(project: Project, run: RunDetail): RunFiles {
  const all = new Map(run.steps.flatMap((step) => step.artefacts).map((a) => [a.name, a]));
  const bytes = (name: string): Uint8Array => {
    const found = all.get(name);
    if (found) return readArtefact(project.dir, name, found.digest);
    throw new IngotError('FLOW-014', `run ${run.id} made no ${name}`, {
      place: project.dir,
      remedy: 'let the run finish: ingot run',
    });
  };
  return {
    run,
    has: (name) => all.has(name),
    bytes,
    text: (name) => new TextDecoder().decode(bytes(name)),
    unpacked: <T>(name: string) => unpack<T>(bytes(name)),
  };
}
