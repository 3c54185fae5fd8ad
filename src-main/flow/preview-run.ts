/** What a run would do now, before it does it: which steps it takes over, which it redoes, and why. */
import type { Project } from '../project/project.ts';
import { listArtefacts } from '../project/queries/facts.ts';
import { listFiles } from '../project/queries/files.ts';
import { readProject } from '../project/queries/project.ts';
import { listRuns } from '../project/queries/runs.ts';
import { lastWallS } from '../project/queries/steps.ts';
import { resolveSettings } from './check-settings.ts';
import { checkFlow } from './plan-run.ts';
import { flowOf } from './project-flow.ts';
import { reusable } from './reusable.ts';
import type { SettingKey, Settings } from './settings.ts';
import { stepKey } from './step-key.ts';
import type { AnyStep, ArtefactRef, Flow } from './step.ts';

export interface PreviewStep {
  readonly name: string;
  readonly title: string;
  readonly willRun: boolean;
  /** Settings that differ from those of the newest run, of a step that will run. */
  readonly changed: readonly SettingKey[];
  /** Earlier steps that will run and whose results it reads. */
  readonly after: readonly string[];
  /** Wall seconds of its last execution. */
  readonly expectedS: number | null;
}

/** `values` over the project's settings. Throws SETTING-* when they are wrong. */
export async function previewRun(
  project: Project,
  values: Readonly<Record<string, unknown>>,
  given?: Flow,
): Promise<readonly PreviewStep[]> {
  const { db } = project;
  const files = listFiles(db);
  const settings = resolveSettings(readProject(db)?.settings ?? {}, values);
  const flow = flowOf(files, settings, given);
  checkFlow(flow);
  const fingerprints = await Promise.all(flow.map((step) => step.fingerprint?.(settings) ?? {}));
  const before: Readonly<Record<string, unknown>> = listRuns(db, 1)[0]?.settings ?? {};
  const made = new Map<string, { readonly by: string; readonly artefact: ArtefactRef | null }>();
  const executions: number[] = [];
  return flow.map((step, i) => {
    const inputs = step.inputs.map((name) => made.get(name)?.artefact ?? null);
    const roles = [...(step.files ?? []), ...(step.optionalFiles ?? [])];
    const isKnown = inputs.every((input) => input !== null) && !(step.readsRun && executions.length < i);
    const key = isKnown
      ? stepKey({
          step,
          inputs,
          files: files.filter(({ role }) => roles.includes(role)),
          settings,
          fingerprint: fingerprints[i]!,
          executions,
        })
      : null;
    const source = key === null ? null : (reusable(project, step, key)?.id ?? null);
    if (source !== null) executions.push(source);
    const artefacts = source === null ? [] : listArtefacts(db, source);
    for (const name of step.outputs)
      made.set(name, { by: step.name, artefact: artefacts.find((a) => a.name === name) ?? null });
    const after = step.inputs.filter((name) => made.get(name)?.artefact == null);
    return {
      name: step.name,
      title: step.title,
      willRun: source === null,
      changed: source === null ? changedOf(step, settings, before) : [],
      after: [...new Set(after.map((name) => made.get(name)!.by))],
      expectedS: lastWallS(db, step.name) ?? null,
    };
  });
}

const changedOf = (
  step: AnyStep,
  settings: Settings,
  before: Readonly<Record<string, unknown>>,
): SettingKey[] =>
  (step.settings as readonly SettingKey[]).filter(
    (key) => Object.hasOwn(before, key) && before[key] !== settings[key],
  );
