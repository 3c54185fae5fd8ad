/**
 * HPWL on public placed DEFs of NanGate45, beside what OpenROAD reached (figures of its own regression logs and
 * placed files, as ../shared/physical.md section 6 has them). The DEFs are not ours and not here: give the
 * folder with medium01.def, aes_cipher_top.def, ibex_core.def, *_replace.def and aes-opt.def.
 *   node test/bench/placement-public.ts FOLDER [CASE...]
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ORIENT_N } from '../../src-main/base/geometry.ts';
import { makeTracks, type Floorplan, type Placement } from '../../src-main/stages/floorplan/index.ts';
import type { Kit } from '../../src-main/stages/kit/types.ts';
import { DEF_ALL, DEF_FIXED, DEF_PIN, readDef, type DefDesign } from '../../src-main/stages/layout/index.ts';
import { assembleNetlist } from '../../src-main/stages/netlist/connectivity.ts';
import type { Netlist } from '../../src-main/stages/netlist/index.ts';
import {
  hpwl,
  improveDetailed,
  legalise,
  placeGlobal,
  verifyPlacement,
} from '../../src-main/stages/placement/index.ts';
import { kitFiles, nangate45 } from '../support/kit.ts';
import { cpuSeconds, printTable, type Row } from './table.ts';

interface Case {
  readonly name: string;
  readonly file: string;
  readonly step: 'global' | 'legal' | 'detailed';
  /** um; of the study's prototype and of OpenROAD */
  readonly study: number;
  readonly openroad: number;
  readonly density?: number;
  /** Every pin at its cell's lower left corner: how the study took this case, its LEF having polygons only. */
  readonly pinsAtOrigin?: boolean;
}

const CASES: readonly Case[] = [
  {
    name: 'dynamic_node',
    file: 'medium01.def',
    step: 'global',
    study: 378_721,
    openroad: 383_099,
    density: 0.7,
  },
  {
    name: 'dynamic_node, pins at origins',
    file: 'medium01.def',
    step: 'global',
    study: 373_957,
    openroad: 389_635,
    density: 0.7,
    pinsAtOrigin: true,
  },
  { name: 'aes', file: 'aes_cipher_top.def', step: 'global', study: 364_766, openroad: 363_796, density: 1 },
  { name: 'ibex', file: 'ibex_core.def', step: 'global', study: 636_084, openroad: 636_803, density: 1 },
  { name: 'aes', file: 'aes_cipher_top_replace.def', step: 'legal', study: 368_616, openroad: 384_291 },
  { name: 'ibex', file: 'ibex_core_replace.def', step: 'legal', study: 648_279, openroad: 663_932 },
  { name: 'gcd', file: 'gcd_replace.def', step: 'legal', study: 7_259, openroad: 7_736 },
  { name: 'aes-opt', file: 'aes-opt.def', step: 'detailed', study: 355_654, openroad: 359_806 },
];

/** Well taps and fillers of other names and the same width. */
const SAME: Readonly<Record<string, string>> = { TAPCELL_X1: 'FILLCELL_X1' };

interface Design {
  readonly netlist: Netlist;
  readonly floorplan: Floorplan;
  readonly placement: Placement;
}

const ORIGIN = { x1: 0, y1: 0, x2: 0, y2: 0 };
const withPinsAtOrigin = (kit: Kit): Kit => ({
  ...kit,
  masters: kit.masters.map((m) => ({
    ...m,
    pins: m.pins.map((p) => ({ ...p, shapes: p.shapes.slice(0, 1).map((s) => ({ ...s, rect: ORIGIN })) })),
  })),
});

/** The netlist that the DEF itself carries; every net counts, clocks too. */
function designOf(def: DefDesign, kit: Kit): Design {
  const masters = new Map(kit.masters.map((m, k) => [m.name, k]));
  const instMaster = Int32Array.from(def.componentMasters, (name) => {
    const master = masters.get(SAME[name] ?? name);
    if (master === undefined) throw new Error(`the kit has no ${name}`);
    return master;
  });
  const instPinStart = new Int32Array(instMaster.length + 1);
  instMaster.forEach((m, i) => (instPinStart[i + 1] = instPinStart[i]! + kit.masters[m]!.pins.length));
  const pinNet = new Int32Array(instPinStart[instMaster.length]!).fill(-1);
  const portNet = new Map<string, number>();
  const { nets } = def;
  nets.names.forEach((_, n) => {
    for (let c = nets.connectionStart[n]!; c < nets.connectionStart[n + 1]!; c++) {
      const [i, pin] = [nets.connectionComponent[c]!, nets.connectionPins[c]!];
      if (i === DEF_PIN) portNet.set(pin, n);
      else if (i !== DEF_ALL) {
        const k = kit.masters[instMaster[i]!]!.pins.findIndex((p) => p.name === pin);
        pinNet[instPinStart[i]! + k] = n;
      }
    }
  });
  const pins = def.pins.filter((p) => portNet.has(p.name));
  const netlist = assembleNetlist(
    {
      top: def.design,
      instNames: def.componentNames,
      instMaster,
      instPinStart,
      pinNet,
      netNames: nets.names,
      ports: pins.map((p) => ({
        name: p.name,
        direction: p.direction === 'INPUT' ? 'input' : 'output',
        net: portNet.get(p.name)!,
      })),
      netIsClock: new Uint8Array(nets.names.length),
    },
    kit,
  );
  const rows = def.rows.map(({ name, xDbu, yDbu, sites, orient }) => ({ name, xDbu, yDbu, sites, orient }));
  rows.sort((a, b) => a.yDbu - b.yDbu);
  const site = kit.tech.siteWidthDbu;
  const core = {
    x1: rows[0]!.xDbu,
    y1: rows[0]!.yDbu,
    x2: rows[0]!.xDbu + rows[0]!.sites * site,
    y2: rows[rows.length - 1]!.yDbu + kit.tech.rowHeightDbu,
  };
  const portPins = pins.flatMap((p, port) =>
    p.shapes[0] ? [{ port, layer: 0, rect: p.shapes[0].rect }] : [],
  );
  const floorplan: Floorplan = {
    die: def.die,
    core,
    rows,
    tracks: makeTracks(kit.tech, def.die),
    portPins,
    powerShapes: [],
    powerVias: [],
    powerViaDefs: [],
  };
  const placement: Placement = {
    xDbu: def.componentXDbu,
    yDbu: def.componentYDbu,
    orient: def.componentOrient,
    isFixed: Uint8Array.from(def.componentStatus, (s) => (s === DEF_FIXED ? 1 : 0)),
  };
  return { netlist, floorplan, placement };
}

function run(c: Case, d: Design, kit: Kit): { placement: Placement; note: string } {
  const { netlist, floorplan, placement } = d;
  if (c.step === 'global') {
    const bare = {
      ...placement,
      orient: placement.orient.map((o, i) => (placement.isFixed[i] ? o : ORIENT_N)),
    };
    const done = placeGlobal(netlist, kit, floorplan, bare, {
      paddingSites: new Uint8Array(netlist.instMaster.length),
      ...(c.density ? { density: c.density } : {}),
      targetOverflow: 0.1,
    });
    // Overlaps make wires short: the legal length beside it keeps the figure honest.
    const legal = legalise(netlist, kit, floorplan, done.placement);
    const legalUm = hpwl(netlist, kit, floorplan, legal.placement) / kit.tech.dbuPerUm;
    return {
      placement: done.placement,
      note: `legal ${legalUm.toFixed(0)} (moves mean ${(legal.meanMoveDbu / kit.tech.dbuPerUm).toFixed(2)} um), overflow ${done.overflow.toFixed(3)}, ${done.iterations} iterations, ${done.bins} bins`,
    };
  }
  const step = c.step === 'legal' ? legalise(netlist, kit, floorplan, placement) : null;
  const done = step ?? improveDetailed(netlist, kit, floorplan, placement);
  const { problems } = verifyPlacement(netlist, kit, floorplan, done.placement, { before: placement });
  const um = (dbu: number): string => (dbu / kit.tech.dbuPerUm).toFixed(2);
  const moves = step ? `moves mean ${um(step.meanMoveDbu)}, max ${um(step.maxMoveDbu)} um, ` : '';
  return { placement: done.placement, note: `${moves}${problems.length} violations` };
}

const [folder, ...wanted] = process.argv.slice(2);
if (!folder || !kitFiles) console.log('SKIPPED: name a folder of public DEFs, and have the NanGate45 kit');
else {
  const whole = nangate45();
  const table: Row[] = [];
  for (const c of CASES) {
    const path = join(folder, c.file);
    if (wanted.length > 0 && !wanted.includes(`${c.name}-${c.step}`)) continue;
    if (!existsSync(path)) {
      console.log(`SKIPPED ${c.name} ${c.step}: there is no ${c.file}`);
      continue;
    }
    const kit = c.pinsAtOrigin ? withPinsAtOrigin(whole) : whole;
    const d = designOf(readDef(readFileSync(path, 'latin1')).value, kit);
    const um = (p: Placement): number => hpwl(d.netlist, kit, d.floorplan, p) / kit.tech.dbuPerUm;
    const { value, seconds } = cpuSeconds(() => run(c, d, kit));
    const ours = um(value.placement);
    const against = (other: number): string => `${(100 * (ours / other - 1)).toFixed(1)} %`;
    table.push([
      `${c.step} ${c.name}`, d.netlist.instMaster.length, um(d.placement).toFixed(0),
      ours.toFixed(0), c.study, against(c.study), c.openroad, against(c.openroad), seconds.toFixed(1), value.note,
    ]); // prettier-ignore
  }
  printTable(
    'HPWL on public DEFs, um',
    ['step', 'cells', 'given', 'ours', 'study', 'against it', 'OpenROAD', 'against it', 'CPU s', 'notes'],
    table,
  );
}
