import { IngotError, type Diagnosed, type Diagnostic } from '../../base/diagnostic.ts';
import { masterIndex } from '../kit/index.ts';
import type { Kit } from '../kit/types.ts';
import { assembleNetlist } from './connectivity.ts';
import { NONE, type Netlist, type Port } from './types.ts';
import { parseModule, type ParsedInstance, type ParsedModule } from './verilog-module.ts';
import { VerilogTokens } from './verilog-tokens.ts';

/**
 * Reads flat structural Verilog mapped to the kit. Assigns between names are aliases and vanish; a wire that
 * only an output pin touches vanishes too, so every net has a driver and a sink or belongs to a port.
 * Where two ports share a net a buffer is put before the later output (NETLIST-020, a warning).
 *
 * Throws NETLIST-001 syntax, -002 not structural, -003 which module, -004 undeclared, -005 declared twice,
 * -006 several drivers, -007 no driver, -008 constant without a tie cell, -009 cell or pin not in the kit,
 * -010 open input.
 */
export function readNetlist(text: string, kit: Kit, top?: string): Diagnosed<Netlist> {
  const tokens = new VerilogTokens(text);
  const modules: ParsedModule[] = [];
  while (tokens.kind !== 'end') modules.push(parseModule(tokens));
  const chosen = top === undefined ? modules : modules.filter((m) => m.name === top);
  if (chosen.length !== 1) {
    const names = modules.map((m) => m.name).join(', ') || 'none';
    throw new IngotError('NETLIST-003', `expected one module${top ? ` ${top}` : ''}, found: ${names}`, {
      place: tokens.place(chosen[1]?.offset ?? 0),
      remedy: 'name the top module, and flatten the design',
    });
  }
  return new NetlistBuilder(chosen[0]!, kit, tokens, new Set(modules.map((m) => m.name))).build();
}

class NetlistBuilder {
  readonly #module: ParsedModule;
  readonly #kit: Kit;
  readonly #tokens: VerilogTokens;
  readonly #otherModules: ReadonlySet<string>;
  readonly #diagnostics: Diagnostic[] = [];
  /** Union-find over bits. */
  readonly #parent: Int32Array;
  /** [bits] of the root: a constant assigned to it, or 0. */
  readonly #constant: Int8Array;

  constructor(module: ParsedModule, kit: Kit, tokens: VerilogTokens, otherModules: ReadonlySet<string>) {
    this.#module = module;
    this.#kit = kit;
    this.#tokens = tokens;
    this.#otherModules = otherModules;
    this.#parent = Int32Array.from(module.bitNames, (_, i) => i);
    this.#constant = new Int8Array(module.bitNames.length);
  }

  build(): Diagnosed<Netlist> {
    this.#join();
    const { instances, ports, bitNames } = this.#module;
    const { kit } = { kit: this.#kit };
    const masters = masterIndex(kit);
    const instMaster = Int32Array.from(instances, (inst) => this.#masterOf(inst, masters));
    const instPinStart = new Int32Array(instances.length + 1);
    for (let i = 0; i < instances.length; i++)
      instPinStart[i + 1] = instPinStart[i]! + kit.masters[instMaster[i]!]!.pins.length;
    // First in roots of bits, then in nets.
    const pinNet = new Int32Array(instPinStart[instances.length]!).fill(NONE);
    const uses = new Int32Array(bitNames.length);
    const drivers = new Int32Array(bitNames.length);
    const pinIndices = kit.masters.map((m) => new Map(m.pins.map((pin, k) => [pin.name, k])));
    instances.forEach((inst, i) => {
      const master = kit.masters[instMaster[i]!]!;
      for (const { pin, bit, offset } of inst.connections) {
        const k = pinIndices[instMaster[i]!]!.get(pin);
        if (k === undefined)
          this.#tokens.refuse('NETLIST-009', `cell ${master.name} has no pin ${pin}`, offset);
        const { use, direction } = master.pins[k]!;
        if (use === 'power' || use === 'ground') continue;
        const at = instPinStart[i]! + k;
        if (pinNet[at] !== NONE)
          this.#tokens.refuse('NETLIST-005', `pin ${inst.name}/${pin} is connected twice`, offset);
        const root = this.#rootOf(bit, inst, pin, offset);
        pinNet[at] = root;
        uses[root]!++;
        if (direction === 'output' && ++drivers[root]! > 1)
          this.#tokens.refuse('NETLIST-006', `net ${bitNames[root]} has several drivers`, offset);
      }
    });
    this.#refuseOpenInputs(instMaster, instPinStart, pinNet);
    const portRoots = ports.map((port) => this.#rootOf(port.bit, null, port.name, this.#module.offset));
    ports.forEach((port, p) => {
      uses[portRoots[p]!]!++;
      if (port.direction === 'input' && ++drivers[portRoots[p]!]! > 1)
        this.#tokens.refuse('NETLIST-006', `net ${port.name} has several drivers`, this.#module.offset);
    });
    return this.#number({ instMaster, instPinStart, pinNet, uses, drivers, portRoots });
  }

  /** An input that nothing drives floats: a fault of the netlist, not ours to guess a value for. */
  #refuseOpenInputs(instMaster: Int32Array, instPinStart: Int32Array, pinNet: Int32Array): void {
    this.#module.instances.forEach((inst, i) =>
      this.#kit.masters[instMaster[i]!]!.pins.forEach((pin, k) => {
        const isSupply = pin.use === 'power' || pin.use === 'ground';
        if (pin.direction === 'input' && !isSupply && pinNet[instPinStart[i]! + k] === NONE)
          this.#tokens.refuse('NETLIST-010', `input ${inst.name}/${pin.name} is not connected`, inst.offset);
      }),
    );
  }

  #masterOf(inst: ParsedInstance, masters: ReadonlyMap<string, number>): number {
    const master = masters.get(inst.master);
    if (master !== undefined) return master;
    const why = this.#otherModules.has(inst.master)
      ? 'is a module: the netlist is not flat'
      : 'is not in the kit';
    return this.#tokens.refuse('NETLIST-009', `cell ${inst.master} of ${inst.name} ${why}`, inst.offset);
  }

  /** Follows assigns. The root of a group is a port where there is one, so that nets keep ports' names. */
  #join(): void {
    const isPort = new Uint8Array(this.#module.bitNames.length);
    for (const port of this.#module.ports) isPort[port.bit] = port.direction === 'input' ? 2 : 1;
    for (const { left, right } of this.#module.aliases) {
      const a = this.#find(left);
      if (right < 0) {
        this.#constant[a] = right;
        continue;
      }
      const b = this.#find(right);
      if (a === b) continue;
      const [keep, drop] = isPort[a]! > isPort[b]! ? [a, b] : [b, a];
      this.#parent[drop] = keep;
      this.#constant[keep] ||= this.#constant[drop]!;
    }
  }

  #find(bit: number): number {
    const parent = this.#parent;
    let root = bit;
    while (parent[root] !== root) root = parent[root] = parent[parent[root]!]!;
    return root;
  }

  #rootOf(bit: number, inst: ParsedInstance | null, pin: string, offset: number): number {
    const root = bit < 0 ? bit : this.#find(bit);
    if (root < 0 || this.#constant[root] !== 0)
      this.#tokens.refuse(
        'NETLIST-008',
        `${inst ? `pin ${inst.name}/` : 'port '}${pin} is a constant without a tie cell`,
        offset,
      );
    return root;
  }

  /** Where the text first connects the net of this root. */
  #firstUse(root: number): number {
    for (const inst of this.#module.instances)
      for (const { bit, offset } of inst.connections) if (bit >= 0 && this.#find(bit) === root) return offset;
    return this.#module.offset;
  }

  /** Numbers the nets that stay, in order of declaration, and separates ports that share one. */
  #number(d: {
    instMaster: Int32Array;
    instPinStart: Int32Array;
    pinNet: Int32Array;
    uses: Int32Array;
    drivers: Int32Array;
    portRoots: number[];
  }): Diagnosed<Netlist> {
    const { bitNames, ports: parsedPorts, instances, name } = this.#module;
    const hasPort = new Uint8Array(bitNames.length);
    for (const root of d.portRoots) hasPort[root] = 1;
    const netOf = new Int32Array(bitNames.length).fill(NONE);
    const netNames: string[] = [];
    for (let bit = 0; bit < bitNames.length; bit++) {
      const uses = d.uses[bit]!;
      const drivers = d.drivers[bit]!;
      if (uses === 0 || (uses === 1 && drivers === 1 && !hasPort[bit])) continue;
      if (drivers === 0)
        throw new IngotError('NETLIST-007', `net ${bitNames[bit]} has no driver`, {
          place: this.#tokens.place(this.#firstUse(bit)),
          remedy: 'drive it, or tie it with a tie cell',
        });
      netOf[bit] = netNames.length;
      netNames.push(bitNames[bit]!);
    }
    const pinNet = d.pinNet.map((root) => (root === NONE ? NONE : netOf[root]!));
    const taken = new Set<number>();
    const shared: number[] = [];
    const ports = parsedPorts.map((port, p): Port => {
      const net = netOf[d.portRoots[p]!]!;
      if (taken.has(net)) shared.push(p);
      taken.add(net);
      return { name: port.name, direction: port.direction, net };
    });
    const parts = {
      top: name,
      instNames: instances.map((inst) => inst.name),
      instMaster: d.instMaster,
      instPinStart: d.instPinStart,
      pinNet,
      netNames,
      ports,
      netIsClock: new Uint8Array(netNames.length),
    };
    const separated =
      shared.length === 0 ? parts : separatePorts(parts, this.#kit, shared, this.#diagnostics);
    return { value: assembleNetlist(separated, this.#kit), diagnostics: this.#diagnostics };
  }
}

type Parts = Parameters<typeof assembleNetlist>[0];

/** Gives each port in `shared` (all outputs: two inputs would be two drivers) a net of its own behind a buffer. */
function separatePorts(parts: Parts, kit: Kit, shared: readonly number[], diagnostics: Diagnostic[]): Parts {
  const buffer = kit.masters.findIndex((m) => m.name === kit.roles.buffers[0]);
  const pins = kit.masters[buffer]!.pins;
  const input = pins.findIndex((pin) => pin.direction === 'input' && pin.use === 'signal');
  const output = pins.findIndex((pin) => pin.direction === 'output');
  const instNames = [...parts.instNames];
  const netNames = [...parts.netNames];
  const ports = [...parts.ports];
  const pinNet = [...parts.pinNet];
  const pinStart = [...parts.instPinStart];
  const names = new Set([...instNames, ...netNames]);
  const fresh = (wanted: string): string => {
    let name = wanted;
    while (names.has(name)) name += '_';
    names.add(name);
    return name;
  };
  for (const p of shared) {
    const port = ports[p]!;
    const net = netNames.length;
    netNames.push(fresh(port.name));
    instNames.push(fresh(`port_buffer_${port.name}`));
    const base = pinNet.length;
    for (let k = 0; k < pins.length; k++) pinNet.push(NONE);
    pinNet[base + input] = port.net;
    pinNet[base + output] = net;
    pinStart.push(pinNet.length);
    ports[p] = { ...port, net };
    diagnostics.push({
      code: 'NETLIST-020',
      severity: 'warning',
      message: `port ${port.name} shared a net with another port; a buffer was put between`,
      place: port.name,
    });
  }
  return {
    ...parts,
    instNames,
    instMaster: Int32Array.from([...parts.instMaster, ...shared.map(() => buffer)]),
    instPinStart: Int32Array.from(pinStart),
    pinNet: Int32Array.from(pinNet),
    netNames,
    ports,
    netIsClock: new Uint8Array(netNames.length),
  };
}
