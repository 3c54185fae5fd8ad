/** `npm run check:corpus`: every case of the corpus by every engine that can run it; leaves with 1 if one falls short. */
import { skipCorpus } from '../support/corpus.ts';
import { caseNames, enginesOf, judgeCase, ruleOf, type CaseResult } from './cases.ts';

const HEAD = ['case', 'rule', 'engine', 'samples', 'kept', 'worst', 'cycles 4x16', 'on engine', 'on host'];

const row = (r: CaseResult): string[] => [
  r.name,
  r.rule,
  r.engine,
  String(r.samples),
  `${r.passed}/${r.samples}`,
  r.worst === 0 ? '0' : r.worst.toExponential(1),
  r.cycles === null ? '' : String(r.cycles),
  r.engine === 'simulator' ? String(r.engineOperators) : '',
  r.engine === 'simulator' ? String(r.hostOperators) : '',
];

const WIDTHS = [26, 4, 9, 7, 9, 8, 11, 9, 7];
const print = (cells: readonly string[]): void =>
  console.log(cells.map((c, i) => (i < 3 ? c.padEnd(WIDTHS[i]!) : c.padStart(WIDTHS[i]!))).join('  '));

if (skipCorpus) {
  console.log('skipped: the corpus (../shared/corpus) is not there');
  process.exit(process.env['INGOT_REQUIRE_TOOLS'] === '1' ? 1 : 0);
}
print(HEAD);
let short = 0;
for (const name of caseNames())
  for (const engine of enginesOf(ruleOf(name))) {
    try {
      const result = await judgeCase(name, engine);
      if (result.passed < result.samples) short++;
      print(row(result));
    } catch (error) {
      short++;
      print([name, ruleOf(name), engine, String(error)]);
    }
  }
console.log(short === 0 ? 'every case keeps its rule' : `${short} fall short`);
process.exit(short === 0 ? 0 : 1);
