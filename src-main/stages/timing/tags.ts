/**
 * Which paths reach a pin: for each a tag of the clock edge that launched it (or none), whether it is still the clock
 * itself, and the states of exceptions. Paths of one tag share an arrival (as in OpenSTA's tags; Sapatnekar, "Timing",
 * 2004, on multiple clocks). Which tags reach a pin does not depend on delays, so they are found once, before: each
 * pin edge has a group of tags, and a slot per tag in the arrays of arrivals. One plain clock makes one slot per edge.
 */
import { NONE } from '../netlist/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Kit } from '../kit/types.ts';
import type { Clocks } from './clocks.ts';
import type { PortConstraints } from './constraints.ts';
import type { Exceptions, ExceptionState } from './exceptions.ts';
import { isArcEnabled, isArcFollowed } from './graph.ts';
import type { TimingGraph } from './graph.ts';
import { BY_FALL, BY_RISE } from './library.ts';
import type { TimingLibrary } from './library.ts';
import { UNKNOWN } from './logic.ts';

export interface Tag {
  /** 2 * clock + (1 for its falling edge), NONE without clock */
  readonly edge: number;
  /** The clock on its network, not data that it launched. */
  readonly isClock: boolean;
  readonly states: readonly ExceptionState[];
}

/** What becomes of a group's tags on their way: the target tag of each, NONE where the path ends. */
export type Images = Int32Array;

export interface TagMap {
  readonly tags: readonly Tag[];
  /** Tags of each group, ascending; group 0 is empty. */
  readonly groups: readonly Int32Array[];
  /** [2 * pins] group of a pin edge */
  readonly group: Int32Array;
  /** [2 * pins + 1] first slot of a pin edge */
  readonly slotStart: Int32Array;
  /** [slots] */
  readonly slotTag: Int32Array;
  /** Tags behind a wire or a combinational arc: out of `from`, into `to`. */
  images(group: number, from: number, to: number): Images;
  /** Tags behind an arc from a clock pin that launches. */
  launched(group: number, clockPin: number, to: number): Images;
}

export interface TagInput {
  readonly netlist: Netlist;
  readonly kit: Kit;
  readonly lib: TimingLibrary;
  readonly graph: TimingGraph;
  readonly clocks: Clocks;
  readonly exceptions: Exceptions;
  readonly ports: PortConstraints;
}

/** Position of a tag in a group's ascending list. */
export function indexIn(tags: Int32Array, tag: number): number {
  if (tags.length === 1) return 0;
  let at = 0;
  while (tags[at] !== tag) at++;
  return at;
}

class Table {
  readonly tags: Tag[] = [];
  readonly groups: Int32Array[] = [new Int32Array(0)];
  private readonly tagIds = new Map<string, number>();
  private readonly groupIds = new Map<string, number>([['', 0]]);
  private readonly unions = new Map<number, number>();

  tag(edge: number, isClock: boolean, states: readonly ExceptionState[]): number {
    const key = `${edge} ${isClock} ${states.join(' ')}`;
    let id = this.tagIds.get(key);
    if (id === undefined) {
      id = this.tags.length;
      this.tags.push({ edge, isClock, states });
      this.tagIds.set(key, id);
    }
    return id;
  }

  group(tags: Iterable<number>): number {
    const list = [...new Set(tags)].filter((t) => t !== NONE).sort((a, b) => a - b);
    const key = list.join(' ');
    let id = this.groupIds.get(key);
    if (id === undefined) {
      id = this.groups.length;
      this.groups.push(Int32Array.from(list));
      this.groupIds.set(key, id);
    }
    return id;
  }

  union(a: number, b: number): number {
    if (a === b || b === 0) return a;
    if (a === 0) return b;
    const key = a * 2 ** 26 + b;
    let id = this.unions.get(key);
    if (id === undefined) {
      id = this.group([...this.groups[a], ...this.groups[b]]);
      this.unions.set(key, id);
    }
    return id;
  }
}

export function mapTags(input: TagInput): TagMap {
  const { netlist, lib, graph, clocks, exceptions, ports } = input;
  const pins = netlist.pinNet.length;
  const total = pins + netlist.ports.length;
  const table = new Table();
  const { tags, groups } = table;
  const group = new Int32Array(2 * total);
  const plainImages: Images[] = [];
  const specialImages = new Map<string, Images>();

  /** A tag past pin `to`. */
  const passed = (tag: number, to: number): number => {
    const t = tags[tag];
    const states = exceptions.pass(t.states, to);
    if (!t.isClock && exceptions.isDead(states)) return NONE;
    return states === t.states ? tag : table.tag(t.edge, t.isClock, states);
  };

  function images(g: number, from: number, to: number): Images {
    const starting = clocks.startingAt.get(from);
    const isThrough = exceptions.isThrough(to);
    if (!starting && !isThrough) return (plainImages[g] ??= groups[g]);
    const key = `${g} ${from} ${to}`;
    let found = specialImages.get(key);
    if (!found) {
      found = groups[g].map((tag) => {
        const t = tags[tag];
        // Where a clock starts inside, nothing of others goes on: a generated clock's master, data that makes it.
        if (starting && from < pins && (t.edge === NONE || !starting.includes(t.edge >> 1))) return NONE;
        return isThrough ? passed(tag, to) : tag;
      });
      specialImages.set(key, found);
    }
    return found;
  }

  const plainLaunches: Images[] = [];
  function launched(g: number, clockPin: number, to: number): Images {
    const isPlain = exceptions.list.length === 0;
    const known = isPlain ? plainLaunches[g] : specialImages.get(`${g} by ${clockPin} ${to}`);
    if (known) return known;
    const found = groups[g].map((tag) => {
      const t = tags[tag];
      if (!t.isClock) return NONE;
      const states = exceptions.startStates(clockPin, t.edge >> 1);
      if (exceptions.isDead(states)) return NONE;
      const data = table.tag(t.edge, false, states);
      return exceptions.isThrough(to) ? passed(data, to) : data;
    });
    if (isPlain) plainLaunches[g] = found;
    else specialImages.set(`${g} by ${clockPin} ${to}`, found);
    return found;
  }

  const groupOf = new Map<Images, number>();
  const imageGroup = (g: number, list: Images): number => {
    if (list === groups[g]) return g;
    let id = groupOf.get(list);
    if (id === undefined) {
      id = table.group(list);
      groupOf.set(list, id);
    }
    return id;
  };

  /** Tags that start at a pin: clocks (edge of the pin = edge of the clock), delays of input ports. */
  function seeds(pin: number, edge: number): number {
    const found: number[] = [];
    for (const k of clocks.startingAt.get(pin) ?? [])
      found.push(table.tag(2 * k + edge, true, exceptions.clockStates(pin, k)));
    if (pin >= pins && netlist.ports[pin - pins].direction === 'input' && ports.isFalse[pin - pins] === 0) {
      const data = (clockEdge: number): void => {
        const states = exceptions.startStates(pin, clockEdge === NONE ? NONE : clockEdge >> 1);
        if (!exceptions.isDead(states)) found.push(table.tag(clockEdge, false, states));
      };
      const delays = ports.delays[pin - pins];
      for (const d of delays) data(d.edge);
      // Without a delay only a delay exception can time it.
      if (delays.length === 0 && exceptions.hasDelays && !clocks.startingAt.has(pin)) data(NONE);
    }
    return table.group(found);
  }

  function atOutput(pin: number, edge: number): number {
    const inst = graph.pinInst[pin];
    const start = netlist.instPinStart[inst];
    const row = lib.pinStart[netlist.instMaster[inst]] + pin - start;
    let g = 0;
    for (let a = lib.intoStart[row]; a < lib.intoStart[row + 1]; a++) {
      const from = start + lib.arcFrom[a];
      const isLaunch = lib.arcIsLaunch[a] === 1;
      if (lib.arcDelayLut[2 * a + edge] < 0 || !isArcFollowed(graph, from, pin, isLaunch)) continue;
      if (!isArcEnabled(input, inst, a)) continue;
      const cause = lib.arcCause[2 * a + edge];
      for (let inEdge = 0; inEdge < 2; inEdge++) {
        const source = group[2 * from + inEdge];
        if (source === 0 || !(cause & (inEdge === 0 ? BY_RISE : BY_FALL))) continue;
        const list = isLaunch ? launched(source, from, pin) : images(source, from, pin);
        g = table.union(g, imageGroup(source, list));
      }
    }
    return g;
  }

  for (const pin of graph.order) {
    const driver = graph.pinDriver[pin];
    const hasSeeds = pin >= pins || clocks.startingAt.has(pin);
    for (let edge = 0; edge < 2; edge++) {
      let g = 0;
      if (driver !== NONE) {
        const source = group[2 * driver + edge];
        if (source !== 0 && graph.constant[pin] === UNKNOWN)
          g = imageGroup(source, images(source, driver, pin));
      } else if (pin < pins) g = atOutput(pin, edge);
      group[2 * pin + edge] = hasSeeds ? table.union(g, seeds(pin, edge)) : g;
    }
  }
  const slotStart = new Int32Array(2 * total + 1);
  for (let k = 0; k < 2 * total; k++) slotStart[k + 1] = slotStart[k] + groups[group[k]].length;
  const slotTag = new Int32Array(slotStart[2 * total]);
  for (let k = 0; k < 2 * total; k++) slotTag.set(groups[group[k]], slotStart[k]);
  return { tags, groups, group, slotStart, slotTag, images, launched };
}
