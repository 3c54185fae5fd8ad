/** Words of an SDC command as options, numbers, ports, clocks and points of paths; anything else is refused by place. */
import { IngotError } from '../../base/diagnostic.ts';
import type { SdcClock } from './sdc-clocks.ts';
import { isPattern, matching, pinsLike, SdcEnvironment } from './sdc-objects.ts';
import type { PortNames, SdcValue } from './sdc-objects.ts';
import { literalOf } from './tcl.ts';
import type { Place, TclWord } from './tcl.ts';
import type { PathPoints } from './types.ts';

export const PS_PER_NS = 1000;

const REMEDY = 'change or remove this; nothing of the constraints is skipped in silence';

export function fail(at: Place, message: string, code = 'TIMING-001', remedy = REMEDY): IngotError {
  return new IngotError(code, message, { place: `sdc:${at.line}:${at.column}`, remedy });
}

export interface Arguments {
  readonly name: string;
  readonly head: TclWord;
  readonly options: ReadonlyMap<string, SdcValue | null>;
  /** Every use of options that may stand more than once. */
  readonly repeated: readonly SdcValue[];
  readonly operands: readonly SdcValue[];
}

/** Bare names of a value. */
export const wordsOf = (value: SdcValue): string[] => value.text.split(/\s+/).filter((word) => word !== '');

/** Options that may stand more than once in one command. */
const REPEATED: ReadonlySet<string> = new Set(['-through', '-group']);

export class ArgumentReader {
  protected readonly environment = new SdcEnvironment(fail);
  protected readonly clocks: SdcClock[] = [];
  protected readonly names: PortNames | null;

  constructor(names: PortNames | null) {
    this.names = names;
  }

  /** `spec`: option name to whether it takes a value. */
  protected arguments(words: readonly TclWord[], spec: Record<string, boolean>): Arguments {
    const name = literalOf(words[0])!;
    const options = new Map<string, SdcValue | null>();
    const operands: SdcValue[] = [];
    const repeated: SdcValue[] = [];
    for (let i = 1; i < words.length; i++) {
      const text = literalOf(words[i]) ?? '';
      if (!/^-[a-z_]/i.test(text)) {
        operands.push(this.environment.value(words[i]!));
        continue;
      }
      if (!Object.hasOwn(spec, text)) throw fail(words[i]!, `${name} has no option ${text} here`);
      if (spec[text] && i + 1 >= words.length) throw fail(words[i]!, `${text} needs a value`);
      const value = spec[text] ? this.environment.value(words[++i]!) : null;
      if (value && REPEATED.has(text)) repeated.push(value);
      options.set(text, value);
    }
    return { name, head: words[0]!, options, repeated, operands };
  }

  protected number(value: SdcValue | null | undefined, a: Arguments): number {
    if (!value) throw fail(a.head, `${a.name} needs a number`);
    const number = Number(value.text);
    if (value.objects || value.text.trim() === '' || !Number.isFinite(number))
      throw fail(value, `${value.text} is not a number`);
    return number;
  }

  /** Names of ports, null for all of the direction; the clock's port counts as left out of those. */
  protected ports(
    value: SdcValue | null | undefined,
    a: Arguments,
    direction: 'inputs' | 'outputs',
  ): readonly string[] | null {
    if (!value) throw fail(a.head, `${a.name} needs ports`);
    const { objects } = value;
    if (objects && objects.kind !== 'ports') throw fail(value, `these are ${objects.kind}, not ports`);
    if (objects && objects.names === null) {
      if (objects.direction !== direction)
        throw fail(value, `${a.name} does not apply to all_${objects.direction}`);
      const left = objects.except.filter(
        (name) => !this.clocks.some((clock) => clock.sources.includes(name)),
      );
      if (left.length === 0) return null;
      if (!this.names) throw fail(value, 'all ports but some needs the netlist; name the ports');
      return this.names[direction].filter((name) => !objects.except.includes(name));
    }
    const names = objects?.names ?? wordsOf(value);
    if (names.length === 1 && names[0] === '*') return null;
    return names.flatMap((name) => this.portsLike(name, objects?.at ?? value));
  }

  /** The names that a pattern stands for; a plain name stands for itself, whatever the netlist has. */
  private like(
    what: 'port' | 'cell' | 'pin',
    name: string,
    at: Place,
    find: (names: PortNames) => string[] | null,
  ): string[] {
    if (!isPattern(name)) return [name];
    const found = this.names && find(this.names);
    const trouble = what === 'port' ? 'is not supported here' : 'needs the netlist';
    if (!found) throw fail(at, `${what} pattern ${name} ${trouble}; name the ${what}s`);
    if (found.length === 0) throw fail(at, `no ${what} is like ${name}`);
    return found;
  }

  private portsLike(name: string, at: Place): string[] {
    return this.like('port', name, at, ({ inputs, outputs }) => matching(name, [...inputs, ...outputs]));
  }

  /** Where paths start, pass or end: `[get_clocks ..]`, `[get_cells ..]`, `[get_pins ..]`, ports, or bare names. */
  protected points(value: SdcValue | null | undefined, a: Arguments): PathPoints | null {
    if (!value) return null;
    if (value.parts) {
      const all = value.parts.map((objects) => this.points({ ...value, parts: undefined, objects }, a)!);
      return {
        clocks: all.flatMap((p) => p.clocks),
        pins: all.flatMap((p) => p.pins),
        cells: all.flatMap((p) => p.cells),
      };
    }
    const { objects } = value;
    if (objects?.kind === 'design') throw fail(value, 'these are no points of paths');
    const none: PathPoints = { clocks: [], pins: [], cells: [] };
    const names = objects ? objects.names : wordsOf(value);
    if (objects?.kind === 'clocks') return { ...none, clocks: this.clocksOf(value, a).map((c) => c.name) };
    if (names === null && this.names && objects?.direction)
      return {
        ...none,
        pins: this.names[objects.direction].filter((name) => !objects.except.includes(name)),
      };
    if (names === null || names.length === 0) throw fail(value, 'no point of a path is named');
    if (objects?.kind === 'ports')
      return { ...none, pins: names.flatMap((name) => this.portsLike(name, objects.at)) };
    if (objects?.kind === 'cells')
      return { ...none, cells: names.flatMap((name) => this.cellsLike(name, value)) };
    if (objects?.kind === 'pins')
      return { ...none, pins: names.flatMap((name) => this.pinsLike(name, value)) };
    const pattern = names.find(isPattern);
    if (pattern)
      throw fail(value, `say of what kind ${pattern} is: [get_cells ..], [get_pins ..], [get_ports ..]`);
    const clocks = names.filter((name) => this.clocks.some((c) => c.name === name) && !this.isPort(name));
    return { ...none, clocks, pins: names.filter((name) => !clocks.includes(name)) };
  }

  private cellsLike(name: string, at: Place): string[] {
    return this.like('cell', name, at, ({ cells }) => (cells ? matching(name, cells) : null));
  }

  protected pinsLike(name: string, at: Place): string[] {
    return this.like('pin', name, at, (names) => pinsLike(name, names));
  }

  private isPort(name: string): boolean {
    return this.names !== null && (this.names.inputs.includes(name) || this.names.outputs.includes(name));
  }

  protected clocksOf(value: SdcValue | null | undefined, a: Arguments): readonly SdcClock[] {
    if (this.clocks.length === 0) throw fail(a.head, `${a.name} comes before create_clock`);
    if (!value) throw fail(a.head, `${a.name} needs a clock`);
    if (value.objects && value.objects.kind !== 'clocks') throw fail(value, 'cannot read this as a clock');
    const names = value.objects ? value.objects.names : wordsOf(value);
    if (names === null || (names.length === 1 && names[0] === '*')) return this.clocks;
    return names.map((name) => {
      const clock = this.clocks.find((c) => c.name === name);
      if (!clock) throw fail(value, `there is no clock ${name}`);
      return clock;
    });
  }
}
