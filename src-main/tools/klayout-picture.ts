/** The finished chip as KLayout shows it, as PNG (resources/klayout/picture.py). */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runKLayoutScript, unusable } from './klayout.ts';

const PNG = [0x89, 0x50, 0x4e, 0x47];

/** Null without KLayout. `lyp`: layer properties. TOOL-040 and -041 as runKLayout. */
export async function drawWithKLayout(
  input: { readonly gds: Uint8Array; readonly lyp: string },
  workDir: string,
  signal?: AbortSignal,
): Promise<Uint8Array | null> {
  const text = await runKLayoutScript('picture.py', input, ['png'], workDir, signal);
  if (text === null) return null;
  const bytes = await readFile(join(workDir, 'png.png'));
  if (!PNG.every((byte, i) => bytes[i] === byte)) throw unusable('the picture is no PNG');
  return new Uint8Array(bytes);
}
