/** What OpenROAD's scripts are told of kit and floorplan: plain data, so that the scripts are a pure function of it. */
import { DEFAULT_POWER_GRID, type Floorplan } from '../../stages/floorplan/index.ts';
import type { Kit, RoutingLayer } from '../../stages/kit/index.ts';
import type { Netlist } from '../../stages/netlist/index.ts';

export interface Strap {
  readonly layer: string;
  readonly widthUm: number;
  readonly pitchUm: number;
  readonly offsetUm: number;
}

export interface LayerPlan {
  readonly name: string;
  /** Ohm and fF per um of a wire of minimum width: Ingot's own table. */
  readonly ohmPerUm: number;
  readonly ffPerUm: number;
  /** Share of the tracks that global routing leaves alone. */
  readonly adjustment: number;
}

export interface OpenRoadPlan {
  readonly top: string;
  readonly site: string;
  /** x1, y1, x2, y2 in um. */
  readonly dieUm: readonly number[];
  readonly coreUm: readonly number[];
  readonly tracks: readonly {
    readonly layer: string;
    readonly xOffsetUm: number;
    readonly xPitchUm: number;
    readonly yOffsetUm: number;
    readonly yPitchUm: number;
  }[];
  readonly layers: readonly LayerPlan[];
  /** Name and Ohm of one cut. */
  readonly cuts: readonly { readonly name: string; readonly ohm: number }[];
  readonly minLayer: string;
  readonly maxLayer: string;
  readonly minClockLayer: string;
  readonly signalRcLayer: string;
  readonly clockRcLayer: string;
  readonly portLayerH: string;
  readonly portLayerV: string;
  readonly railLayer: string;
  readonly railWidthUm: number;
  /** Bottom up. */
  readonly straps: readonly Strap[];
  readonly powerPin: string;
  readonly groundPin: string;
  readonly voltageV: number;
  readonly tap: string;
  readonly tapDistanceUm: number;
  readonly fillers: readonly string[];
  readonly tieHigh: string;
  readonly tieLow: string;
  readonly diode: string;
  readonly clockBuffer: string;
  readonly dontUse: readonly string[];
  /** Masters that have no place in a netlist: taps and fillers. */
  readonly physical: readonly string[];
}

/** Share of the tracks that power, pins and blockages take: more on the narrow layers, as ORFS has it for this kit. */
const ADJUSTMENT_LOW = 0.5;
const ADJUSTMENT_HIGH = 0.25;
export function openRoadPlan(netlist: Netlist, kit: Kit, floorplan: Floorplan): OpenRoadPlan {
  const { tech, roles } = kit;
  const um = (dbu: number): number => Number((dbu / tech.dbuPerUm).toFixed(6));
  const box = (r: Floorplan['die']): number[] => [r.x1, r.y1, r.x2, r.y2].map(um);
  const metals = tech.layers.filter((l) => l.kind === 'routing');
  const coreUm = box(floorplan.core);
  const core = { width: coreUm[2]! - coreUm[0]!, height: coreUm[3]! - coreUm[1]! };
  return {
    top: netlist.top,
    site: tech.siteName,
    dieUm: box(floorplan.die),
    coreUm,
    tracks: tracksOf(kit, floorplan, um),
    layers: metals.map((l, i) => ({
      name: l.name,
      ohmPerUm: l.resistanceOhmPerUm,
      ffPerUm: l.capacitanceFfPerUm,
      adjustment: i < 3 ? ADJUSTMENT_LOW : ADJUSTMENT_HIGH,
    })),
    cuts: tech.layers.flatMap((l) => (l.kind === 'cut' ? [{ name: l.name, ohm: l.resistanceOhm }] : [])),
    minLayer: roles.minSignalLayer,
    maxLayer: roles.maxSignalLayer,
    // From metal4 on, where the kit has as many.
    minClockLayer: metals[Math.min(3, metals.length - 1)]!.name,
    signalRcLayer: metals[Math.min(2, metals.length - 1)]!.name,
    clockRcLayer: metals[Math.min(4, metals.length - 1)]!.name,
    portLayerH: roles.portLayerH,
    portLayerV: roles.portLayerV,
    railLayer: DEFAULT_POWER_GRID.railLayer,
    railWidthUm: DEFAULT_POWER_GRID.railWidthUm,
    straps: DEFAULT_POWER_GRID.levels.map(({ layer, widthUm, pitchUm, offsetUm }) => ({
      layer,
      widthUm,
      offsetUm,
      pitchUm: fittingPitch(
        pitchUm,
        metals.find((l) => l.name === layer)!.direction === 'V' ? core.width : core.height,
        { widthUm, offsetUm },
      ),
    })),
    powerPin: roles.powerPin,
    groundPin: roles.groundPin,
    voltageV: kit.voltageV,
    tap: roles.tap,
    tapDistanceUm: um(roles.tapDistanceDbu),
    fillers: roles.fillers,
    tieHigh: `${roles.tieHigh.master}/${roles.tieHigh.pin}`,
    tieLow: `${roles.tieLow.master}/${roles.tieLow.pin}`,
    diode: roles.antennaDiode,
    // Of the middle of the range, as OpenROAD's own tests for this kit take it (BUF_X4).
    clockBuffer: roles.buffers[Math.min(2, roles.buffers.length - 1)]!,
    dontUse: kit.masters.filter((m) => m.dontUse && m.kind === 'core').map((m) => m.name),
    physical: kit.masters.filter((m) => m.kind === 'tap' || m.kind === 'filler').map((m) => m.name),
  };
}

/** Straps of both supplies must fit, however small the core; on the lattice of 10 nm. */
function fittingPitch(pitchUm: number, sideUm: number, strap: { widthUm: number; offsetUm: number }): number {
  const most = 2 * (sideUm - 2 * strap.offsetUm - strap.widthUm);
  return most >= pitchUm ? pitchUm : Math.max(4 * strap.widthUm, Math.floor(most * 10) / 10);
}

function tracksOf(
  { tech }: Kit,
  { tracks, die }: Floorplan,
  um: (dbu: number) => number,
): OpenRoadPlan['tracks'] {
  const layers = tech.layers.map((l, i) => [l, i] as const).filter((e) => e[0].kind === 'routing');
  // Lines of the other direction as the neighbour below (above metal1) has them, so that vias meet both.
  const along = (index: number, direction: 'H' | 'V') => {
    const own = layers.findIndex(([, i]) => i === index);
    for (const k of [own, own - 1, own + 1]) {
      const at = layers[k];
      if (at && (at[0] as RoutingLayer).direction === direction)
        return tracks.find((t) => t.layer === at[1])!;
    }
    return tracks.find((t) => t.layer === index)!;
  };
  return layers.map(([layer, index]) => {
    const [x, y] = [along(index, 'V'), along(index, 'H')];
    return {
      layer: layer.name,
      xOffsetUm: um(x.startDbu - die.x1),
      xPitchUm: um(x.stepDbu),
      yOffsetUm: um(y.startDbu - die.y1),
      yPitchUm: um(y.stepDbu),
    };
  });
}
