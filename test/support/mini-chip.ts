/**
 * A made-up kit and random little chips, so that these tests need no foreign data. Metals alternate in direction and
 * pitches differ by layer (190/140/280 nm), so positions on a track are irregular as in a real 45 nm kit.
 */
import { makeRng } from '../../src-main/base/rng.ts';
import type { Rect } from '../../src-main/base/geometry.ts';
import type { Floorplan, PortPin, PowerShape, PowerVia } from '../../src-main/stages/floorplan/types.ts';
import type { Kit, Layer, Master, MasterPin, ViaDef } from '../../src-main/stages/kit/types.ts';
import type { Netlist, Port } from '../../src-main/stages/netlist/types.ts';
import type { Placement } from '../../src-main/stages/placement/types.ts';

const box = (x1: number, y1: number, x2: number, y2: number): Rect => ({ x1, y1, x2, y2 });
const about = (x: number, y: number, hx: number, hy: number): Rect => box(x - hx, y - hy, x + hx, y + hy);
const SITE = 380;
const ROW = 2800;

function layers(): Layer[] {
  const out: Layer[] = [];
  for (let m = 1; m <= 6; m++) {
    const thick = m >= 4;
    out.push({
      kind: 'routing',
      name: `metal${m}`,
      direction: m % 2 === 1 ? 'H' : 'V',
      pitchDbu: thick ? 560 : m === 2 ? 380 : 280,
      offsetDbu: m % 2 === 1 ? 140 : 190,
      widthDbu: thick ? 280 : 140,
      spacingDbu: thick ? 280 : 140,
      wideSpacing: thick
        ? [{ widthDbu: 540, prlDbu: 1800, spacingDbu: 540 }]
        : m === 1
          ? []
          : [{ widthDbu: 180, prlDbu: 600, spacingDbu: 180 }],
      resistanceOhmPerSquare: 0.2,
      thicknessUm: 0,
      heightUm: 0,
      capacitanceFfPerUm: 0.1,
      resistanceOhmPerUm: 3,
      gdsLayer: 10 + 2 * m,
    });
    if (m === 6) break;
    out.push({
      kind: 'cut',
      name: `via${m}`,
      widthDbu: m >= 4 ? 280 : 140,
      spacingDbu: m >= 4 ? 320 : m === 1 ? 160 : 180,
      resistanceOhm: 5,
      gdsLayer: 11 + 2 * m,
    });
  }
  return out;
}

function vias(): ViaDef[] {
  const via = (m: number, name: string, below: Rect, above: Rect): ViaDef => {
    const h = m >= 4 ? 140 : 70;
    const l = 2 * (m - 1);
    return {
      name,
      below: l,
      cut: l + 1,
      above: l + 2,
      belowRect: below,
      aboveRect: above,
      cutRects: [about(0, 0, h, h)],
    };
  };
  const [lying, standing, big] = [about(0, 0, 140, 70), about(0, 0, 70, 140), about(0, 0, 140, 140)];
  return [
    via(1, 'via1_square', big, big),
    via(1, 'via1_standing', standing, standing),
    via(1, 'via1_lying', lying, standing),
    via(2, 'via2', standing, lying),
    via(3, 'via3', lying, big),
    via(4, 'via4', big, big),
    via(5, 'via5', big, big),
  ];
}

function pin(name: string, direction: MasterPin['direction'], use: MasterPin['use'], rect: Rect): MasterPin {
  return {
    name,
    direction,
    use,
    shapes: [{ layer: 0, rect }],
    capacitanceFf: 1,
    riseCapacitanceFf: 1,
    fallCapacitanceFf: 1,
    maxCapacitanceFf: 60,
    maxSlewPs: 200,
    function: null,
    threeState: null,
    isClock: false,
    arcs: [],
    power: [],
    antennaGateAreaUm2: direction === 'input' ? 0.02 : 0,
  };
}

/** n inputs, one output; pins are upright bars on the tracks of metal2. */
function gate(name: string, inputs: number): Master {
  const width = (inputs + 1) * SITE;
  const bar = (k: number, low: number, high: number): Rect => box(k * SITE + 90, low, k * SITE + 290, high);
  const pins = Array.from({ length: inputs }, (_, k) =>
    pin(`A${k}`, 'input', 'signal', bar(k, 900 + 280 * (k % 2), 1500 + 280 * (k % 2))),
  );
  pins.push(pin('Z', 'output', 'signal', bar(inputs, 600, 2200)));
  pins.push(pin('VDD', 'inout', 'power', box(0, ROW - 170, width, ROW + 170)));
  pins.push(pin('VSS', 'inout', 'ground', box(0, -170, width, 170)));
  return {
    name,
    kind: 'core',
    widthDbu: width,
    heightDbu: ROW,
    pins,
    obstructions: [],
    areaUm2: (width * ROW) / 4e6,
    leakageNw: 1,
    leakageStates: [],
    sequential: null,
    dontUse: false,
  };
}

export const miniKit: Kit = {
  name: 'mini',
  tech: {
    dbuPerUm: 2000,
    gridDbu: 10,
    layers: layers(),
    vias: vias(),
    viaRules: [],
    siteName: 'site',
    siteWidthDbu: SITE,
    rowHeightDbu: ROW,
  },
  masters: [gate('INV', 1), gate('NAND2', 2), gate('NAND3', 3)],
  voltageV: 1,
  temperatureC: 25,
  defaultMaxSlewPs: 200,
  slewLower: 0.3,
  slewUpper: 0.7,
  roles: { minSignalLayer: 'metal2', maxSignalLayer: 'metal6' } as Kit['roles'],
};

export interface MiniChip {
  readonly netlist: Netlist;
  readonly floorplan: Floorplan;
  readonly placement: Placement;
}

/** Power: rails on metal1, straps on metal4 with via stacks down. */
function powerGrid(core: Rect, rows: number): Pick<Floorplan, 'powerShapes' | 'powerVias' | 'powerViaDefs'> {
  const powerShapes: PowerShape[] = [];
  const powerVias: PowerVia[] = [];
  const rail = (r: number): 'power' | 'ground' => (r % 2 === 0 ? 'ground' : 'power');
  for (let r = 0; r <= rows; r++) {
    powerShapes.push({
      net: rail(r),
      layer: 0,
      kind: 'followpin',
      rect: box(core.x1, core.y1 + r * ROW - 170, core.x2, core.y1 + r * ROW + 170),
    });
  }
  const row = (m: number, pitch: number, belowX: number, aboveX: number): ViaDef => ({
    name: `p${m}`,
    below: 2 * m - 2,
    cut: 2 * m - 1,
    above: 2 * m,
    belowRect: about(0, 0, belowX, 140),
    aboveRect: about(0, 0, aboveX, 140),
    cutRects: [-1, 0, 1].map((k) => about(k * pitch, 0, 70, 70)),
  });
  for (let k = 0, x = core.x1 + 6000; x < core.x2 - 2000; x += 12000, k++) {
    powerShapes.push({
      net: rail(k),
      layer: 6,
      kind: 'strap',
      rect: box(x - 480, core.y1 - 170, x + 480, core.y2 + 170),
    });
    for (let r = k % 2; r <= rows; r += 2) {
      for (let via = 0; via < 3; via++)
        powerVias.push({ net: rail(k), via, xDbu: x, yDbu: core.y1 + r * ROW });
    }
  }
  return {
    powerShapes,
    powerVias,
    powerViaDefs: [row(1, 300, 440, 440), row(2, 320, 440, 460), row(3, 320, 460, 480)],
  };
}

/** Random gates in rows, `fill` of the sites used; each input is driven by a gate nearby or a port. */
export function miniChip(seed: number, rows: number, sites: number, fill: number, ports = 6): MiniChip {
  const random = makeRng(seed);
  const core = box(10 * SITE, 2 * ROW, (10 + sites) * SITE, (2 + rows) * ROW);
  const die = box(0, 0, core.x2 + 10 * SITE, core.y2 + 2 * ROW);
  const masterOf: number[] = [];
  const at: [number, number, number][] = [];
  for (let r = 0; r < rows; r++) {
    for (let s = 0; s < sites;) {
      const m = Math.floor(random() * 3);
      const w = m + 2;
      if (random() > fill || s + w > sites) {
        s++;
        continue;
      }
      masterOf.push(m);
      const flip = random() < 0.5 ? 2 : 0;
      at.push([core.x1 + s * SITE, core.y1 + r * ROW, r % 2 === 0 ? flip : flip ^ 3]);
      s += w;
    }
  }
  const { masters, tech } = miniKit;
  const instPinStart = new Int32Array(masterOf.length + 1);
  masterOf.forEach((m, i) => (instPinStart[i + 1] = instPinStart[i] + masters[m].pins.length));
  const pinCount = instPinStart[masterOf.length];
  const pinNet = new Int32Array(pinCount).fill(-1);
  // Net i is driven by gate i; behind them one net per input port.
  const members: number[][] = masterOf.map((m, i) => [instPinStart[i] + m + 1]);
  const portList: Port[] = [];
  const portPins: PortPin[] = [];
  for (let p = 0; p < ports; p++) {
    portList.push({ name: `p${p}`, direction: 'input', net: members.length });
    members.push([pinCount + p]);
    const left = p % 2 === 0;
    const y = 140 + 560 * Math.round((core.y1 + ((p + 0.5) / ports) * (core.y2 - core.y1)) / 560);
    portPins.push({
      port: p,
      layer: 8,
      rect: left ? box(0, y - 140, 560, y + 140) : box(die.x2 - 560, y - 140, die.x2, y + 140),
    });
  }
  masterOf.forEach((m, i) => {
    for (let k = 0; k <= m; k++) {
      const spread = random() < 0.85 ? 12 : masterOf.length;
      const near = i + Math.round((random() - 0.5) * 2 * spread);
      const net =
        random() < 0.05
          ? masterOf.length + Math.floor(random() * ports)
          : Math.min(Math.max(near, 0), masterOf.length - 1);
      members[net].push(instPinStart[i] + k);
    }
  });
  members.forEach((list, e) => list.forEach((q) => q < pinCount && (pinNet[q] = e)));
  const netPinStart = new Int32Array(members.length + 1);
  members.forEach((list, e) => (netPinStart[e + 1] = netPinStart[e] + list.length));
  const track = (l: number): Floorplan['tracks'][number] => {
    const m = tech.layers[l];
    if (m.kind !== 'routing') throw new Error('no routing layer');
    const size = m.direction === 'V' ? die.x2 : die.y2;
    return {
      layer: l,
      startDbu: m.offsetDbu,
      stepDbu: m.pitchDbu,
      count: Math.floor((size - m.offsetDbu) / m.pitchDbu) + 1,
    };
  };
  return {
    netlist: {
      top: `mini${seed}`,
      instNames: masterOf.map((_, i) => `g${i}`),
      instMaster: Int32Array.from(masterOf),
      instPinStart,
      pinNet,
      netNames: members.map((_, e) => `n${e}`),
      ports: portList,
      netPinStart,
      netPins: Int32Array.from(members.flat()),
      netIsClock: new Uint8Array(members.length),
    },
    floorplan: {
      die,
      core,
      rows: [],
      tracks: [0, 2, 4, 6, 8, 10].map(track),
      portPins,
      ...powerGrid(core, rows),
    },
    placement: {
      xDbu: Int32Array.from(at, (a) => a[0]),
      yDbu: Int32Array.from(at, (a) => a[1]),
      orient: Uint8Array.from(at, (a) => a[2]),
      isFixed: new Uint8Array(at.length),
    },
  };
}
