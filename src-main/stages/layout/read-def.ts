import type { Diagnosed, Diagnostic } from '../../base/diagnostic.ts';
import type { Rect } from '../../base/geometry.ts';
import { ORIENT_N, ORIENT_NAMES, placeRect } from '../../base/geometry.ts';
import { IntList } from '../../base/int-list.ts';
import { DefNetsReader } from './def-nets.ts';
import { DefTokens } from './def-tokens.ts';
import type { Tech } from '../kit/types.ts';
import type { DefDesign, DefPin, DefRow, DefTracks, DefVia } from './types.ts';
import { DEF_FIXED, DEF_PLACED, DEF_UNPLACED } from './types.ts';
import { readGeneratedVia } from './def-vias.ts';

interface Components {
  readonly names: string[];
  readonly masters: string[];
  readonly x: IntList;
  readonly y: IntList;
  readonly orient: IntList;
  readonly status: IntList;
  readonly index: Map<string, number>;
}

/**
 * Reads the DEF 5.8 subset that Ingot and OpenROAD write: units, die, rows, tracks, vias, components, pins,
 * special and regular nets. Anything else that could change the layout is refused with line and column
 * (LAYOUT-001 to LAYOUT-007, thrown as IngotError); what cannot (history, properties, grid cells) is
 * skipped and said so, as is a section whose count is wrong (LAYOUT-009; published files have such).
 * A wire that goes on behind a via changes its layer there: which are the via's metals only the technology says.
 * Without `tech` such wires keep the layer they began on.
 */
export function readDef(text: string, tech: Tech | null = null): Diagnosed<DefDesign> {
  return new DefReader(text, tech).read();
}

class DefReader {
  readonly #tokens: DefTokens;
  readonly #tech: Tech | null;
  readonly #diagnostics: Diagnostic[] = [];
  #design = '';
  #dbuPerUm = 0;
  #die: Rect = { x1: 0, y1: 0, x2: 0, y2: 0 };
  readonly #rows: DefRow[] = [];
  readonly #tracks: DefTracks[] = [];
  readonly #vias: DefVia[] = [];
  readonly #pins: DefPin[] = [];
  readonly #components: Components = {
    names: [],
    masters: [],
    x: new IntList(),
    y: new IntList(),
    orient: new IntList(),
    status: new IntList(),
    index: new Map(),
  };
  readonly #layers = new Interner();
  readonly #viaNames = new Interner();

  constructor(text: string, tech: Tech | null) {
    this.#tokens = new DefTokens(text);
    this.#tech = tech;
  }

  #viaMetals(name: string): readonly [string, string] | undefined {
    if (this.#tech === null) return undefined;
    const { layers, vias } = this.#tech;
    const known = vias.find((via) => via.name === name);
    if (known) return [layers[known.below]!.name, layers[known.above]!.name];
    const shapes = this.#vias.find((via) => via.name === name)?.shapes ?? [];
    const metals = [...new Set(shapes.map((s) => s.layer))].filter((layer) =>
      layers.some((l) => l.kind === 'routing' && l.name === layer),
    );
    return metals.length === 2 ? [metals[0]!, metals[1]!] : undefined;
  }

  read(): Diagnosed<DefDesign> {
    const metals = new Map<string, readonly [string, string] | undefined>();
    const viaMetals = (name: string): readonly [string, string] | undefined => {
      if (!metals.has(name)) metals.set(name, this.#viaMetals(name));
      return metals.get(name);
    };
    const shared = {
      tokens: this.#tokens,
      components: this.#components.index,
      layers: this.#layers,
      viaMetals,
    };
    const specialNets = new DefNetsReader({ ...shared, vias: this.#viaNames, isSpecial: true });
    const nets = new DefNetsReader({ ...shared, vias: this.#viaNames, isSpecial: false });
    for (let word = this.#tokens.tryNext(); ; word = this.#tokens.tryNext()) {
      if (word === null) throw this.#tokens.error('LAYOUT-001', 'the file ends before END DESIGN');
      if (word === 'END') break;
      if (word === 'SPECIALNETS') this.#section('SPECIALNETS', () => specialNets.readNet());
      else if (word === 'NETS') this.#section('NETS', () => nets.readNet());
      else this.#statement(word);
    }
    this.#tokens.expect('DESIGN');
    if (this.#dbuPerUm === 0) throw this.#tokens.error('LAYOUT-005', 'the file has no UNITS');
    const c = this.#components;
    const value: DefDesign = {
      design: this.#design,
      dbuPerUm: this.#dbuPerUm,
      die: this.#die,
      rows: this.#rows,
      tracks: this.#tracks,
      vias: this.#vias,
      layerNames: this.#layers.names,
      viaNames: this.#viaNames.names,
      componentNames: c.names,
      componentMasters: c.masters,
      componentXDbu: c.x.toArray(),
      componentYDbu: c.y.toArray(),
      componentOrient: Uint8Array.from(c.orient.toArray()),
      componentStatus: Uint8Array.from(c.status.toArray()),
      pins: this.#pins,
      specialNets: specialNets.finish(),
      nets: nets.finish(),
    };
    return { value, diagnostics: this.#diagnostics };
  }

  #statement(word: string): void {
    const t = this.#tokens;
    switch (word) {
      case 'VERSION':
      case 'DIVIDERCHAR':
      case 'BUSBITCHARS':
      case 'NAMESCASESENSITIVE':
      case 'TECHNOLOGY':
        return t.skipStatement();
      case 'HISTORY':
      case 'GCELLGRID':
        this.#skipped(word);
        return t.skipStatement();
      case 'DESIGN':
        this.#design = t.name();
        return t.expect(';');
      case 'UNITS':
        t.expect('DISTANCE');
        t.expect('MICRONS');
        this.#dbuPerUm = t.integer();
        return t.expect(';');
      case 'DIEAREA':
        return this.#readDie();
      case 'ROW':
        return this.#readRow();
      case 'TRACKS':
        return this.#readTracks();
      case 'VIAS':
        return this.#section('VIAS', () => this.#readVia());
      case 'COMPONENTS':
        return this.#section('COMPONENTS', () => this.#readComponent());
      case 'PINS':
        return this.#section('PINS', () => this.#readPin());
      case 'PROPERTYDEFINITIONS':
        this.#skipped(word);
        while (t.next() !== 'END');
        return t.expect(word);
      default:
        throw t.error('LAYOUT-006', `statement ${word} is not supported`);
    }
  }

  #skipped(word: string): void {
    const message = `${word} is skipped: it has no bearing on the layout`;
    this.#diagnostics.push({ code: 'LAYOUT-008', severity: 'info', message });
  }

  /** `NAME count ;  - item ... ;  ...  END NAME`; the count is not trusted but compared. */
  #section(name: string, readItem: () => void): void {
    const t = this.#tokens;
    const count = t.integer();
    t.expect(';');
    let found = 0;
    for (let word = t.next(); word !== 'END'; word = t.next()) {
      if (word !== '-') throw t.error('LAYOUT-002', `expected '-' or 'END', found '${word}'`);
      readItem();
      found++;
    }
    t.expect(name);
    if (found !== count) {
      const { message, place } = t.error(
        'LAYOUT-009',
        `${name} announces ${count} items and holds ${found}`,
      ).diagnostic;
      this.#diagnostics.push({ code: 'LAYOUT-009', severity: 'warning', message, place: place! });
    }
  }

  #point(): [number, number] {
    const t = this.#tokens;
    t.expect('(');
    const point: [number, number] = [t.integer(), t.integer()];
    t.expect(')');
    return point;
  }

  #rect(): Rect {
    const [ax, ay] = this.#point();
    const [bx, by] = this.#point();
    return { x1: Math.min(ax, bx), y1: Math.min(ay, by), x2: Math.max(ax, bx), y2: Math.max(ay, by) };
  }

  #orient(): number {
    const word = this.#tokens.next();
    const orient = (ORIENT_NAMES as readonly string[]).indexOf(word);
    if (orient < 0) throw this.#tokens.error('LAYOUT-007', `orientation ${word} is not supported`);
    return orient;
  }

  #readDie(): void {
    this.#die = this.#rect();
    if (this.#tokens.next() !== ';')
      throw this.#tokens.error('LAYOUT-007', 'a DIEAREA that is no rectangle is not supported');
  }

  #readRow(): void {
    const t = this.#tokens;
    const [name, site, xDbu, yDbu, orient] = [t.name(), t.name(), t.integer(), t.integer(), this.#orient()];
    let [sites, stepDbu] = [1, 0];
    if (t.peek() === 'DO') {
      t.next();
      sites = t.integer();
      t.expect('BY');
      if (t.integer() !== 1) throw t.error('LAYOUT-007', 'a vertical ROW is not supported');
      if (t.peek() === 'STEP') {
        t.next();
        stepDbu = t.integer();
        t.integer();
      }
    }
    t.skipStatement();
    this.#rows.push({ name, site, xDbu, yDbu, orient, sites, stepDbu });
  }

  #readTracks(): void {
    const t = this.#tokens;
    const axis = t.next();
    if (axis !== 'X' && axis !== 'Y') throw t.error('LAYOUT-002', `expected X or Y, found '${axis}'`);
    const startDbu = t.integer();
    t.expect('DO');
    const count = t.integer();
    t.expect('STEP');
    const stepDbu = t.integer();
    const layers: string[] = [];
    for (let word = t.next(); word !== ';'; word = t.next()) if (word !== 'LAYER') layers.push(word);
    this.#tracks.push({ axis, startDbu, count, stepDbu, layers });
  }

  #readVia(): void {
    const t = this.#tokens;
    const name = t.name();
    const shapes: { layer: string; rect: Rect }[] = [];
    for (let word = t.next(); word !== ';'; word = t.next()) {
      if (word !== '+') throw t.error('LAYOUT-002', `expected '+' or ';', found '${word}'`);
      const key = t.next();
      if (key === 'RECT') {
        const layer = t.next();
        shapes.push({ layer, rect: this.#rect() });
      } else if (key === 'VIARULE') {
        shapes.push(...readGeneratedVia(t));
        break;
      } else throw t.error('LAYOUT-006', `${key} in VIAS is not supported`);
    }
    this.#vias.push({ name, shapes });
  }

  #readComponent(): void {
    const t = this.#tokens;
    const c = this.#components;
    const name = t.name();
    if (c.index.has(name)) throw t.error('LAYOUT-005', `component ${name} is there twice`);
    c.index.set(name, c.names.length);
    c.names.push(name);
    c.masters.push(t.name());
    let [x, y, orient, status] = [0, 0, 0, DEF_UNPLACED];
    for (let word = t.next(); word !== ';'; word = t.next()) {
      if (word !== '+') continue;
      const key = t.next();
      if (key === 'PLACED' || key === 'FIXED' || key === 'COVER') {
        [x, y] = this.#point();
        orient = this.#orient();
        status = key === 'PLACED' ? DEF_PLACED : DEF_FIXED;
      } else if (!['SOURCE', 'UNPLACED', 'WEIGHT', 'PROPERTY', 'HALO', 'REGION'].includes(key))
        throw t.error('LAYOUT-006', `${key} in COMPONENTS is not supported`);
    }
    c.x.push(x);
    c.y.push(y);
    c.orient.push(orient);
    c.status.push(status);
  }

  /** `( x y ) orientation`: where a rectangle about the pin's own origin then lies. */
  #pinPlace(): (r: Rect) => Rect {
    const [x, y] = this.#point();
    const t = this.#tokens;
    const turn = /^F?[WE]$/.test(t.peek()) ? t.next() : null;
    const orient = turn === null ? this.#orient() : ORIENT_N;
    // A size of 0 turns the rectangle about the origin.
    return (r) => placeRect(turn === null ? r : turned(r, turn), 0, 0, orient, x, y);
  }

  /** Ports of a pin carry their own placement; without PORT there is one. */
  #readPin(): void {
    const t = this.#tokens;
    const name = t.name();
    const words = { NET: name, DIRECTION: '', USE: 'SIGNAL' };
    let isSpecial = false;
    const shapes: { layer: string; rect: Rect }[] = [];
    let waiting: { layer: string; rect: Rect }[] = [];
    let place: ((r: Rect) => Rect) | null = null;
    for (let word = t.next(); word !== ';'; word = t.next()) {
      if (word !== '+') throw t.error('LAYOUT-002', `expected '+' or ';', found '${word}'`);
      const key = t.next();
      if (key === 'NET' || key === 'DIRECTION' || key === 'USE') words[key] = t.name();
      else if (key === 'SPECIAL') isSpecial = true;
      else if (key === 'PORT') {
        waiting = [];
        place = null;
      } else if (key === 'LAYER') {
        const layer = t.next();
        waiting.push({ layer, rect: this.#rect() });
      } else if (key === 'PLACED' || key === 'FIXED' || key === 'COVER') place = this.#pinPlace();
      else throw t.error('LAYOUT-006', `${key} in PINS is not supported`);
      // Either may come first.
      if (place === null) continue;
      for (const s of waiting) shapes.push({ layer: s.layer, rect: place(s.rect) });
      waiting = [];
    }
    this.#pins.push({ name, net: words.NET, direction: words.DIRECTION, use: words.USE, isSpecial, shapes });
  }
}

/** A rectangle turned by a quarter about the origin: W to the left, E to the right, FW and FE mirrored as well. */
function turned(r: Rect, orient: string): Rect {
  const [xSign, ySign] = { W: [-1, 1], E: [1, -1], FW: [1, 1], FE: [-1, -1] }[orient]!;
  const x = [xSign! * r.y1, xSign! * r.y2];
  const y = [ySign! * r.x1, ySign! * r.x2];
  return { x1: Math.min(...x), y1: Math.min(...y), x2: Math.max(...x), y2: Math.max(...y) };
}

/** Names to dense ids, first come first numbered. */
class Interner {
  readonly names: string[] = [];
  readonly #ids = new Map<string, number>();

  id(name: string): number {
    let id = this.#ids.get(name);
    if (id === undefined) {
      id = this.names.length;
      this.names.push(name);
      this.#ids.set(name, id);
    }
    return id;
  }
}
