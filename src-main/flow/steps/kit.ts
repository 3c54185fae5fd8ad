import { readFile } from 'node:fs/promises';
import { pack } from '../../base/pack.ts';
import { defineStep } from '../step.ts';

export const kitStep = defineStep({
  name: 'kit',
  title: 'Fetch and read the cell library',
  version: 3,
  inputs: [],
  outputs: ['kit.bin', 'kit.gds', 'kit.lib'],
  settings: ['kit.name'],
  async run(context) {
    const { loadKit } = await import('../../tools/kit-store.ts');
    context.progress(0.1, 'cell library: in the cache, or by pip');
    const kit = await loadKit(context.settings['kit.name'], {
      cacheDir: context.cacheDir,
      signal: context.signal,
      onLine: (line) => context.progress(0.2, line),
    });
    kit.diagnostics.forEach(context.log);
    context.writeArtefact('kit.bin', pack(kit.value));
    context.writeArtefact('kit.gds', await readFile(kit.files.gds));
    context.writeArtefact('kit.lib', await readFile(kit.files.liberty));
    context.metric('masters', kit.value.masters.length);
    context.proof({
      name: 'the cell library is the one expected',
      judge: 'SHA-256 of the package and of each file',
      result: 'pass',
      detail: `${kit.value.name}: ${kit.value.masters.length} masters`,
    });
  },
});
