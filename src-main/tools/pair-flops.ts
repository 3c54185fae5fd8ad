/**
 * Which flip-flop of one mapped netlist is which of another, where the nets that they drive have other names. A guess
 * by name, then by neighbours: flip-flops and ports that are already matched, in the cone before the flip-flop and in
 * the one behind it. Whoever proves equivalence with it is not misled by a wrong guess, only kept from a proof.
 */
import type { Kit } from '../stages/kit/index.ts';
import { NONE, pinInstances, type Netlist } from '../stages/netlist/index.ts';

export interface FlopPairs {
  /** Net that the flip-flop drives -> a name for it that is the same in both; only where the names differ. */
  readonly gold: ReadonlyMap<string, string>;
  readonly gate: ReadonlyMap<string, string>;
  /** Flip-flops matched, by name or otherwise. */
  readonly paired: number;
}

/** Names that Yosys makes up mean nothing across two netlists. */
const isMadeUp = (name: string): boolean => /^_\d/.test(name);

/** `program_store.pc[1]` and `pc[1]` are called alike, `walker.at` and `at[0]` too. */
const lastPart = (name: string): string => name.replace(/\[0\]$/, '').replace(/^.*\./, '');

export function pairFlops(goldNetlist: Netlist, gateNetlist: Netlist, kit: Kit): FlopPairs {
  const gold = new Side(goldNetlist, kit);
  const gate = new Side(gateNetlist, kit);
  const pairUp = (keyOf: (side: Side, name: string) => string | null): number => {
    const [left, right] = [gold, gate].map((side) => byUniqueKey(side, keyOf));
    let found = 0;
    for (const [key, name] of left!) {
      const other = right!.get(key);
      if (other === undefined) continue;
      gold.match(name, name);
      gate.match(other, name);
      found++;
    }
    return found;
  };
  pairUp((_, name) => (isMadeUp(name) ? null : name));
  pairUp((_, name) => (isMadeUp(name) ? null : lastPart(name)));
  // What was matched tells more of the others' neighbours.
  while (pairUp((side, name) => side.neighbours(name)) > 0);
  const renames = { gold: new Map<string, string>(), gate: new Map<string, string>() };
  for (const [name, common] of gate.matched) {
    if (name === common) continue;
    renames.gold.set(common, `matched_flop_${renames.gold.size}`);
    renames.gate.set(name, renames.gold.get(common)!);
  }
  return { ...renames, paired: gate.matched.size };
}

/** Of the unmatched ones; a key that two have is nobody's. */
function byUniqueKey(side: Side, keyOf: (side: Side, name: string) => string | null): Map<string, string> {
  const found = new Map<string, string | null>();
  for (const name of side.unmatched()) {
    const key = keyOf(side, name);
    if (key !== null) found.set(key, found.has(key) ? null : name);
  }
  return new Map([...found].filter((entry): entry is [string, string] => entry[1] !== null));
}

class Side {
  /** Own name -> name in gold. */
  readonly matched = new Map<string, string>();
  /** Net that a flip-flop drives -> its instance. */
  readonly #flops = new Map<string, number>();
  readonly #driven: readonly string[];
  readonly #netlist: Netlist;
  readonly #kit: Kit;
  readonly #owner: Int32Array;

  constructor(netlist: Netlist, kit: Kit) {
    this.#netlist = netlist;
    this.#kit = kit;
    this.#owner = pinInstances(netlist);
    const driven: string[] = [];
    for (let inst = 0; inst < netlist.instMaster.length; inst++) {
      const { sequential } = this.#master(inst);
      if (sequential?.kind !== 'flop') continue;
      const net = this.#pinNets(inst, (pin) => pin.function === sequential.state)[0];
      if (net === undefined) continue;
      driven[inst] = netlist.netNames[net]!;
      this.#flops.set(driven[inst]!, inst);
    }
    this.#driven = driven;
  }

  match(name: string, common: string): void {
    this.matched.set(name, common);
  }

  unmatched(): string[] {
    return [...this.#flops.keys()].filter((name) => !this.matched.has(name));
  }

  /** Sorted names of what is matched around a flip-flop. */
  neighbours(name: string): string {
    const inst = this.#flops.get(name)!;
    const list = (names: Set<string>): string => [...names].sort().join(' ');
    return `${list(this.#cone(inst, 'input'))} > ${list(this.#cone(inst, 'output'))}`;
  }

  /** Through gates to flip-flops and ports, backwards from its inputs or forwards from its outputs. */
  #cone(start: number, from: 'input' | 'output'): Set<string> {
    const { netPins, netPinStart, pinNet, ports, netNames } = this.#netlist;
    const found = new Set<string>();
    const seen = new Set<number>();
    const queue = this.#pinNets(start, (pin) => pin.direction === from && !pin.isClock);
    for (let net = queue.pop(); net !== undefined; net = queue.pop()) {
      if (seen.has(net)) continue;
      seen.add(net);
      // The driver comes first.
      const [first, end] =
        from === 'input'
          ? [netPinStart[net]!, netPinStart[net]! + 1]
          : [netPinStart[net]!, netPinStart[net + 1]!];
      for (let i = first; i < end; i++) {
        const pin = netPins[i]!;
        if (pin >= pinNet.length) {
          const { name, direction } = ports[pin - pinNet.length]!;
          if (direction === from) found.add(`port ${name}`);
          continue;
        }
        const inst = this.#owner[pin]!;
        if (this.#master(inst).sequential) {
          const common = this.matched.get(this.#driven[inst] ?? netNames[net]!);
          if (common !== undefined && inst !== start) found.add(common);
        } else queue.push(...this.#pinNets(inst, (p) => p.direction === from));
      }
    }
    return found;
  }

  #master(inst: number): Kit['masters'][number] {
    return this.#kit.masters[this.#netlist.instMaster[inst]!]!;
  }

  #pinNets(inst: number, wanted: (pin: Kit['masters'][number]['pins'][number]) => boolean): number[] {
    const start = this.#netlist.instPinStart[inst]!;
    return this.#master(inst).pins.flatMap((pin, k) => {
      const net = this.#netlist.pinNet[start + k]!;
      return net !== NONE && wanted(pin) ? [net] : [];
    });
  }
}
