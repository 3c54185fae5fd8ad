/** Words of the window stand in src-renderer/texts, once per locale: no component has its own. */
import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'svelte/compiler';
import { describe, expect, test } from 'vitest';
import { en } from '../src-renderer/texts/en.ts';
import { zh } from '../src-renderer/texts/zh.ts';

const WINDOW = resolve(import.meta.dirname, '../src-renderer');
/** Said by no label alone: read by people or by a screen reader. */
const SPOKEN = ['title', 'aria-label', 'placeholder', 'label', 'alt'];
const SILENT = ['Comment', 'StyleDirective', 'ClassDirective'];
/** Units, formats, keys and names that are the same in every language; the sample of an address. */
const SAME_EVERYWHERE =
  /\b(ps|ns|MHz|µm²?|µW|fF|PNG|SVG|lyp|GDS|MACs?|CPU|SHA-256|dB|[Ii]ngot|Ctrl(\+Shift)?(\+\w+)?|Enter)\b|https:\/\/…\/simple/g;

/** A node of Svelte's or ESTree's syntax tree; only what is looked at is named. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly name?: string;
  readonly [field: string]: unknown;
}
const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
const nodesOf = (value: unknown): Node[] =>
  Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : [];

/** Strings that an expression can come out as, without those it calls for, such as keys of texts. */
function outcomes(node: Node): string[] {
  const of = (...fields: string[]): string[] => fields.flatMap((f) => nodesOf(node[f]).flatMap(outcomes));
  switch (node.type) {
    case 'Text':
      return [String(node.data)];
    case 'Literal':
      return typeof node.value === 'string' ? [node.value] : [];
    case 'TemplateElement':
      return [String((node.value as { raw: string }).raw)];
    case 'ExpressionTag':
      return of('expression');
    case 'TemplateLiteral':
      return of('quasis', 'expressions');
    case 'ConditionalExpression':
      return of('consequent', 'alternate');
    case 'LogicalExpression':
    case 'BinaryExpression':
      return of('left', 'right');
    default:
      return [];
  }
}

/** Words of a language in the markup of a component, each with its line. */
function wordsIn(source: string): string[] {
  const found: string[] = [];
  const take = (node: Node): void => {
    for (const text of outcomes(node))
      if (/[A-Za-z]{2,}/.test(text.replace(SAME_EVERYWHERE, '').replace(/&\w+;/g, '')))
        found.push(`${source.slice(0, node.start).split('\n').length}: ${text.replace(/\s+/g, ' ').trim()}`);
  };
  const visit = (node: Node): void => {
    if (node.type === 'Text' || node.type === 'ExpressionTag') take(node);
    else if (node.type === 'Attribute') {
      if (SPOKEN.includes(node.name ?? '')) nodesOf(node.value).forEach(take);
    } else if (!SILENT.includes(node.type))
      for (const [field, value] of Object.entries(node))
        if (field !== 'parent') nodesOf(value).forEach(visit);
  };
  visit(parse(source, { modern: true }).fragment as unknown as Node);
  return found;
}

describe('texts of the window', () => {
  test('no component has words of its own', () => {
    const files = readdirSync(WINDOW, { recursive: true, encoding: 'utf8' }).filter((f) =>
      f.endsWith('.svelte'),
    );
    expect(files.length).toBeGreaterThan(30);
    const wrong = files.flatMap((file) =>
      wordsIn(readFileSync(join(WINDOW, file), 'utf8')).map((found) => `${file}:${found}`),
    );
    expect(wrong).toEqual([]);
  });

  test('the rule sees words in text, attributes and choices, and lets units and keys of texts be', () => {
    expect(wordsIn('<p>Net of\n5 µm</p>')).toEqual(['1: Net of 5 µm']);
    expect(wordsIn('<b title="Zoom in">+</b>')).toEqual(['1: Zoom in']);
    expect(wordsIn('<b aria-label="{n} cells"></b>')).toEqual(['1: cells']);
    expect(wordsIn("<b>{isOpen ? 'Close' : t('run.open')}</b>")).toEqual(['1: Close']);
    expect(wordsIn('<b class="wide" title="Ctrl+J">{t(\'run.run\')} {a.toFixed(1)} ps</b>')).toEqual([]);
  });

  test('both locales have the same keys, with the same places for values', () => {
    expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
    const places = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();
    const differ = Object.entries(en).filter(
      ([key, text]) => String(places(text)) !== String(places(zh[key as keyof typeof en])),
    );
    expect(differ).toEqual([]);
  });
});
