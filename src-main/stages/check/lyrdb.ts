import type { Kit } from '../kit/types.ts';
import type { CheckReport, Violation } from './types.ts';

const escape = (text: string): string =>
  text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]!);

/** Half the side of the mark drawn about a violation, um. */
const MARK_UM = 0.1;

/**
 * The violations as a report database for KLayout's marker browser (KLayout's documented RDB XML): one
 * category per rule and layer, each item a box about its place and the text that goes with it.
 */
export function writeLyrdb(report: CheckReport, top: string, kit: Kit): string {
  const categoryOf = (v: Violation): string => (v.layer ? `${v.rule}.${v.layer}` : v.rule);
  const all = [...report.violations, ...report.remarks];
  const categories = [...new Set(all.map(categoryOf))].sort();
  const um = (dbu: number): string => String(+(dbu / kit.tech.dbuPerUm).toFixed(6));
  const item = (v: Violation): string[] => {
    const mark = MARK_UM * kit.tech.dbuPerUm;
    const [x1, y1, x2, y2] = [v.xDbu - mark, v.yDbu - mark, v.xDbu + mark, v.yDbu + mark].map(um);
    const text = [v.detail, ...v.nets.filter((net) => net !== '')].join('; ').replaceAll("'", '');
    return [
      '  <item>',
      `   <category>'${escape(categoryOf(v))}'</category>`,
      `   <cell>${escape(top)}</cell>`,
      '   <values>',
      `    <value>box: (${x1},${y1};${x2},${y2})</value>`,
      `    <value>text: '${escape(text)}'</value>`,
      '   </values>',
      '  </item>',
    ];
  };
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<report-database>',
    ' <description>Ingot layout check</description>',
    ` <top-cell>${escape(top)}</top-cell>`,
    ' <categories>',
    ...categories.flatMap((name) => ['  <category>', `   <name>${escape(name)}</name>`, '  </category>']),
    ' </categories>',
    ' <cells>',
    '  <cell>',
    `   <name>${escape(top)}</name>`,
    '  </cell>',
    ' </cells>',
    ' <items>',
    ...all.flatMap(item),
    ' </items>',
    '</report-database>',
    '',
  ].join('\n');
}
