/** Names of ports, pins (`instance/PIN`) and instances looked up once. */
import { IngotError } from '../../base/diagnostic.ts';
import type { Kit } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';

export interface NameIndex {
  /** Pin id of a port or pin. Throws TIMING-012. */
  pin(name: string): number;
  /** Throws TIMING-012. */
  instance(name: string): number;
}

export function indexNames(netlist: Netlist, kit: Kit): NameIndex {
  let ports: Map<string, number> | null = null;
  let insts: Map<string, number> | null = null;
  const instOf = (name: string): number | undefined =>
    (insts ??= new Map(netlist.instNames.map((n, i) => [n, i]))).get(name);
  return {
    pin(name) {
      const port = (ports ??= new Map(netlist.ports.map((p, i) => [p.name, netlist.pinNet.length + i]))).get(
        name,
      );
      if (port !== undefined) return port;
      const slash = name.lastIndexOf('/');
      const inst = instOf(name.slice(0, Math.max(slash, 0)));
      const k =
        inst === undefined
          ? -1
          : kit.masters[netlist.instMaster[inst]].pins.findIndex((p) => p.name === name.slice(slash + 1));
      if (inst === undefined || k < 0)
        throw new IngotError('TIMING-012', `there is no port or pin ${name}`, { place: name });
      return netlist.instPinStart[inst] + k;
    },
    instance(name) {
      const inst = instOf(name);
      if (inst === undefined) throw new IngotError('TIMING-012', `there is no cell ${name}`, { place: name });
      return inst;
    },
  };
}
