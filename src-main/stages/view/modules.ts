/**
 * Which block of the design a cell belongs to. Synthesis flattens the design and numbers most cells, but
 * registers keep their hierarchical net names (`array.column[1].pe_0.sum[3]`). A cell whose name, or the name
 * of the net that it drives, has a path belongs to that path; any other to the block that it feeds by the
 * fewest cells (of equals the first found), else to the one that feeds it. So it is inferred, not recorded.
 */
import type { ViewModule } from '../../base/layout-view.ts';
import type { Kit } from '../kit/types.ts';
import { NONE, type Netlist } from '../netlist/types.ts';

/** Registers keep a bit index behind the last dot; blocks are what stands before it. */
export function blockOf(name: string): string | null {
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? null : name.slice(0, dot);
}

export interface Modules {
  readonly modules: readonly ViewModule[];
  /** [cells] -1 for cells without a signal pin */
  readonly cellModule: Int32Array;
}

export function findModules(netlist: Netlist, kit: Kit): Modules {
  const tree = new Tree(netlist.top);
  const cellModule = new Int32Array(netlist.instNames.length).fill(NONE);
  const found: number[] = [];
  const connects = new Uint8Array(netlist.instNames.length);
  for (let cell = 0; cell < cellModule.length; cell++) {
    const drives: number[] = [];
    eachPin(netlist, kit, cell, (net, isOutput) => {
      connects[cell] = 1;
      if (isOutput) drives.push(net);
    });
    const path =
      blockOf(netlist.instNames[cell]) ??
      drives.map((net) => blockOf(netlist.netNames[net])).find((p) => p !== null);
    if (connects[cell] === 0 || path === undefined) continue;
    cellModule[cell] = tree.of(path);
    found.push(cell);
  }
  spread(netlist, kit, cellModule, found, 'drivers');
  spread(
    netlist,
    kit,
    cellModule,
    [...cellModule.keys()].filter((c) => cellModule[c] !== NONE),
    'sinks',
  );
  for (let cell = 0; cell < cellModule.length; cell++)
    if (connects[cell] === 1 && cellModule[cell] === NONE) cellModule[cell] = 0;
  return { modules: tree.counted(netlist, kit, cellModule), cellModule };
}

function eachPin(
  netlist: Netlist,
  kit: Kit,
  cell: number,
  visit: (net: number, isOutput: boolean) => void,
): void {
  const { pins } = kit.masters[netlist.instMaster[cell]];
  const first = netlist.instPinStart[cell];
  for (let k = 0; k < pins.length; k++) {
    const net = netlist.pinNet[first + k];
    if (net !== NONE) visit(net, pins[k].direction === 'output');
  }
}

/** Breadth first from the cells already found, to what drives them or to what they drive. */
function spread(
  netlist: Netlist,
  kit: Kit,
  cellModule: Int32Array,
  seeds: readonly number[],
  towards: 'drivers' | 'sinks',
): void {
  const owner = pinOwners(netlist);
  const queue = [...seeds];
  for (let head = 0; head < queue.length; head++) {
    const cell = queue[head];
    eachPin(netlist, kit, cell, (net, isOutput) => {
      if (isOutput !== (towards === 'sinks') || netlist.netIsClock[net] === 1) return;
      const first = netlist.netPinStart[net];
      const [from, to] = isOutput ? [first + 1, netlist.netPinStart[net + 1]] : [first, first + 1];
      for (let p = from; p < to; p++) {
        const pin = netlist.netPins[p];
        const other = pin < owner.length ? owner[pin] : NONE;
        if (other === NONE || cellModule[other] !== NONE) continue;
        cellModule[other] = cellModule[cell];
        queue.push(other);
      }
    });
  }
}

function pinOwners({ instPinStart, pinNet }: Netlist): Int32Array {
  const owner = new Int32Array(pinNet.length);
  for (let i = 0; i + 1 < instPinStart.length; i++) owner.fill(i, instPinStart[i], instPinStart[i + 1]);
  return owner;
}

class Tree {
  readonly #names: string[];
  readonly #paths = [''];
  readonly #parents = [-1];
  readonly #depths = [0];
  readonly #ids = new Map<string, number>([['', 0]]);

  constructor(top: string) {
    this.#names = [top];
  }

  /** The module of a path, made with all it lies in. */
  of(path: string): number {
    const known = this.#ids.get(path);
    if (known !== undefined) return known;
    const dot = path.lastIndexOf('.');
    const parent = this.of(dot < 0 ? '' : path.slice(0, dot));
    const id = this.#names.length;
    this.#ids.set(path, id);
    this.#names.push(path.slice(dot + 1));
    this.#paths.push(path);
    this.#parents.push(parent);
    this.#depths.push(this.#depths[parent] + 1);
    return id;
  }

  counted(netlist: Netlist, kit: Kit, cellModule: Int32Array): ViewModule[] {
    const count = this.#names.length;
    const [cells, flops, area] = [new Int32Array(count), new Int32Array(count), new Float64Array(count)];
    cellModule.forEach((module, cell) => {
      if (module === NONE) return;
      const master = kit.masters[netlist.instMaster[cell]];
      cells[module]++;
      area[module] += master.areaUm2;
      if (master.sequential?.kind === 'flop') flops[module]++;
    });
    // Children stand behind their parents.
    for (let m = count - 1; m > 0; m--) {
      cells[this.#parents[m]] += cells[m];
      flops[this.#parents[m]] += flops[m];
      area[this.#parents[m]] += area[m];
    }
    return this.#names.map((name, m) => ({
      name,
      path: this.#paths[m],
      parent: this.#parents[m],
      depth: this.#depths[m],
      cells: cells[m],
      flops: flops[m],
      areaUm2: area[m],
    }));
  }
}
