/**
 * The cache key of a step: SHA-256 over everything that can change its result. Names are sorted, so the
 * order of declarations does not matter.
 */
import { digestOf } from '../project/artefact-store.ts';
import type { FileRow } from '../project/queries/files.ts';
import type { AnyStep, ArtefactRef } from './step.ts';
import type { SettingKey, Settings } from './settings.ts';

export interface KeyParts {
  readonly step: AnyStep;
  readonly inputs: readonly ArtefactRef[];
  readonly files: readonly FileRow[];
  readonly settings: Settings;
  readonly fingerprint: Readonly<Record<string, string>>;
  /** For steps with `readsRun`: the executions whose facts it reads. */
  readonly executions: readonly number[];
}

export function stepKey(parts: KeyParts): string {
  const { step } = parts;
  return digestOf(
    JSON.stringify({
      step: [step.name, step.version],
      inputs: sorted(parts.inputs.map((i) => [i.name, i.digest])),
      files: sorted(parts.files.map((f) => [f.role, f.name, f.digest])),
      settings: sorted(Object.entries(step.readsRun ? parts.settings : readSettings(step, parts.settings))),
      fingerprint: sorted(Object.entries(parts.fingerprint)),
      executions: step.readsRun ? parts.executions : [],
    }),
  );
}

/** The values of the settings that a step declares. */
export function readSettings(step: AnyStep, settings: Settings): Partial<Settings> {
  const keys = step.settings as readonly SettingKey[];
  return Object.fromEntries(keys.map((key) => [key, settings[key]])) as Partial<Settings>;
}

const sorted = (entries: readonly (readonly unknown[])[]): readonly (readonly unknown[])[] =>
  [...entries].sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
