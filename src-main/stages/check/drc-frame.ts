import type { Kit } from '../kit/types.ts';
import type { Findings } from './findings.ts';
import type { FlatLayout } from './flatten.ts';
import { forEachPair } from './pairs.ts';
import { RectList } from './rect-table.ts';

/** Rules about the layout as a whole: manufacturing grid, die, cells over one another, missing structures. */
export function checkFrame(flat: FlatLayout, kit: Kit, found: Findings): void {
  for (const { name, x, y } of flat.unresolved)
    found.add('unresolved-cell', -1, x, y, [], `${name} is not in the file, or turned as no row has it`);
  found.checked('unresolved-cell', flat.cells.length + flat.unresolved.length);
  for (const { layer, x, y, what } of flat.duplicates)
    found.add('duplicate', layer, x, y, [], `${what} drawn twice`);
  found.checked('duplicate', flat.topShapes);
  checkGridAndDie(flat, kit, found);
  checkOverlap(flat, kit, found);
}

function checkGridAndDie(flat: FlatLayout, kit: Kit, found: Findings): void {
  const grid = kit.tech.gridDbu * flat.scale;
  const { die } = flat;
  let count = 0;
  flat.layers.forEach((t, l) => {
    for (let i = 0; i < t.count; i++) {
      if (t.owner[i] !== -1) continue;
      count++;
      const [x1, y1, x2, y2] = [t.x1[i]!, t.y1[i]!, t.x2[i]!, t.y2[i]!];
      if (x1 % grid !== 0 || y1 % grid !== 0 || x2 % grid !== 0 || y2 % grid !== 0)
        found.add('off-grid', l, x1, y1, [], `not on the grid of ${found.um(grid)}`);
      if (die && (x1 < die.x1 || y1 < die.y1 || x2 > die.x2 || y2 > die.y2))
        found.add('outside-die', l, x1, y1, [], 'metal outside the die');
    }
  });
  for (const { box, name } of flat.cells) {
    if (box.x1 % grid !== 0 || box.y1 % grid !== 0)
      found.add('off-grid', -1, box.x1, box.y1, [], `cell ${name}`);
    if (die && (box.x1 < die.x1 || box.y1 < die.y1 || box.x2 > die.x2 || box.y2 > die.y2))
      found.add('outside-die', -1, box.x1, box.y1, [], `cell ${name} outside the die`);
  }
  if (!die) found.add('outside-die', -1, 0, 0, [], 'the layout has no outline');
  found.checked('off-grid', count + flat.cells.length);
  found.checked('outside-die', count + flat.cells.length);
}

function checkOverlap(flat: FlatLayout, kit: Kit, found: Findings): void {
  const list = new RectList();
  flat.cells.forEach(({ box }, k) => list.push(box.x1, box.y1, box.x2, box.y2, k, k));
  const t = list.finish();
  forEachPair(t, t, 0, true, kit.tech.rowHeightDbu * flat.scale, (i, j) => {
    const w = Math.min(t.x2[i]!, t.x2[j]!) - Math.max(t.x1[i]!, t.x1[j]!);
    const h = Math.min(t.y2[i]!, t.y2[j]!) - Math.max(t.y1[i]!, t.y1[j]!);
    if (w > 0 && h > 0)
      found.add(
        'cell-overlap',
        -1,
        Math.max(t.x1[i]!, t.x1[j]!),
        t.y1[i]!,
        [],
        `${flat.cells[i]!.name} over ${flat.cells[j]!.name}`,
      );
  });
  found.checked('cell-overlap', t.count);
}
