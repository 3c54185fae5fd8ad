import { readFile } from 'node:fs/promises';
import { defineStep } from '../../step.ts';
import { readKitArtefact } from '../chip-state.ts';
import { KIT_FILES } from './openroad-step.ts';

/** The kit's own files, with what OpenROAD looks for and the kit does not say. */
export const openRoadKitStep = defineStep({
  name: 'openroad-kit',
  title: 'Cell library for OpenROAD',
  version: 3,
  inputs: ['kit.bin', 'kit.lib'],
  outputs: KIT_FILES,
  settings: ['kit.name'],
  async run(context) {
    const { ensureKit } = await import('../../../tools/kit-store.ts');
    const { defaultRouteOptions } = await import('../../../stages/routing/index.ts');
    const { cellLefFor, libertyFor, techLefFor } = await import('../../../tools/openroad/index.ts');
    const kit = readKitArtefact(context);
    const files = await ensureKit(context.settings['kit.name'], {
      cacheDir: context.cacheDir,
      signal: context.signal,
    });
    const [tech, cells, liberty] = KIT_FILES;
    const text = (path: string): Promise<string> => readFile(path, 'latin1');
    context.writeArtefact(tech, techLefFor(await text(files.techLef), kit, defaultRouteOptions.antennaRatio));
    context.writeArtefact(cells, cellLefFor(await text(files.cellLef), kit));
    context.writeArtefact(liberty, libertyFor(context.readText('kit.lib')));
  },
});
