import { assert } from '../../base/diagnostic.ts';
import type { Kit } from '../kit/types.ts';
import { assembleNetlist } from './connectivity.ts';
import { NONE, type Netlist, type Port } from './types.ts';

/**
 * Changes to a netlist, collected and applied at once. Indices of instances, nets and instance pins that
 * exist stay what they are; new ones follow behind. (Ids of port pins lie behind all instance pins and
 * therefore move: use connectPort.) A net may end up without pins; it keeps its index.
 */
export interface NetlistEditor {
  /** `master` indexes Kit.masters. Names must be unused; see freshName. Returns the instance's index. */
  addInstance(name: string, master: number): number;
  /** Returns the net's index. */
  addNet(name: string): number;
  /** Connects pin `pin` (index into Master.pins) of an instance, leaving any net it was on. */
  connect(inst: number, pin: number, net: number): void;
  /** The same by instance pin id. */
  connectPin(pinId: number, net: number): void;
  connectPort(port: number, net: number): void;
  disconnect(inst: number, pin: number): void;
  /** Puts another master with the same signal pin names in place (resizing). */
  setMaster(inst: number, master: number): void;
  masterOf(inst: number): number;
  netOf(inst: number, pin: number): number;
  /** Id of an instance pin, valid also after finish. */
  pinId(inst: number, pin: number): number;
  /** `prefix` or `prefix_N`, unused by any instance or net so far. */
  freshName(prefix: string): string;
  /** The new netlist. netIsClock of new nets is 0: run markClocks again. The editor may go on being used. */
  finish(): Netlist;
}

export function editNetlist(netlist: Netlist, kit: Kit): NetlistEditor {
  return new Editor(netlist, kit);
}

class Editor implements NetlistEditor {
  readonly #kit: Kit;
  readonly #top: string;
  readonly #instNames: string[];
  readonly #instMaster: number[];
  readonly #pinStart: number[];
  readonly #pinNet: number[];
  readonly #netNames: string[];
  readonly #netIsClock: Uint8Array;
  readonly #ports: Port[];
  #names: Set<string> | null = null;
  readonly #counters = new Map<string, number>();

  constructor(netlist: Netlist, kit: Kit) {
    this.#kit = kit;
    this.#top = netlist.top;
    this.#instNames = [...netlist.instNames];
    this.#instMaster = Array.from(netlist.instMaster);
    this.#pinStart = Array.from(netlist.instPinStart);
    this.#pinNet = Array.from(netlist.pinNet);
    this.#netNames = [...netlist.netNames];
    this.#netIsClock = netlist.netIsClock;
    this.#ports = [...netlist.ports];
  }

  addInstance(name: string, master: number): number {
    const pins = this.#kit.masters[master]?.pins;
    assert(pins, `no master ${master}`);
    this.#reserve(name);
    this.#instNames.push(name);
    this.#instMaster.push(master);
    for (let k = 0; k < pins.length; k++) this.#pinNet.push(NONE);
    this.#pinStart.push(this.#pinNet.length);
    return this.#instNames.length - 1;
  }

  addNet(name: string): number {
    this.#reserve(name);
    this.#netNames.push(name);
    return this.#netNames.length - 1;
  }

  connect(inst: number, pin: number, net: number): void {
    this.connectPin(this.pinId(inst, pin), net);
  }

  connectPin(pinId: number, net: number): void {
    assert(pinId >= 0 && pinId < this.#pinNet.length, `no instance pin ${pinId}`);
    assert(net >= 0 && net < this.#netNames.length, `no net ${net}`);
    this.#pinNet[pinId] = net;
  }

  connectPort(port: number, net: number): void {
    const old = this.#ports[port];
    assert(old, `no port ${port}`);
    assert(net >= 0 && net < this.#netNames.length, `no net ${net}`);
    this.#ports[port] = { ...old, net };
  }

  disconnect(inst: number, pin: number): void {
    this.#pinNet[this.pinId(inst, pin)] = NONE;
  }

  setMaster(inst: number, master: number): void {
    const from = this.#kit.masters[this.masterOf(inst)]!;
    const to = this.#kit.masters[master];
    assert(to, `no master ${master}`);
    assert(to.pins.length === from.pins.length, `${to.name} has other pins than ${from.name}`);
    const start = this.#pinStart[inst]!;
    const nets = this.#pinNet.slice(start, start + from.pins.length);
    this.#pinNet.fill(NONE, start, start + from.pins.length);
    from.pins.forEach((pin, k) => {
      if (nets[k] === NONE) return;
      const at = to.pins.findIndex((p) => p.name === pin.name && p.direction === pin.direction);
      assert(at !== -1, `${to.name} has no pin ${pin.name}`);
      this.#pinNet[start + at] = nets[k]!;
    });
    this.#instMaster[inst] = master;
  }

  masterOf(inst: number): number {
    const master = this.#instMaster[inst];
    assert(master !== undefined, `no instance ${inst}`);
    return master;
  }

  netOf(inst: number, pin: number): number {
    return this.#pinNet[this.pinId(inst, pin)]!;
  }

  pinId(inst: number, pin: number): number {
    const start = this.#pinStart[inst];
    assert(
      start !== undefined && start + pin < this.#pinStart[inst + 1]! && pin >= 0,
      `no pin ${pin} of instance ${inst}`,
    );
    return start + pin;
  }

  freshName(prefix: string): string {
    const names = this.#known();
    let count = this.#counters.get(prefix) ?? 0;
    let name = count === 0 ? prefix : `${prefix}_${count}`;
    while (names.has(name)) name = `${prefix}_${++count}`;
    this.#counters.set(prefix, count + 1);
    return name;
  }

  finish(): Netlist {
    const netIsClock = new Uint8Array(this.#netNames.length);
    netIsClock.set(this.#netIsClock);
    return assembleNetlist(
      {
        top: this.#top,
        instNames: [...this.#instNames],
        instMaster: Int32Array.from(this.#instMaster),
        instPinStart: Int32Array.from(this.#pinStart),
        pinNet: Int32Array.from(this.#pinNet),
        netNames: [...this.#netNames],
        ports: [...this.#ports],
        netIsClock,
      },
      this.#kit,
    );
  }

  /** Instances, nets and ports live in one name space, as in Verilog. */
  #known(): Set<string> {
    this.#names ??= new Set([...this.#instNames, ...this.#netNames, ...this.#ports.map((p) => p.name)]);
    return this.#names;
  }

  #reserve(name: string): void {
    const names = this.#known();
    assert(!names.has(name), `the name ${name} is taken`);
    names.add(name);
  }
}
