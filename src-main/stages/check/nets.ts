import type { Kit } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import { NONE } from '../netlist/types.ts';
import type { FlatLayout } from './flatten.ts';
import type { Findings } from './findings.ts';

/** A place of the layout that the netlist gives a net: a cell pin or a port's label. */
export interface Terminal {
  readonly node: number;
  /** Netlist net; then VDD, VSS; then one number for each pin or piece of metal without a net. */
  readonly net: number;
}

export interface Terminals {
  readonly nodes: Int32Array;
  readonly nets: Int32Array;
  /** Terminals [0, real) have a net of the netlist or a supply; the others only guard against shorts. */
  readonly real: number;
  /** Name of any net number, for messages. */
  readonly nameOf: (net: number) => string;
}

/**
 * What the netlist says about the layout's cells and labels. Cells are matched by the name on their
 * reference. Each pin is a terminal of its net, each power pin of its supply; a pin without a net and
 * a piece of metal inside a cell that belongs to no pin must meet nothing.
 */
export function findTerminals(flat: FlatLayout, netlist: Netlist, kit: Kit, found: Findings): Terminals {
  const netCount = netlist.netNames.length;
  const [power, ground] = [netCount, netCount + 1];
  const real: Terminal[] = [];
  const guards: Terminal[] = [];
  const guardNames: string[] = [];
  const guard = (node: number, name: string): void => {
    guards.push({ node, net: netCount + 2 + guards.length });
    guardNames.push(name);
  };
  const indexOf = new Map(netlist.instNames.map((name, i) => [name, i]));
  const isFound = new Uint8Array(netlist.instNames.length);
  for (const cell of flat.cells) {
    const inst = cell.name === '' ? -1 : (indexOf.get(cell.name) ?? -1);
    const isSame = inst >= 0 && kit.masters[netlist.instMaster[inst]!] === cell.master && !isFound[inst];
    if (isSame) isFound[inst] = 1;
    else if (inst >= 0 || (cell.master.kind !== 'filler' && cell.master.kind !== 'tap')) {
      found.add(
        'extra-instance',
        -1,
        cell.box.x1,
        cell.box.y1,
        [],
        `${cell.master.name} ${cell.name || 'without a name'}`,
      );
      continue;
    }
    const hasPin = new Uint8Array(cell.geometry.pieces);
    cell.master.pins.forEach((pin, k) => {
      const piece = cell.geometry.pinPiece[k]!;
      const isSupply = pin.use === 'power' || pin.use === 'ground';
      const net = isSupply
        ? pin.use === 'power'
          ? power
          : ground
        : isSame
          ? netlist.pinNet[netlist.instPinStart[inst]! + k]!
          : NONE;
      if (piece < 0) {
        if (net !== NONE)
          found.add('missing-pin', -1, cell.box.x1, cell.box.y1, [], `${cell.name}/${pin.name} has no metal`);
        return;
      }
      hasPin[piece] = 1;
      if (net === NONE) guard(cell.firstNode + piece, `${cell.name}/${pin.name}`);
      else real.push({ node: cell.firstNode + piece, net });
    });
    for (let piece = 0; piece < hasPin.length; piece++)
      if (!hasPin[piece]) guard(cell.firstNode + piece, `inside ${cell.name}`);
  }
  isFound.forEach((is, i) => {
    if (!is) found.add('missing-instance', -1, 0, 0, [], netlist.instNames[i]!);
  });
  found.checked('missing-instance', netlist.instNames.length);
  found.checked('extra-instance', flat.cells.length);
  found.checked('missing-pin', real.length);
  const ofLabel = (net: number, name: string): void => labelTerminals(flat, net, name, real, found);
  netlist.ports.forEach((port) => ofLabel(port.net, port.name));
  ofLabel(power, kit.roles.powerPin);
  ofLabel(ground, kit.roles.groundPin);
  found.checked('missing-label', netlist.ports.length + 2);
  const all = [...real, ...guards];
  return {
    nodes: Int32Array.from(all, (t) => t.node),
    nets: Int32Array.from(all, (t) => t.net),
    real: real.length,
    nameOf: (net) => {
      if (net < netCount) return netlist.netNames[net]!;
      return net === power
        ? kit.roles.powerPin
        : net === ground
          ? kit.roles.groundPin
          : guardNames[net - netCount - 2]!;
    },
  };
}

/** A label's terminal is the free metal under it, on its own layer. Every label of the name counts. */
function labelTerminals(
  flat: FlatLayout,
  net: number,
  name: string,
  real: Terminal[],
  found: Findings,
): void {
  const labels = flat.labels.filter((label) => label.text === name);
  let count = 0;
  for (const { layer, x, y } of labels) {
    const t = flat.layers[layer]!;
    for (let i = 0; i < t.count; i++) {
      if (t.owner[i] !== -1 || x < t.x1[i]! || x > t.x2[i]! || y < t.y1[i]! || y > t.y2[i]!) continue;
      real.push({ node: t.node[i]!, net });
      count++;
      break;
    }
  }
  if (count === 0 || count < labels.length)
    found.add(
      'missing-label',
      -1,
      labels[0]?.x ?? 0,
      labels[0]?.y ?? 0,
      [name],
      `port ${name} has no label on metal`,
    );
}
