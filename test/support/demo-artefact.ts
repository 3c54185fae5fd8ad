/** What a step of the shared demo run left in its project. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unpack } from '../../src-main/base/pack.ts';
import type { DemoRun } from './demo-run.ts';

/** A packed artefact by its name, e.g. `filled.bin`. */
export const demoArtefact = <T>(demo: DemoRun, name: string): T => unpack<T>(bytes(demo, name));

export const demoText = (demo: DemoRun, name: string): string => new TextDecoder().decode(bytes(demo, name));

function bytes(demo: DemoRun, name: string): Uint8Array {
  const artefact = demo.steps.flatMap((s) => s.artefacts).find((a) => a.name === name);
  if (!artefact) throw new Error(`the demo run has no artefact ${name}`);
  return new Uint8Array(readFileSync(join(demo.project, 'artefacts', artefact.digest)));
}
