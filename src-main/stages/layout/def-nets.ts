import { IntList } from '../../base/int-list.ts';
import type { DefTokens } from './def-tokens.ts';
import type { DefNets } from './types.ts';
import { DEF_ALL, DEF_PIN } from './types.ts';

interface Names {
  id(name: string): number;
}

export interface DefNetsContext {
  readonly tokens: DefTokens;
  readonly components: ReadonlyMap<string, number>;
  readonly layers: Names;
  readonly vias: Names;
  /** The two metals that a via joins, by name; undefined where nobody said. */
  readonly viaMetals: (via: string) => readonly [string, string] | undefined;
  readonly isSpecial: boolean;
}

/** Properties of a net that do not touch its geometry: key and number of words after it. */
const HARMLESS: Record<string, number> = {
  SOURCE: 1,
  WEIGHT: 1,
  PATTERN: 1,
  ESTCAP: 1,
  FREQUENCY: 1,
  ORIGINAL: 1,
  FIXEDBUMP: 0,
  VOLTAGE: 1,
};

/** Reads the items of NETS or SPECIALNETS one by one into growing lists. */
export class DefNetsReader {
  readonly #context: DefNetsContext;
  readonly #names: string[] = [];
  readonly #uses: string[] = [];
  readonly #connectionPins: string[] = [];
  readonly #connectionComponent = new IntList();
  readonly #wires = new IntList();
  readonly #vias = new IntList();
  readonly #rects = new IntList();
  readonly #connectionStart = new IntList();
  readonly #wireStart = new IntList();
  readonly #viaStart = new IntList();
  readonly #rectStart = new IntList();

  constructor(context: DefNetsContext) {
    this.#context = context;
    this.#mark();
  }

  #mark(): void {
    this.#connectionStart.push(this.#connectionComponent.length);
    this.#wireStart.push(this.#wires.length / 8);
    this.#viaStart.push(this.#vias.length / 3);
    this.#rectStart.push(this.#rects.length / 5);
  }

  readNet(): void {
    const t = this.#context.tokens;
    this.#names.push(t.name());
    let use = 'SIGNAL';
    for (let word = t.next(); word !== ';';) {
      if (word === '(') {
        this.#connection();
        word = t.next();
        continue;
      }
      if (word !== '+') throw t.error('LAYOUT-002', `expected '(', '+' or ';', found '${word}'`);
      const key = t.next();
      if (key === 'ROUTED' || key === 'FIXED' || key === 'COVER') {
        word = this.#wiring();
        continue;
      }
      if (key === 'USE') use = t.next();
      else if (key === 'RECT' && this.#context.isSpecial) this.#specialRect();
      else {
        const words = Object.hasOwn(HARMLESS, key) ? HARMLESS[key] : undefined;
        if (words === undefined) throw t.error('LAYOUT-006', `${key} in a net is not supported`);
        for (let k = 0; k < words; k++) t.next();
      }
      word = t.next();
    }
    this.#uses.push(use);
    this.#mark();
  }

  #connection(): void {
    const t = this.#context.tokens;
    const component = t.name();
    this.#connectionPins.push(t.name());
    if (component === 'PIN') this.#connectionComponent.push(DEF_PIN);
    else if (component === '*') this.#connectionComponent.push(DEF_ALL);
    else {
      const id = this.#context.components.get(component);
      if (id === undefined) throw t.error('LAYOUT-005', `component ${component} is not in COMPONENTS`);
      this.#connectionComponent.push(id);
    }
    if (t.peek() === '+') {
      t.next();
      t.expect('SYNTHESIZED');
    }
    t.expect(')');
  }

  #specialRect(): void {
    const t = this.#context.tokens;
    const layer = this.#context.layers.id(t.next());
    const corners: number[] = [];
    for (let k = 0; k < 2; k++) {
      t.expect('(');
      corners.push(t.integer(), t.integer());
      t.expect(')');
    }
    this.#pushRect(layer, corners[0]!, corners[1]!, corners[2]!, corners[3]!);
  }

  #pushRect(layer: number, ax: number, ay: number, bx: number, by: number): void {
    this.#rects.push(layer);
    this.#rects.push(Math.min(ax, bx));
    this.#rects.push(Math.min(ay, by));
    this.#rects.push(Math.max(ax, bx));
    this.#rects.push(Math.max(ay, by));
  }

  /** Paths up to the next `+` or `;`, which is returned. */
  #wiring(): string {
    const t = this.#context.tokens;
    for (;;) {
      const layer = this.#context.layers.id(t.next());
      const width = this.#context.isSpecial ? this.#specialHead() : -1;
      const word = this.#path(layer, width);
      if (word !== 'NEW') return word;
    }
  }

  #specialHead(): number {
    const t = this.#context.tokens;
    const width = t.integer();
    while (t.peek() === '+') {
      t.next();
      const key = t.next();
      if (key !== 'SHAPE' && key !== 'STYLE')
        throw t.error('LAYOUT-006', `${key} in a special wire is not supported`);
      t.next();
    }
    return width;
  }

  #path(start: number, width: number): string {
    let layer = start;
    const t = this.#context.tokens;
    // Regular wires end half a width beyond their points, special ones at them.
    const standard = this.#context.isSpecial ? 0 : -1;
    const joint = this.#context.isSpecial ? width / 2 : -1;
    let [x, y, extension, points, pending] = [0, 0, standard, 0, -1];
    for (;;) {
      const word = t.next();
      if (word === '(') {
        const [nx, ny, next] = this.#pathPoint(x, y, standard);
        if (points > 0) {
          // A wire that a later point continues is joined to it by half a width.
          if (pending >= 0) this.#extendEnd(pending, x, y, joint);
          pending = this.#wire(layer, width, x, y, nx, ny, pending >= 0 ? joint : extension, next);
        }
        [x, y, extension] = [nx, ny, next];
        points++;
      } else if (word === 'NEW' || word === '+' || word === ';') return word;
      else if (
        points === 0 ||
        word === 'VIRTUAL' ||
        word === 'MASK' ||
        word === 'TAPER' ||
        word === 'TAPERRULE'
      )
        throw t.error('LAYOUT-006', `${word} in a wire is not supported`);
      else if (word === 'RECT') {
        t.expect('(');
        const [a, b, c, d] = [t.integer(), t.integer(), t.integer(), t.integer()];
        t.expect(')');
        this.#pushRect(layer, x + a, y + b, x + c, y + d);
      } else {
        layer = this.#via(word, x, y, layer);
        // What follows lies on the via's other metal, and begins anew there.
        pending = -1;
        extension = standard;
      }
    }
  }

  #pathPoint(x: number, y: number, standard: number): [number, number, number] {
    const t = this.#context.tokens;
    const coordinate = (previous: number): number => {
      if (t.peek() !== '*') return t.integer();
      t.next();
      return previous;
    };
    const nx = coordinate(x);
    const ny = coordinate(y);
    const extension = t.peek() === ')' ? standard : t.integer();
    t.expect(')');
    return [nx, ny, extension];
  }

  /** Returns the layer on which the path goes on. */
  #via(word: string, x: number, y: number, layer: number): number {
    const t = this.#context.tokens;
    const following = t.peek();
    if (following === 'DO' || ['S', 'E', 'W', 'FN', 'FS', 'FE', 'FW'].includes(following)) {
      t.next();
      throw t.error('LAYOUT-007', `a turned or repeated via (${following}) is not supported`);
    }
    if (following === 'N') t.next();
    const name = word.replace(/\\(.)/g, '$1');
    this.#vias.push(this.#context.vias.id(name));
    this.#vias.push(x);
    this.#vias.push(y);
    const metals = this.#context.viaMetals(name);
    if (metals === undefined) return layer;
    const [a, b] = [this.#context.layers.id(metals[0]), this.#context.layers.id(metals[1])];
    if (layer !== a && layer !== b)
      throw t.error('LAYOUT-007', `via ${name} does not touch the layer of its wire`);
    return layer === a ? b : a;
  }

  /** Stores a wire with ordered ends and returns its place in the list. */
  #wire(
    layer: number,
    width: number,
    x1: number,
    y1: number,
    x2: number,
    y2: number,
    e1: number,
    e2: number,
  ): number {
    if (x1 !== x2 && y1 !== y2)
      throw this.#context.tokens.error('LAYOUT-007', 'a slanted wire is not supported');
    const at = this.#wires.length;
    const isTurned = x1 > x2 || y1 > y2;
    const values = isTurned ? [layer, x2, y2, x1, y1, width, e2, e1] : [layer, x1, y1, x2, y2, width, e1, e2];
    for (const value of values) this.#wires.push(value);
    return at;
  }

  #extendEnd(wire: number, x: number, y: number, extension: number): void {
    const isFirst = this.#wires.at(wire + 1) === x && this.#wires.at(wire + 2) === y;
    this.#wires.set(wire + (isFirst ? 6 : 7), extension);
  }

  finish(): DefNets {
    return {
      names: this.#names,
      uses: this.#uses,
      connectionStart: this.#connectionStart.toArray(),
      connectionComponent: this.#connectionComponent.toArray(),
      connectionPins: this.#connectionPins,
      wireStart: this.#wireStart.toArray(),
      wires: this.#wires.toArray(),
      viaStart: this.#viaStart.toArray(),
      vias: this.#vias.toArray(),
      rectStart: this.#rectStart.toArray(),
      rects: this.#rects.toArray(),
    };
  }
}
