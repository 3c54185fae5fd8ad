import { hasArtefact } from '../project/artefact-store.ts';
import type { Project } from '../project/project.ts';
import { listArtefacts } from '../project/queries/facts.ts';
import { stepsWithKey, type StepRow } from '../project/queries/steps.ts';
import type { AnyStep } from './step.ts';

/** An earlier execution with this key of which the project still has all artefacts. */
export function reusable({ db, dir }: Project, step: AnyStep, key: string): StepRow | undefined {
  return stepsWithKey(db, key).find((candidate) => {
    const stored = listArtefacts(db, candidate.id);
    return (
      step.outputs.every((name) => stored.some((a) => a.name === name)) &&
      stored.every((artefact) => hasArtefact(dir, artefact))
    );
  });
}
