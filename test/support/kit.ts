/**
 * The NanGate45 kit for tests: from the user's cache, else fetched by pip as the product does it. Null when it
 * cannot be had; INGOT_REQUIRE_TOOLS=1 makes that an error.
 */
import { readFileSync } from 'node:fs';
import { readKit, type Kit } from '../../src-main/stages/kit/index.ts';
import { ensureKit, type KitFiles } from '../../src-main/tools/kit-store.ts';

export const kitFiles: KitFiles | null = await ensureKit('nangate45').catch((error: unknown) => {
  if (process.env.INGOT_REQUIRE_TOOLS === '1') throw error;
  return null;
});
export const kitNote = kitFiles
  ? ''
  : ' (skipped: the NanGate45 kit is not in the cache and pip could not fetch it)';

export const kitText = (key: 'techLef' | 'cellLef' | 'liberty'): string =>
  readFileSync(kitFiles![key], 'latin1');

export const kitGds = (): Uint8Array => new Uint8Array(readFileSync(kitFiles!.gds));

let read: Kit | null = null;

export function nangate45(): Kit {
  return (read ??= readKit({
    name: 'nangate45',
    techLef: kitText('techLef'),
    cellLef: kitText('cellLef'),
    liberty: kitText('liberty'),
  }).value);
}
