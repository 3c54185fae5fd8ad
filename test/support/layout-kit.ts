/**
 * The NanGate45 kit for layout tests: from INGOT_KIT_DIR, else wherever the product's cache has it unpacked.
 * Null when there is none; INGOT_REQUIRE_TOOLS=1 makes that an error.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from '../../src-main/flow/cache-dir.ts';
import { readKit, type Kit } from '../../src-main/stages/kit/index.ts';

function findKitDir(): string | null {
  const given = process.env.INGOT_KIT_DIR;
  if (given) return given;
  const cache = cacheDir();
  if (!existsSync(cache)) return null;
  const found = readdirSync(cache, { recursive: true, encoding: 'utf8' }).find((f) =>
    f.endsWith('stdcells.gds'),
  );
  return found ? join(cache, found, '..') : null;
}

export const kitDir = findKitDir();
if (!kitDir && process.env.INGOT_REQUIRE_TOOLS === '1') throw new Error('kit not found: set INGOT_KIT_DIR');
export const kitNote = kitDir ? '' : ' (skipped: kit not found)';

let cached: { kit: Kit; gds: Uint8Array } | null = null;

export function loadKit(): { kit: Kit; gds: Uint8Array } {
  if (cached) return cached;
  const text = (name: string): string => readFileSync(join(kitDir!, name), 'utf8');
  const { value: kit } = readKit({
    name: 'nangate45',
    techLef: text('rtk-tech.lef'),
    cellLef: text('stdcells.lef'),
    liberty: text('stdcells.lib'),
  });
  return (cached = { kit, gds: new Uint8Array(readFileSync(join(kitDir!, 'stdcells.gds'))) });
}
