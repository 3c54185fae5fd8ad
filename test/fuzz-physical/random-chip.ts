/** Random small netlists as Verilog text, with a floorplan's wishes: what a seed stands for, everywhere. */
import { makeRng } from '../../src-main/base/rng.ts';
import type { FloorplanOptions } from '../../src-main/stages/floorplan/index.ts';
import type { Kit, Master } from '../../src-main/stages/kit/types.ts';

export interface RandomChip {
  readonly seed: number;
  readonly verilog: string;
  readonly floorplan: Partial<FloorplanOptions>;
  readonly hasClock: boolean;
  /** Code that reading the netlist must refuse it with; null for a good one. */
  readonly mustRefuse: string | null;
}

/** Ways to spoil a netlist and what they must be refused with. */
const SPOILS = [
  ['two drivers', 'NETLIST-006'],
  ['no driver', 'NETLIST-007'],
  ['constant', 'NETLIST-008'],
  ['unknown cell', 'NETLIST-009'],
  ['unknown pin', 'NETLIST-009'],
  ['undeclared', 'NETLIST-004'],
  ['open input', 'NETLIST-010'],
] as const;
type Spoil = (typeof SPOILS)[number][0];

const SPOILT_SHARE = 0.06;
const CELLS_MAX = 320;
/** One seed in so many is a hard one: larger, full rows, odd shapes, many ports and flops. */
const HARD_EVERY = 20;
const HARD_CELLS = [300, 900] as const;
const isHard = (seed: number): boolean => seed % HARD_EVERY === 7;

interface Dice {
  readonly random: () => number;
  int(low: number, high: number): number;
  pick<T>(list: readonly T[]): T;
  chance(p: number): boolean;
}

function dice(seed: number): Dice {
  const random = makeRng(seed);
  const int = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
  return { random, int, pick: (list) => list[int(0, list.length - 1)]!, chance: (p) => random() < p };
}

const signalPins = (m: Master, direction: 'input' | 'output') =>
  m.pins.filter((p) => p.direction === direction && (p.use === 'signal' || p.use === 'clock'));

/** Cells drawn from: any of the kit, a few kinds only, the ones that are hard to reach, or mostly flops. */
function palette(d: Dice, kit: Kit, hard: boolean): Master[] {
  const cells = kit.masters.filter((m) => m.kind === 'core' && signalPins(m, 'output').length > 0);
  if (hard && d.chance(0.5)) {
    const flops = cells.filter((m) => m.sequential?.kind === 'flop');
    return [
      ...Array.from({ length: 12 }, () => d.pick(flops)),
      ...Array.from({ length: 8 }, () => d.pick(cells)),
    ];
  }
  const dense = cells.filter((m) => m.pins.length / m.widthDbu > 5 / (5 * kit.tech.siteWidthDbu));
  const of = d.chance(0.15) && dense.length > 0 ? dense : cells;
  const kinds = d.chance(0.3) ? d.int(1, 4) : d.int(5, 60);
  return Array.from({ length: kinds }, () => d.pick(of));
}

interface Instance {
  readonly master: Master;
  readonly name: string;
  readonly nets: Map<string, string>;
}

/** Instances with their outputs on nets of their own; some outputs are left open. */
function makeInstances(d: Dice, kit: Kit, count: number, hard: boolean): Instance[] {
  const masters = palette(d, kit, hard);
  const openShare = d.pick([0, 0, 0.1]);
  return Array.from({ length: count }, (_, i) => {
    const master = d.pick(masters);
    const nets = new Map<string, string>();
    signalPins(master, 'output').forEach((pin, k) => {
      if (!d.chance(openShare)) nets.set(pin.name, `n${i}_${k}`);
    });
    return { master, name: d.chance(0.05) ? `\\odd.name[${i}] ` : `u${i}`, nets };
  });
}

/** Gives every input a driver: mostly near and earlier ones, so that loops are the exception. */
function connectInputs(d: Dice, instances: readonly Instance[], inputs: readonly string[]): void {
  const reach = d.pick([8, 30, instances.length]);
  const hubs = d.chance(0.25) ? d.pick([0.2, 0.6, 0.95]) : 0;
  const loops = d.chance(0.1);
  const outputs = instances.map((inst) => [...inst.nets.values()]);
  const hub = d.chance(0.5) ? inputs[0]! : (outputs.find((o) => o.length > 0)?.[0] ?? inputs[0]!);
  instances.forEach((inst, i) => {
    for (const pin of signalPins(inst.master, 'input')) {
      if (pin.isClock && inputs.includes('clk')) {
        inst.nets.set(pin.name, 'clk');
        continue;
      }
      inst.nets.set(pin.name, d.chance(hubs) ? hub : nearby(i));
    }
  });

  function nearby(i: number): string {
    const isFree = loops || instances[i]!.master.sequential?.kind === 'flop';
    for (let attempt = 0; attempt < 4; attempt++) {
      const from = i - d.int(1, reach) + (isFree && d.chance(0.5) ? reach : 0);
      const list = outputs[from];
      if (list && list.length > 0) return d.pick(list);
    }
    return d.pick(inputs);
  }
}

const pinText = ([pin, net]: readonly [string, string]): string => `.${pin}(${net})`;
const instanceText = (i: Instance): string =>
  `  ${i.master.name} ${i.name} (${[...i.nets].map(pinText).join(', ')});`;

/** One line that spoils the netlist. */
function spoilLine(what: Spoil, driven: string): string {
  const buffer = (a: string, z: string, cell = 'BUF_X1', pin = 'A'): string =>
    `  ${cell} bad (.${pin}(${a}), .Z(${z}));`;
  if (what === 'two drivers') return buffer(driven, driven);
  if (what === 'no driver') return buffer('nobody', 'bad_z') + '\n  BUF_X1 bad2 (.A(nobody), .Z());';
  if (what === 'constant') return buffer("1'b0", 'bad_z');
  if (what === 'open input') return '  BUF_X1 bad (.Z(bad_z));';
  if (what === 'unknown cell') return buffer(driven, 'bad_z', 'NO_SUCH_CELL');
  if (what === 'unknown pin') return buffer(driven, 'bad_z', 'BUF_X1', 'NOPE');
  return buffer('undeclared_name', 'bad_z');
}

export function randomChip(seed: number, kit: Kit): RandomChip {
  const d = dice(seed);
  const hard = isHard(seed);
  const count = hard ? d.int(...HARD_CELLS) : Math.max(1, Math.round(CELLS_MAX ** d.random()));
  const hasClock = d.chance(0.85);
  const portsMost = d.pick(hard ? [40, 150] : [0, 3, 12, 40, 150]);
  const inputs = [
    ...(hasClock ? ['clk'] : []),
    ...Array.from({ length: d.int(hasClock ? 0 : 1, Math.max(1, portsMost)) }, (_, k) => `in${k}`),
  ];
  const instances = makeInstances(d, kit, count, hard);
  connectInputs(d, instances, inputs);
  const driven = [...instances.flatMap((i) => signalNets(i)), ...inputs];
  // Several outputs of one net, and an output of an input, get buffers from the reader.
  const outputs =
    driven.length === 0 ? [] : Array.from({ length: d.int(0, portsMost) }, () => d.pick(driven));
  const spoil = d.chance(SPOILT_SHARE) && driven.length > 0 ? d.pick(SPOILS) : null;
  const wires = [
    ...new Set([...instances.flatMap((i) => signalNets(i)), ...(spoil ? ['nobody', 'bad_z'] : [])]),
  ];
  const ports = [...inputs, ...outputs.map((_, k) => `out${k}`)];
  const verilog = [
    `module random${seed} (${ports.join(', ')});`,
    ...inputs.map((name) => `  input ${name};`),
    ...outputs.map((_, k) => `  output out${k};`),
    ...wires.map((name) => `  wire ${name};`),
    ...outputs.map((net, k) => `  assign out${k} = ${net};`),
    ...instances.map(instanceText),
    ...(spoil ? [spoilLine(spoil[0], d.pick(driven))] : []),
    'endmodule',
    '',
  ].join('\n');
  const floorplan = {
    utilization: hard ? 0.55 + 0.4 * d.random() : 0.2 + 0.7 * d.random(),
    aspectRatio: Math.exp((d.random() * 2 - 1) * Math.log(d.pick(hard ? [3, 12] : [1.2, 3, 10]))),
    marginUm: d.pick([0.5, 2.8, 2.8, 7]),
  };
  return { seed, verilog, floorplan, hasClock, mustRefuse: spoil?.[1] ?? null };

  function signalNets(i: Instance): string[] {
    return signalPins(i.master, 'output').flatMap((p) => i.nets.get(p.name) ?? []);
  }
}
