import type { Kit } from '../kit/types.ts';
import type { FlatLayout } from './flatten.ts';
import type { Rule, RuleCount, Violation } from './types.ts';

/** All rules, so that one that never ran shows as 0 checked. */
const RULES: readonly Rule[] = [
  'open',
  'short',
  'floating-metal',
  'missing-instance',
  'extra-instance',
  'unresolved-cell',
  'missing-label',
  'missing-pin',
  'cell-overlap',
  'width',
  'spacing',
  'notch',
  'cut-size',
  'cut-spacing',
  'enclosure',
  'antenna',
  'off-grid',
  'outside-die',
  'duplicate',
];

/** Collects what the checks find; positions come in GDS units and leave in the technology's. */
export class Findings {
  readonly violations: Violation[] = [];
  readonly remarks: Violation[] = [];
  readonly #kit: Kit;
  readonly #flat: FlatLayout;
  readonly #scale: number;
  readonly #checked = new Map<Rule, number>();

  constructor(kit: Kit, flat: FlatLayout) {
    this.#kit = kit;
    this.#flat = flat;
    this.#scale = flat.scale;
  }

  add(rule: Rule, layer: number, x: number, y: number, nets: readonly string[], detail: string): void {
    const name = layer < 0 ? '' : this.#kit.tech.layers[layer]!.name;
    const violation = { rule, layer: name, xDbu: x / this.#scale, yDbu: y / this.#scale, nets, detail };
    (rule === 'duplicate' ? this.remarks : this.violations).push(violation);
  }

  checked(rule: Rule, count: number): void {
    this.#checked.set(rule, (this.#checked.get(rule) ?? 0) + count);
  }

  rules(): RuleCount[] {
    const counts = new Map<Rule, number>();
    for (const { rule } of [...this.violations, ...this.remarks])
      counts.set(rule, (counts.get(rule) ?? 0) + 1);
    return RULES.map((rule) => ({
      rule,
      checked: this.#checked.get(rule) ?? 0,
      violations: counts.get(rule) ?? 0,
    }));
  }

  /** Middle of a rectangle. */
  positionOf(layer: number, index: number): [number, number] {
    const t = this.#flat.layers[layer]!;
    return [(t.x1[index]! + t.x2[index]!) / 2, (t.y1[index]! + t.y2[index]!) / 2];
  }

  /** A length in the technology's units, for messages. */
  um(length: number): string {
    return `${+(length / this.#scale / this.#kit.tech.dbuPerUm).toFixed(4)} um`;
  }
}
