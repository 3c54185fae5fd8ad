/** One module of structural Verilog as it stands in the text: bits, aliases, instances. No kit yet. */
import type { VerilogTokens } from './verilog-tokens.ts';

/** Bit ids >= 0; constants as these. */
const CONST_ZERO = -2;
const CONST_ONE = -3;
const CONST_UNKNOWN = -4;

interface Declared {
  readonly base: number;
  /** Range as declared; a scalar has isVector false and one bit. */
  readonly left: number;
  readonly right: number;
  readonly isVector: boolean;
}

export interface ParsedInstance {
  readonly master: string;
  readonly name: string;
  readonly offset: number;
  /** [pin name, bit id or constant, offset]; unconnected pins are left out. */
  readonly connections: { readonly pin: string; readonly bit: number; readonly offset: number }[];
}

export interface ParsedModule {
  readonly name: string;
  readonly offset: number;
  readonly bitNames: string[];
  /** In header order, vectors from their lowest bit. */
  readonly ports: { readonly name: string; readonly direction: 'input' | 'output'; readonly bit: number }[];
  readonly aliases: { readonly left: number; readonly right: number; readonly offset: number }[];
  readonly instances: ParsedInstance[];
}

const BEHAVIOURAL = new Set(
  'always always_comb always_ff always_latch initial reg logic function task generate genvar specify inout tri tri0 tri1 wand wor supply0 supply1 parameter localparam defparam if case for while primitive table event integer real time fork begin and nand or nor xor xnor not buf bufif0 bufif1 notif0 notif1'.split(
    ' ',
  ),
);

export function parseModule(t: VerilogTokens): ParsedModule {
  return new ModuleParser(t).parse();
}

class ModuleParser {
  readonly #t: VerilogTokens;
  readonly #declared = new Map<string, Declared>();
  readonly #bitNames: string[] = [];
  readonly #directions = new Map<string, 'input' | 'output'>();
  readonly #aliases: ParsedModule['aliases'] = [];
  readonly #instances: ParsedInstance[] = [];

  constructor(t: VerilogTokens) {
    this.#t = t;
  }

  parse(): ParsedModule {
    const t = this.#t;
    t.expect('module');
    const offset = t.offset;
    const name = t.identifier();
    const header = t.take('(') ? this.#header() : [];
    t.expect(';');
    while (!t.is('endmodule')) this.#item();
    t.advance();
    const ports: ParsedModule['ports'] = header.flatMap((port) => {
      const direction = this.#directions.get(port);
      const declared = this.#declared.get(port);
      if (!direction || !declared) return t.refuse('NETLIST-004', `port ${port} is not declared`, offset);
      const bits = declared.isVector ? Math.abs(declared.left - declared.right) + 1 : 1;
      return Array.from({ length: bits }, (_, i) => {
        const bit = declared.base + i;
        return { name: this.#bitNames[bit]!, direction, bit };
      });
    });
    const names = new Set(this.#bitNames);
    if (names.size !== this.#bitNames.length)
      t.refuse('NETLIST-005', 'a vector bit and a scalar share one name', offset);
    return {
      name,
      offset,
      bitNames: this.#bitNames,
      ports,
      aliases: this.#aliases,
      instances: this.#instances,
    };
  }

  #header(): string[] {
    const t = this.#t;
    const names: string[] = [];
    let direction: 'input' | 'output' | null = null;
    let range: [number, number] | null = null;
    while (!t.take(')')) {
      if (t.is('input') || t.is('output')) {
        direction = t.value as 'input' | 'output';
        t.advance();
        t.take('wire');
        range = this.#range();
      } else if (t.is('inout')) t.refuse('NETLIST-002', 'inout ports are not supported');
      const name = t.identifier();
      names.push(name);
      if (direction !== null) this.#declare(name, range, direction);
      if (!t.is(')')) t.expect(',');
    }
    return names;
  }

  #item(): void {
    const t = this.#t;
    if (t.kind === 'end') t.refuse('NETLIST-001', 'the module does not end');
    if (t.kind === 'name') {
      const word = t.value;
      if (word === 'input' || word === 'output' || word === 'wire') return this.#declaration(word);
      if (word === 'assign') return this.#assign();
      if (BEHAVIOURAL.has(word)) t.refuse('NETLIST-002', `"${word}" is not structural`);
    }
    this.#instance();
  }

  #declaration(word: 'input' | 'output' | 'wire'): void {
    const t = this.#t;
    t.advance();
    if (word !== 'wire') t.take('wire');
    const range = this.#range();
    do {
      const name = t.identifier();
      this.#declare(name, range, word === 'wire' ? null : word);
      if (t.is('=')) t.refuse('NETLIST-002', 'a declaration with a value is not structural');
    } while (t.take(','));
    t.expect(';');
  }

  #range(): [number, number] | null {
    const t = this.#t;
    if (!t.take('[')) return null;
    const left = t.integer();
    t.expect(':');
    const right = t.integer();
    t.expect(']');
    if (Math.abs(left - right) > 1_000_000) t.refuse('NETLIST-001', 'a vector is absurdly wide');
    return [left, right];
  }

  #declare(name: string, range: [number, number] | null, direction: 'input' | 'output' | null): void {
    const known = this.#declared.get(name);
    if (direction !== null) {
      if (this.#directions.has(name)) this.#t.refuse('NETLIST-005', `port ${name} is declared twice`);
      this.#directions.set(name, direction);
    }
    const [left, right] = range ?? [0, 0];
    if (known) {
      // Verilog-1995 style repeats ports as wires; anything else is a second signal of the same name.
      const isSame = known.left === left && known.right === right && known.isVector === (range !== null);
      if (!isSame || !this.#directions.has(name)) this.#t.refuse('NETLIST-005', `${name} is declared twice`);
      return;
    }
    const base = this.#bitNames.length;
    this.#declared.set(name, { base, left, right, isVector: range !== null });
    if (range === null) this.#bitNames.push(name);
    else
      for (let i = Math.min(left, right); i <= Math.max(left, right); i++)
        this.#bitNames.push(`${name}[${i}]`);
  }

  #assign(): void {
    const t = this.#t;
    const offset = t.offset;
    t.advance();
    const left = this.#expression();
    t.expect('=');
    const right = this.#expression();
    if (!t.is(';')) t.refuse('NETLIST-002', 'only plain names may be assigned');
    t.advance();
    if (left.length !== right.length)
      t.refuse('NETLIST-001', 'the two sides of an assign differ in width', offset);
    left.forEach((bit, i) => {
      if (bit < 0) t.refuse('NETLIST-001', 'a constant is assigned to', offset);
      this.#aliases.push({ left: bit, right: right[i]!, offset });
    });
  }

  #instance(): void {
    const t = this.#t;
    const offset = t.offset;
    const master = t.identifier();
    if (t.is('#')) t.refuse('NETLIST-002', 'an instance with parameters is not a mapped cell');
    const name = t.identifier();
    const connections: ParsedInstance['connections'] = [];
    t.expect('(');
    while (!t.take(')')) {
      if (!t.is('.')) t.refuse('NETLIST-002', 'connections must be by name');
      t.advance();
      const pinOffset = t.offset;
      const pin = t.identifier();
      t.expect('(');
      if (!t.is(')')) {
        const bits = this.#expression();
        if (bits.length !== 1) t.refuse('NETLIST-001', `pin ${pin} gets ${bits.length} bits`, pinOffset);
        connections.push({ pin, bit: bits[0]!, offset: pinOffset });
      }
      t.expect(')');
      if (!t.is(')')) t.expect(',');
    }
    t.expect(';');
    this.#instances.push({ master, name, offset, connections });
  }

  /** Bits from the left, i.e. most significant first. */
  #expression(): number[] {
    const t = this.#t;
    if (t.take('{')) {
      const bits: number[] = [];
      do bits.push(...this.#expression());
      while (t.take(','));
      t.expect('}');
      return bits;
    }
    if (t.kind === 'number') return this.#constant();
    const offset = t.offset;
    const name = t.identifier();
    const declared = this.#declared.get(name);
    if (!declared) return t.refuse('NETLIST-004', `signal ${name} is not declared`, offset);
    if (!declared.isVector) return [declared.base];
    let [left, right] = [declared.left, declared.right];
    if (t.take('[')) {
      left = right = t.integer();
      if (t.take(':')) right = t.integer();
      t.expect(']');
    }
    const low = Math.min(declared.left, declared.right);
    const high = Math.max(declared.left, declared.right);
    if (Math.min(left, right) < low || Math.max(left, right) > high)
      t.refuse('NETLIST-004', `${name} has no bit ${left < low || left > high ? left : right}`, offset);
    const step = left >= right ? -1 : 1;
    const bits: number[] = [];
    for (let i = left; i !== right + step; i += step) bits.push(declared.base + i - low);
    return bits;
  }

  #constant(): number[] {
    const t = this.#t;
    const match = /^(\d+)'s?b([01xzXZ?_]+)$/.exec(t.value);
    if (!match) return t.refuse('NETLIST-002', `constant ${t.value} is not binary with a width`);
    const digits = match[2]!.replaceAll('_', '');
    const width = Number(match[1]);
    if (digits.length > width) t.refuse('NETLIST-001', `constant ${t.value} does not fit its width`);
    t.advance();
    const bits = [...digits].map((c) => (c === '0' ? CONST_ZERO : c === '1' ? CONST_ONE : CONST_UNKNOWN));
    return [...new Array<number>(width - bits.length).fill(CONST_ZERO), ...bits];
  }
}
