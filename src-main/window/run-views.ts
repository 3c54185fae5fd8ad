/** View models of a run: computed in a process of their own from its artefacts, and kept. */
import * as engine from '../flow/index.ts';
import type { ChipEstimate, ModelView, PerformanceView, SettingValues } from '../ipc/contract.ts';
import { withKnownProject } from './projects.ts';
import { settingsWith } from './settings.ts';

const KEPT_MAX = 24;
const kept = new Map<string, Promise<unknown>>();

/** Artefacts say all that goes in, so an answer holds as long as its digests. */
function once<T>(key: string, compute: () => Promise<T>): Promise<T> {
  const found = kept.get(key) as Promise<T> | undefined;
  if (found) return found;
  const made = compute();
  kept.set(key, made);
  made.catch(() => kept.delete(key));
  const [oldest] = kept.keys();
  if (kept.size > KEPT_MAX && oldest !== undefined) kept.delete(oldest);
  return made;
}

function digests(directory: string, run: number, names: readonly string[]): Record<string, string> {
  return withKnownProject(directory, (project) =>
    Object.fromEntries(
      engine
        .readRunDetail(project, run)
        .steps.flatMap((step) => step.artefacts)
        .filter(({ name }) => names.includes(name))
        .map(({ name, digest }) => [name, digest]),
    ),
  );
}

const MODEL = ['model.bin', 'int8.bin', 'quantized.bin', 'passes.bin', 'program.bin', 'quantization.json'];

export function modelOf(dir: string, run: number): Promise<ModelView> {
  const artefacts = digests(dir, run, MODEL);
  return once(JSON.stringify(['model', artefacts]), () => engine.askView('model', { dir, artefacts }));
}

export function performanceOf(dir: string, run: number): Promise<PerformanceView> {
  const artefacts = digests(dir, run, ['program.bin', 'quantized.bin']);
  return once(JSON.stringify(['performance', artefacts]), () =>
    engine.askView('performance', { dir, artefacts }),
  );
}

export function estimateOf(dir: string, run: number, values: SettingValues): Promise<ChipEstimate> {
  const settings = settingsWith(dir, values);
  const artefacts = digests(dir, run, ['quantized.bin']);
  return once(JSON.stringify(['estimate', artefacts, settings]), () =>
    engine.askView('estimate', { dir, artefacts, settings }),
  );
}
