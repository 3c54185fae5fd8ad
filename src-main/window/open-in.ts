/** A run in a program of the user's: the page names the run and the program, main alone says what is started. */
import * as engine from '../flow/index.ts';
import { openDetached, type Viewer } from '../tools/handover.ts';
import { otherFlow } from './other-flow.ts';

export const VIEWER_NAMES: Readonly<Record<Viewer, string>> = {
  klayout: 'KLayout',
  gtkwave: 'GTKWave',
  surfer: 'Surfer',
  openroad: 'OpenROAD',
};

export async function openRunIn(directory: string, runId: number, viewer: Viewer): Promise<void> {
  const flow = (await otherFlow())?.steps;
  const project = engine.openProject(directory);
  try {
    await openDetached(await engine.prepareOpen(project, { runId, viewer, flow }));
  } finally {
    project.close();
  }
}
