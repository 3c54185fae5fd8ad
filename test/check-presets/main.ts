/**
 * `npm run check:presets [NAME ...]`: every preset from pico to small, or those named, through Yosys to NanGate45.
 * Prints cells and area per block beside the design's estimates; leaves with 1 on a latch that is not meant, an
 * unmapped cell or a refusal.
 */
import { PRESETS, type PresetName } from '../../src-main/stages/chip/index.ts';
import { generateRtl } from '../../src-main/stages/rtl/index.ts';
import { kitFiles, kitText, nangate45 } from '../support/kit.ts';
import { ESTIMATES } from './estimates.ts';
import { mapPreset } from './map-preset.ts';

if (!kitFiles) {
  console.log('skipped: the NanGate45 kit cannot be had');
  process.exit(0);
}
const USUAL: readonly PresetName[] = ['pico', 'nano', 'nano+', 'small'];
const named = process.argv.slice(2);
const unknown = named.find((n) => !(n in PRESETS));
if (unknown !== undefined) {
  console.error(`no preset is called ${unknown}; there are ${Object.keys(PRESETS).join(', ')}`);
  process.exit(1);
}
const WIDTHS = [8, 18, 8, 10, 18];
const print = (cells: readonly string[]): void =>
  console.log(cells.map((c, i) => (i < 2 ? c.padEnd(WIDTHS[i]!) : c.padStart(WIDTHS[i]!))).join('  '));
const mm2 = (areaUm2: number): string => (areaUm2 / 1e6).toFixed(4);

print(['preset', 'block', 'cells', 'area mm2', 'estimated']);
let failures = 0;
for (const name of named.length > 0 ? (named as PresetName[]) : USUAL) {
  const chip = PRESETS[name];
  const estimate = ESTIMATES[name];
  try {
    const mayLatch = (): boolean => false;
    const design = { ...generateRtl(chip, null), mayLatch };
    const { blocks, macros, violations } = await mapPreset(design, nangate45(), kitText('liberty'));
    for (const b of blocks)
      print([name, b.block, String(b.cells), mm2(b.areaUm2), estimate?.blocks[b.block] ?? '']);
    const cells = blocks.reduce((sum, b) => sum + b.cells, 0);
    const area = blocks.reduce((sum, b) => sum + b.areaUm2, 0);
    const expected = estimate ? `${estimate.cells}, ${estimate.areaMm2}` : '';
    print([name, `all, ${macros} macros`, String(cells), mm2(area), expected]);
    failures += violations.length;
    violations.forEach((v) => console.log(`${name}: ${v}`));
  } catch (error) {
    failures++;
    console.log(`${name}: ${String(error)}`);
  }
}
console.log(failures === 0 ? 'no latch inferred, no cell unmapped' : `${failures} violations`);
process.exit(failures === 0 ? 0 : 1);
