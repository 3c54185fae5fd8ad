import { parseLiberty, type LibertyGroup } from './liberty-syntax.ts';
import { SourceText } from './source-place.ts';

/** Says nothing to logic synthesis; two thirds of the text. */
const POWER_GROUPS = new Set(['internal_power', 'leakage_power']);

/**
 * The Liberty text without the cells in `drop` and without power data, for logic synthesis: what a mapper does
 * not see it cannot use (old versions of abc know no list of cells not to use), and it reads a fraction.
 */
export function trimLiberty(text: string, drop: ReadonlySet<string>): string {
  const library = parseLiberty(new SourceText('Liberty', text));
  const cuts: LibertyGroup[] = [];
  const collect = (group: LibertyGroup): void => {
    for (const child of group.groups)
      if (POWER_GROUPS.has(child.name) || (child.name === 'cell' && drop.has(child.args[0] ?? '')))
        cuts.push(child);
      else if (child.groups.length > 0) collect(child);
  };
  collect(library);
  const parts: string[] = [];
  let from = 0;
  for (const cut of cuts) {
    parts.push(text.slice(from, cut.offset).trimEnd());
    from = cut.end;
  }
  parts.push(text.slice(from));
  return parts.join('\n');
}
