/**
 * Random netlists and floorplans to GDS: every one legal by our checkers, or refused with a typed error.
 *   node test/fuzz-physical/chips.ts --count N --seed S [--minutes M] [--verbose]
 */
import { parseArgs } from 'node:util';
import { kitFiles, kitGds, nangate45 } from '../support/kit.ts';
import { randomChip } from './random-chip.ts';
import { runChip, type ChipEnd } from './run-chip.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '1000' },
  },
});
if (!kitFiles) throw new Error('the NanGate45 kit is not here');
const [kit, gds] = [nangate45(), kitGds()];
const first = Number(values.seed);
const until = Date.now() + Number(values.minutes) * 60_000;
/** Every so many are built twice: same bytes. */
const TWICE = 20;

const ends: ChipEnd[] = [];
for (let seed = first; seed < first + Number(values.count) && Date.now() < until; seed++) {
  const chip = randomChip(seed, kit);
  let end = runChip(chip, kit, gds);
  if (end.gds && seed % TWICE === 0) {
    const again = runChip(chip, kit, gds).gds;
    if (!again || Buffer.compare(again, end.gds) !== 0)
      end = { ...end, end: 'broken', detail: 'two runs gave different bytes' };
  }
  if (end.end === 'broken')
    console.log(`BROKEN seed ${seed}, ${end.cells} cells, ${end.stage}: ${end.detail}`);
  ends.push({ ...end, gds: null });
}

if (values.verbose)
  for (const e of ends.filter((e) => e.end === 'refused' && e.stage !== 'netlist'))
    console.log(
      `refused seed ${e.seed}, ${e.cells} cells, utilisation ${randomChip(e.seed, kit).floorplan.utilization!.toFixed(2)}, ${e.stage}: ${e.code} ${e.detail}`,
    );
const tally = new Map<string, { count: number; example: number }>();
for (const e of ends) {
  const key = e.end === 'refused' ? `refused ${e.stage} ${e.code}` : e.end;
  const row = tally.get(key) ?? { count: 0, example: e.seed };
  tally.set(key, { ...row, count: row.count + 1 });
}
for (const [key, { count, example }] of [...tally].sort()) console.log(`${count}\t${key} (seed ${example})`);
const cells = ends.reduce((sum, e) => sum + e.cells, 0);
const slowest = ends.reduce((a, b) => (b.seconds > a.seconds ? b : a));
console.log(
  `${ends.length} chips from seed ${first}, ${cells} cells; slowest ${slowest.seconds.toFixed(1)} s (seed ${slowest.seed}, ${slowest.stage})`,
);
process.exitCode = ends.some((e) => e.end === 'broken') ? 1 : 0;
