/**
 * SPEF (IEEE 1481) of RC trees, out and in: one *D_NET per net, capacitances and resistors by node. A coupling
 * capacitance stands in both nets, own node first.
 * Node names: `*i:PIN` for pins, `*p` for ports, `*n:k` for node k of net n.
 * Units: 1 ps, 1 fF, 1 kOhm. The header holds no date, so that the same chip gives the same bytes.
 */
import { IngotError } from '../../base/diagnostic.ts';
import type { Kit } from '../kit/types.ts';
import { NONE, pinInstances, type Netlist } from '../netlist/index.ts';
import { ParasiticsBuilder } from './rc-graph.ts';
import { escapeName, spefNetNames, spefPortNames } from './spef-names.ts';
import type { Parasitics } from './types.ts';

/** Seven digits: a resistance of a micro-ohm or a capacitance of an attofarad is below any use. */
const num = (v: number): string => String(Number(v.toPrecision(7)));

function header(netlist: Netlist, source: Parasitics['source']): string[] {
  return [
    '*SPEF "IEEE 1481-1998"',
    `*DESIGN "${netlist.top}"`,
    '*DATE "undated"',
    '*VENDOR "Ingot"',
    '*PROGRAM "Ingot"',
    '*VERSION "1"',
    `*DESIGN_FLOW "${source === 'routed' ? 'ROUTED' : 'MODELLED BEFORE ROUTING'}" "COUPLING BY SPACING"`,
    '*DIVIDER /',
    '*DELIMITER :',
    '*BUS_DELIMITER [ ]',
    '*T_UNIT 1 PS',
    '*C_UNIT 1 FF',
    '*R_UNIT 1 KOHM',
    '*L_UNIT 1 HENRY',
    '',
  ];
}

interface NameMap {
  readonly lines: string[];
  readonly inst: (i: number) => string;
  readonly net: (n: number) => string;
}

function nameMap(netlist: Netlist, portNames: readonly string[]): NameMap {
  const lines = ['*NAME_MAP', ''];
  const nets = netlist.netNames.length;
  spefNetNames(netlist, portNames).forEach((name, n) => lines.push(`*${n + 1} ${name}`));
  netlist.instNames.forEach((name, i) => lines.push(`*${nets + i + 1} ${escapeName(name)}`));
  lines.push('');
  return { lines, net: (n) => `*${n + 1}`, inst: (i) => `*${nets + i + 1}` };
}

/** By node what is coupled to it. */
function couplingsByNode(parasitics: Parasitics): Map<number, { node: number; fF: number }[]> {
  const found = new Map<number, { node: number; fF: number }[]>();
  const { a, b, fF } = parasitics.coupling;
  const add = (from: number, to: number, value: number): void => {
    const list = found.get(from);
    if (list) list.push({ node: to, fF: value });
    else found.set(from, [{ node: to, fF: value }]);
  };
  for (let i = 0; i < a.length; i++) {
    add(a[i], b[i], fF[i]);
    add(b[i], a[i], fF[i]);
  }
  return found;
}

export function writeSpef(parasitics: Parasitics, netlist: Netlist, kit: Kit): string {
  const pins = netlist.pinNet.length;
  const inst = pinInstances(netlist);
  const portNames = spefPortNames(netlist);
  const map = nameMap(netlist, portNames);
  const lines = [...header(netlist, parasitics.source), ...map.lines, '*PORTS', ''];
  netlist.ports.forEach((port, p) => lines.push(`${portNames[p]} ${port.direction === 'input' ? 'I' : 'O'}`));
  lines.push('');
  const masterPin = (pin: number): { name: string; isSource: boolean; master: string } => {
    const master = kit.masters[netlist.instMaster[inst[pin]]];
    const p = master.pins[pin - netlist.instPinStart[inst[pin]]];
    return { name: p.name, isSource: p.direction !== 'input', master: master.name };
  };
  const pinNode = (pin: number): string =>
    pin >= pins ? portNames[pin - pins] : `${map.inst(inst[pin])}:${masterPin(pin).name}`;
  const partners = couplingsByNode(parasitics);
  const netOf = new Int32Array(parasitics.nodePin.length);
  for (let n = 0; n < netlist.netNames.length; n++)
    netOf.fill(n, parasitics.nodeStart[n], parasitics.nodeStart[n + 1]);
  const nodeName = (node: number): string => {
    const pin = parasitics.nodePin[node];
    const net = netOf[node];
    return pin === NONE ? `${map.net(net)}:${node - parasitics.nodeStart[net]}` : pinNode(pin);
  };
  for (let n = 0; n < netlist.netNames.length; n++) {
    const first = parasitics.nodeStart[n];
    const count = parasitics.nodeStart[n + 1] - first;
    if (count === 0) continue;
    const name = (k: number): string => nodeName(first + k);
    let total = 0;
    for (let k = 0; k < count; k++) total += parasitics.nodeCapFf[first + k];
    lines.push(`*D_NET ${map.net(n)} ${num(total)}`, '*CONN');
    for (let k = 0; k < count; k++) {
      const pin = parasitics.nodePin[first + k];
      if (pin === NONE) continue;
      if (pin >= pins)
        lines.push(`*P ${pinNode(pin)} ${netlist.ports[pin - pins].direction === 'input' ? 'I' : 'O'}`);
      else {
        const p = masterPin(pin);
        lines.push(`*I ${pinNode(pin)} ${p.isSource ? 'O' : 'I'} *D ${p.master}`);
      }
    }
    let index = 1;
    lines.push('*CAP');
    for (let k = 0; k < count; k++) {
      const couplings = partners.get(first + k) ?? [];
      let groundFf = parasitics.nodeCapFf[first + k];
      for (const { fF } of couplings) groundFf -= fF;
      // What is left of a sum by rounding is no capacitor.
      if (groundFf > 1e-9) lines.push(`${index++} ${name(k)} ${num(groundFf)}`);
      for (const { node, fF } of couplings) lines.push(`${index++} ${name(k)} ${nodeName(node)} ${num(fF)}`);
    }
    index = 1;
    lines.push('*RES');
    for (let k = 1; k < count; k++)
      lines.push(
        `${index++} ${name(parasitics.nodeParent[first + k])} ${name(k)} ${num(parasitics.nodeResKohm[first + k])}`,
      );
    lines.push('*END', '');
  }
  return lines.join('\n') + '\n';
}

/** Splits a SPEF line; escapes are kept, quotes do not occur in the sections that are read. */
const wordsOf = (line: string): string[] => line.trim().split(/\s+/);

const SCALES: Readonly<Record<string, number>> = {
  PS: 1,
  NS: 1e3,
  FF: 1,
  PF: 1e3,
  OHM: 1e-3,
  KOHM: 1,
};

/** Reads SPEF of tree or mesh nets back for this netlist. Throws EXTRACT-010, -011 with line and column. */
export function readSpef(text: string, netlist: Netlist, kit: Kit): Parasitics {
  const lines = text.split('\n');
  /** `word`: which one of the line is meant, from 0. */
  const fail = (line: number, message: string, word = 0, code = 'EXTRACT-010'): IngotError => {
    const starts = [...lines[line].matchAll(/\S+/g)].map((m) => m.index);
    const column = (starts[word] ?? lines[line].trimEnd().length) + 1;
    return new IngotError(code, message, {
      place: `spef:${line + 1}:${column}`,
      remedy: 'write the file anew for this netlist',
    });
  };
  const pins = netlist.pinNet.length;
  const portNames = spefPortNames(netlist);
  // Keys keep their escapes: `a[0]` of a vector and an internal `a\\[0\\]` are two names.
  const netIndex = new Map(spefNetNames(netlist, portNames).map((name, n) => [name, n]));
  const instIndex = new Map(netlist.instNames.map((name, i) => [escapeName(name), i]));
  const portIndex = new Map(portNames.map((name, p) => [name, p]));
  const pinIndex = kit.masters.map((m) => new Map(m.pins.map((p, k) => [p.name, k])));
  const names = new Map<string, string>();
  const scale = { C: 1, R: 1 };
  const nets: ({
    nodes: Map<string, number>;
    caps: Map<string, number>;
    edges: [string, string, number][];
    couplings: { nodes: [string, string]; fF: number; line: number }[];
    /** Where its *D_NET stands. */
    line: number;
  } | null)[] = netlist.netNames.map(() => null);
  let net: (typeof nets)[number] = null;
  let section = '';
  let source: Parasitics['source'] = 'routed';
  const resolve = (name: string): string => (name.startsWith('*') ? (names.get(name) ?? name) : name);
  const number = (w: readonly string[], word: number, line: number): number => {
    const v = Number(w[word]);
    if (w[word] === undefined || !Number.isFinite(v))
      throw fail(line, `expected a number, found ${w[word] ?? 'nothing'}`, word);
    return v;
  };
  lines.forEach((raw, at) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('//')) return;
    const w = wordsOf(line);
    if (w[0] === '*DESIGN_FLOW') {
      if (line.includes('MODELLED BEFORE ROUTING')) source = 'placement';
    } else if (w[0] === '*C_UNIT' || w[0] === '*R_UNIT') {
      const unit = Object.hasOwn(SCALES, w[2] ?? '') ? SCALES[w[2]] : undefined;
      if (unit === undefined) throw fail(at, `unknown unit ${w[2] ?? ''}`, 2);
      scale[w[0] === '*C_UNIT' ? 'C' : 'R'] = number(w, 1, at) * unit;
    } else if (/^\*[A-Z]/.test(w[0]) && !/^\*\d/.test(w[0])) {
      section = w[0];
      if (section === '*D_NET') {
        const n = netIndex.get(resolve(w[1] ?? ''));
        if (n === undefined) throw fail(at, `there is no net ${resolve(w[1] ?? '')}`, 1);
        if (nets[n]) throw fail(at, `net ${netlist.netNames[n]} stands twice`, 1);
        net = { nodes: new Map(), caps: new Map(), edges: [], couplings: [], line: at };
        nets[n] = net;
      } else if (section === '*I' || section === '*P') {
        if (!net) throw fail(at, `${section} outside a net`);
        if (w[1] === undefined) throw fail(at, `${section} names no node`);
        net.nodes.set(w[1], pinOf(resolveNode(w[1]), at));
      } else if (section === '*END') net = null;
    } else if (section === '*NAME_MAP') names.set(w[0], w[1] ?? '');
    else if (section === '*CAP' && net) {
      if (w.length !== 3 && w.length !== 4) throw fail(at, 'expected one or two nodes and a number');
      if (w.length === 4)
        net.couplings.push({ nodes: [w[1], w[2]], fF: number(w, 3, at) * scale.C, line: at });
      else net.caps.set(w[1], (net.caps.get(w[1]) ?? 0) + number(w, 2, at) * scale.C);
    } else if (section === '*RES' && net) net.edges.push([w[1], w[2], number(w, 3, at) * scale.R]);
    else if (section !== '*PORTS') throw fail(at, `cannot read "${line}"`);
  });
  function resolveNode(node: string): { name: string; pin: string | null } {
    const colon = node.lastIndexOf(':');
    if (colon < 0) return { name: resolve(node), pin: null };
    return { name: resolve(node.slice(0, colon)), pin: node.slice(colon + 1) };
  }
  function pinOf(node: { name: string; pin: string | null }, line: number): number {
    if (node.pin === null) {
      const p = portIndex.get(node.name);
      if (p === undefined) throw fail(line, `there is no port ${node.name}`, 1);
      return pins + p;
    }
    const i = instIndex.get(node.name);
    const k = i === undefined ? undefined : pinIndex[netlist.instMaster[i]].get(node.pin);
    if (i === undefined || k === undefined) throw fail(line, `there is no pin ${node.name}/${node.pin}`, 1);
    return netlist.instPinStart[i] + k;
  }
  const builder = new ParasiticsBuilder();
  /** Of all nets read: node as resolved -> index over all nets. */
  const nodeIndexOf = new Map<string, number>();
  const resolved = (node: string): string => {
    const { name, pin } = resolveNode(node);
    return pin === null ? name : `${name}:${pin}`;
  };
  nets.forEach((given, n) => {
    if (!given) return builder.finishEmpty();
    const ids = new Map<string, number>();
    const idOf = (name: string): number => {
      let id = ids.get(name);
      if (id === undefined) {
        id = builder.addNode(given.nodes.get(name) ?? NONE);
        ids.set(name, id);
      }
      return id;
    };
    for (const name of given.nodes.keys()) idOf(name);
    for (const [a, b, kOhm] of given.edges) builder.addEdge(idOf(a), idOf(b), kOhm);
    for (const [name, fF] of given.caps) builder.addCap(idOf(name), fF);
    const driver = netlist.netPins[netlist.netPinStart[n]];
    const root = [...given.nodes].find(([, pin]) => pin === driver)?.[0];
    if (root === undefined)
      throw fail(given.line, `net ${netlist.netNames[n]} lacks its driver`, 1, 'EXTRACT-011');
    const { nodeIndex } = builder.finishNet(idOf(root));
    for (const [name, id] of ids) if (nodeIndex[id] !== NONE) nodeIndexOf.set(resolved(name), nodeIndex[id]);
  });
  // A coupling stands in the nets of both its nodes; where the other net is not in the file it is to ground.
  nets.forEach((given) => {
    for (const { nodes, fF, line } of given?.couplings ?? []) {
      const [own, other] = nodes.map((node) => nodeIndexOf.get(resolved(node)));
      if (own === undefined && other === undefined)
        throw fail(line, `there is no node ${nodes[0]} or ${nodes[1]}`, 1);
      if (own !== undefined && other !== undefined && builder.netOf(own) === builder.netOf(other))
        throw fail(line, 'a coupling within one net', 2);
      if (own === undefined || other === undefined) builder.addGround((own ?? other)!, fF);
      else builder.addCoupling(own, other, fF / 2);
    }
  });
  return builder.build(source);
}
