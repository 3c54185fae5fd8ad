/** What SDC commands speak of: ports, pins, clocks, the design; and the bracketed commands that name them. */
import type { Kit } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import { evaluateExpression, evaluateWord, literalOf, substituteVariables } from './tcl.ts';
import type { Fail, Place, TclEnvironment, TclWord } from './tcl.ts';

export interface SdcObjects {
  readonly kind: 'ports' | 'pins' | 'cells' | 'clocks' | 'design';
  /** null = all of the kind, or all ports of the direction. Patterns stand as they are. */
  readonly names: readonly string[] | null;
  readonly direction: 'inputs' | 'outputs' | null;
  /** Left out of `names` null. */
  readonly except: readonly string[];
  /** Of the names. */
  readonly at: Place;
}

export interface SdcValue extends Place {
  readonly text: string;
  readonly objects: SdcObjects | null;
  /** Of a list of collections: each of them. */
  readonly parts?: readonly SdcObjects[];
}

const words = (text: string): string[] => text.split(/\s+/).filter((w) => w !== '');

/** Names of ports: what patterns and "all but" are resolved by. */
export interface PortNames {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** With these patterns of cells and pins are resolved too. */
  readonly cells?: readonly string[];
  readonly pinsOf?: (cell: string) => readonly string[];
}

/** Names of ports; with the kit those of cells and their pins besides. */
export function portNames(netlist: Netlist, kit: Kit | null = null): PortNames {
  const of = (direction: 'input' | 'output'): string[] =>
    netlist.ports.filter((port) => port.direction === direction).map((port) => port.name);
  const ports = { inputs: of('input'), outputs: of('output') };
  if (!kit) return ports;
  let index: Map<string, number> | null = null;
  const pinsOf = (cell: string): readonly string[] => {
    const inst = (index ??= new Map(netlist.instNames.map((name, i) => [name, i]))).get(cell);
    return inst === undefined ? [] : kit.masters[netlist.instMaster[inst]].pins.map((p) => p.name);
  };
  return { ...ports, cells: netlist.instNames, pinsOf };
}

/** Pins `cell/PIN` that a pattern matches; the last `/` parts cell and pin. Null without names of cells. */
export function pinsLike(pattern: string, names: PortNames): string[] | null {
  const { cells, pinsOf } = names;
  if (!cells || !pinsOf) return null;
  const cut = pattern.lastIndexOf('/');
  return matching(pattern.slice(0, Math.max(cut, 0)), cells).flatMap((cell) =>
    matching(pattern.slice(cut + 1), pinsOf(cell)).map((pin) => `${cell}/${pin}`),
  );
}

export const isPattern = (name: string): boolean => /[*?]/.test(name);

/** Names that a Tcl glob of * and ? matches; other characters stand for themselves. */
export function matching(pattern: string, names: readonly string[]): string[] {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  const expression = new RegExp(`^${source}$`);
  return names.filter((name) => expression.test(name));
}

export class SdcEnvironment implements TclEnvironment<SdcValue> {
  readonly variables = new Map<string, SdcValue>();
  private readonly fail: Fail;

  constructor(fail: Fail) {
    this.fail = fail;
  }

  plain(text: string, at: Place): SdcValue {
    return { text, objects: null, line: at.line, column: at.column };
  }

  value(word: TclWord): SdcValue {
    const value = evaluateWord(word, this, this.fail);
    // Errors point to where the word stands, not to where its variable was set.
    return { ...value, line: word.line, column: word.column };
  }

  run(command: readonly TclWord[], at: Place): SdcValue {
    const [head, ...rest] = command;
    const name = literalOf(head) ?? '';
    const object = (
      kind: SdcObjects['kind'],
      names: SdcObjects['names'],
      direction: SdcObjects['direction'] = null,
    ): SdcValue => ({
      text: (names ?? []).join(' '),
      objects: { kind, names, direction, except: [], at: rest[0] ?? at },
      line: at.line,
      column: at.column,
    });
    const list = (): string[] => {
      const values = rest.filter((w) => literalOf(w) !== '-quiet').map((w) => this.value(w));
      return values.flatMap((v) => words(v.text));
    };
    switch (name) {
      case 'get_ports':
        return object('ports', list());
      case 'get_pins':
        return object('pins', list());
      case 'get_cells':
        return object('cells', list());
      case 'get_clocks':
        return object('clocks', list());
      case 'all_clocks':
        return object('clocks', null);
      case 'current_design':
        return object('design', null);
      case 'all_inputs':
      case 'all_outputs':
        if (rest.length > 1 || (rest.length === 1 && literalOf(rest[0]) !== '-no_clocks'))
          throw this.fail(rest[0]!, `${name} takes only -no_clocks here`);
        return object('ports', null, name === 'all_inputs' ? 'inputs' : 'outputs');
      case 'expr': {
        const text = rest.map((w) => this.value(w).text).join(' ');
        const lookUp = (variable: string): string | undefined => this.variables.get(variable)?.text;
        const value = evaluateExpression(substituteVariables(text, lookUp, at, this.fail), at, this.fail);
        return this.plain(String(value), at);
      }
      case 'list':
      case 'concat':
        return this.joined(rest, list, at);
      case 'lsearch':
        return this.without(this.lsearchArguments(rest, at), at);
      case 'remove_from_collection':
        if (rest.length !== 2) throw this.fail(at, `${name} needs two collections`);
        return this.without([this.value(rest[0]!), this.value(rest[1]!)], at);
      default:
        throw this.fail(head ?? at, `cannot read [${name} ...]`);
    }
  }

  /** Ports and pins together stay what they are; other kinds lose theirs, as in a plain Tcl list. */
  private joined(rest: readonly TclWord[], list: () => string[], at: Place): SdcValue {
    const parts = rest.map((w) => this.value(w));
    const kinds = parts.map((v) => v.objects?.kind);
    if (
      parts.length > 1 &&
      kinds.every((k) => k !== undefined && k !== 'design') &&
      parts.every((v) => v.objects?.names)
    )
      return {
        text: list().join(' '),
        objects: null,
        parts: parts.map((v) => v.objects!),
        line: at.line,
        column: at.column,
      };
    return this.plain(list().join(' '), at);
  }

  /** `lsearch -inline -all -not -exact LIST NAME`: the list without a name, the idiom of ORFS's constraints. */
  private lsearchArguments(rest: readonly TclWord[], at: Place): [SdcValue, SdcValue] {
    const options = rest.slice(0, -2).map((w) => literalOf(w));
    if (rest.length < 2 || [...options].sort().join(' ') !== '-all -exact -inline -not')
      throw this.fail(at, 'of lsearch only -inline -all -not -exact LIST NAME is understood');
    return [this.value(rest.at(-2)!), this.value(rest.at(-1)!)];
  }

  private without([from, what]: [SdcValue, SdcValue], at: Place): SdcValue {
    const gone = words(what.text);
    if (!from.objects) {
      const names = words(from.text).filter((name) => !gone.includes(name));
      return this.plain(names.join(' '), at);
    }
    const { names } = from.objects;
    if (names === null) {
      const except = [...from.objects.except, ...gone];
      return { ...from, objects: { ...from.objects, except } };
    }
    const left = names.filter((name) => !gone.includes(name));
    return { ...from, text: left.join(' '), objects: { ...from.objects, names: left } };
  }
}
