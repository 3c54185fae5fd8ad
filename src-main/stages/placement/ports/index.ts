import { IngotError } from '../../../base/diagnostic.ts';
import type { Rect } from '../../../base/geometry.ts';
import type { Floorplan, PortPin } from '../../floorplan/types.ts';
import type { Kit, RoutingLayer } from '../../kit/types.ts';
import type { Netlist } from '../../netlist/types.ts';
import { flipsX, flipsY, makePlaceModel } from '../model.ts';
import type { Placement } from '../types.ts';
import { assign } from './assignment.ts';

export type Side = 'left' | 'right' | 'top' | 'bottom';

export interface PortOptions {
  /** 'wirelength': where the nets want them; 'name': evenly around the die in the netlist's order. */
  readonly order: 'wirelength' | 'name';
  /** Side by port name or bus name (`data` for `data[3]`); others go anywhere. */
  readonly sides: Readonly<Record<string, Side>>;
  /** Distance of neighbouring ports in tracks, at least 1; by default 2, or 1 where the edge is short. */
  readonly minSpacingTracks: number;
  /** Routing layers for ports on left/right and top/bottom; the kit's roles by default. */
  readonly layerH?: string;
  readonly layerV?: string;
}

const DEFAULT_PORTS: PortOptions = { order: 'wirelength', sides: {}, minSpacingTracks: 2 };

interface Slot {
  readonly side: Side;
  readonly layer: number;
  readonly rect: Rect;
  readonly x: number;
  readonly y: number;
}

/** Ports assigned together at most; keeps the assignment quick. */
const SECTION = 200;
const SLOTS_PER_PORT = 4;
const FORBIDDEN = 1e12;

/** Slots of one side: a rectangle at the die's edge on every `step`-th track along the core. */
function sideSlots(kit: Kit, floorplan: Floorplan, layerName: string, side: Side, step: number): Slot[] {
  const layer = kit.tech.layers.findIndex((l) => l.kind === 'routing' && l.name === layerName);
  const tracks = floorplan.tracks.find((t) => t.layer === layer);
  if (layer < 0 || !tracks)
    throw new IngotError('PLACE-005', `no tracks on port layer ${layerName}`, { place: layerName });
  const { die, core } = floorplan;
  const info = kit.tech.layers[layer] as RoutingLayer;
  const half = info.widthDbu / 2;
  // Deep enough to hold one track of any neighbouring layer and the end of a wire on it.
  const depth = info.pitchDbu + info.widthDbu;
  const horizontal = side === 'left' || side === 'right';
  const [low, high] = horizontal ? [core.y1, core.y2] : [core.x1, core.x2];
  const slots: Slot[] = [];
  for (let k = 0; k < tracks.count; k += step) {
    const at = tracks.startDbu + k * tracks.stepDbu;
    if (at - half < low || at + half > high) continue;
    const rect =
      side === 'left'
        ? { x1: die.x1, y1: at - half, x2: die.x1 + depth, y2: at + half }
        : side === 'right'
          ? { x1: die.x2 - depth, y1: at - half, x2: die.x2, y2: at + half }
          : side === 'bottom'
            ? { x1: at - half, y1: die.y1, x2: at + half, y2: die.y1 + depth }
            : { x1: at - half, y1: die.y2 - depth, x2: at + half, y2: die.y2 };
    const space = Math.max(info.spacingDbu, ...info.wideSpacing.map((w) => w.spacingDbu));
    const blocked = floorplan.powerShapes.some(
      (s) =>
        s.layer === layer &&
        s.rect.x1 - space < rect.x2 &&
        rect.x1 < s.rect.x2 + space &&
        s.rect.y1 - space < rect.y2 &&
        rect.y1 < s.rect.y2 + space,
    );
    if (!blocked) slots.push({ side, layer, rect, x: (rect.x1 + rect.x2) / 2, y: (rect.y1 + rect.y2) / 2 });
  }
  return slots;
}

/** All slots in one round about the die: bottom, right, top, left. */
function allSlots(kit: Kit, floorplan: Floorplan, o: PortOptions): Slot[] {
  const h = o.layerH ?? kit.roles.portLayerH;
  const v = o.layerV ?? kit.roles.portLayerV;
  return [
    ...sideSlots(kit, floorplan, v, 'bottom', o.minSpacingTracks),
    ...sideSlots(kit, floorplan, h, 'right', o.minSpacingTracks),
    ...sideSlots(kit, floorplan, v, 'top', o.minSpacingTracks).reverse(),
    ...sideSlots(kit, floorplan, h, 'left', o.minSpacingTracks).reverse(),
  ];
}

/** [ports] box about the placed pins of the port's net without the port; the core's middle if it has none. */
function wishes(netlist: Netlist, kit: Kit, floorplan: Floorplan, placement: Placement): Rect[] {
  const model = makePlaceModel(netlist, kit, { ...floorplan, portPins: [] }, placement, {
    keepClocks: true,
    keepSingle: true,
  });
  const { core } = floorplan;
  const middle = { x: (core.x1 + core.x2) / 2, y: (core.y1 + core.y2) / 2 };
  return netlist.ports.map(({ net }) => {
    let x1 = Infinity;
    let x2 = -Infinity;
    let y1 = Infinity;
    let y2 = -Infinity;
    for (let q = model.netStart[net]; q < model.netStart[net + 1]; q++) {
      const i = model.pinInst[q];
      const orient = placement.orient[i];
      const x = placement.xDbu[i] + (flipsX(orient) ? model.widthDbu[i] - model.pinX[q] : model.pinX[q]);
      const y = placement.yDbu[i] + (flipsY(orient) ? model.heightDbu[i] - model.pinY[q] : model.pinY[q]);
      x1 = Math.min(x1, x);
      x2 = Math.max(x2, x);
      y1 = Math.min(y1, y);
      y2 = Math.max(y2, y);
    }
    return x1 <= x2 ? { x1, y1, x2, y2 } : { x1: middle.x, y1: middle.y, x2: middle.x, y2: middle.y };
  });
}

const busOf = (name: string): string => name.replace(/\[\d+\]$/, '');

function slotCost(slot: Slot, wish: Rect, side: Side | undefined): number {
  if (side && side !== slot.side) return FORBIDDEN;
  const dx = Math.max(wish.x1 - slot.x, slot.x - wish.x2, 0);
  const dy = Math.max(wish.y1 - slot.y, slot.y - wish.y2, 0);
  // The middle breaks ties between slots that face the same box.
  const far = Math.abs(slot.x - (wish.x1 + wish.x2) / 2) + Math.abs(slot.y - (wish.y1 + wish.y2) / 2);
  return dx + dy + far * 1e-3;
}

function thin<T>(list: readonly T[], most: number): T[] {
  if (list.length <= most) return [...list];
  return Array.from({ length: most }, (_, k) => list[Math.floor(((k + 0.5) * list.length) / most)]);
}

function byName(slots: readonly Slot[], count: number): Slot[] {
  return Array.from({ length: count }, (_, k) => slots[Math.floor(((k + 0.5) * slots.length) / count)]);
}

/**
 * Gives every port a shape on the die's edge: one track wide, on tracks of the port layers, never two on one
 * slot. By wirelength: least-cost assignment (Hungarian method) of ports to slots in sections of 200 ports by
 * angle. Errors: PLACE-004 when the edge has fewer slots than ports, PLACE-005 for unknown layers.
 */
export function placePorts(
  netlist: Netlist,
  kit: Kit,
  floorplan: Floorplan,
  placement: Placement,
  options: Partial<PortOptions> = {},
): Floorplan {
  const o = { ...DEFAULT_PORTS, ...options };
  const ports = netlist.ports;
  let slots = allSlots(kit, floorplan, o);
  // A crowded edge takes every track before it is refused.
  if (slots.length < ports.length && options.minSpacingTracks === undefined)
    slots = allSlots(kit, floorplan, { ...o, minSpacingTracks: 1 });
  if (slots.length < ports.length)
    throw new IngotError(
      'PLACE-004',
      `${ports.length} ports but only ${slots.length} places on the die's edge`,
      {
        remedy: 'lower the utilisation, put ports nearer together or narrow the interface',
      },
    );
  const sides = ports.map((p) => o.sides[p.name] ?? o.sides[busOf(p.name)]);
  const chosen: Slot[] =
    o.order === 'name' && !sides.some((s) => s)
      ? byName(slots, ports.length)
      : byWirelength(slots, wishes(netlist, kit, floorplan, placement), sides, floorplan.die);
  const portPins = chosen.map((slot, port): PortPin => ({ port, layer: slot.layer, rect: slot.rect }));
  return { ...floorplan, portPins };
}

function byWirelength(
  slots: readonly Slot[],
  wish: readonly Rect[],
  sides: readonly (Side | undefined)[],
  die: Rect,
): Slot[] {
  const restricted = sides.some((s) => s);
  let free = restricted ? [...slots] : thin(slots, Math.max(SLOTS_PER_PORT * wish.length, 64));
  const angle = (r: Rect): number =>
    Math.atan2((r.y1 + r.y2 - die.y1 - die.y2) / 2, (r.x1 + r.x2 - die.x1 - die.x2) / 2);
  const order = wish.map((_, p) => p).sort((a, b) => angle(wish[a]) - angle(wish[b]) || a - b);
  const chosen = new Array<Slot>(wish.length);
  for (let from = 0; from < order.length; from += SECTION) {
    const section = order.slice(from, from + SECTION);
    const cost = new Float64Array(section.length * free.length);
    section.forEach((p, r) =>
      free.forEach((s, c) => (cost[r * free.length + c] = slotCost(s, wish[p], sides[p]))),
    );
    const columns = assign(cost, section.length, free.length);
    const taken = new Set<Slot>();
    section.forEach((p, r) => {
      const slot = free[columns[r]];
      if (cost[r * free.length + columns[r]] >= FORBIDDEN)
        throw new IngotError('PLACE-004', `too many ports asked for on the ${sides[p]} side`, {
          remedy: 'spread them over other sides or enlarge the die',
        });
      chosen[p] = slot;
      taken.add(slot);
    });
    free = free.filter((s) => !taken.has(s));
  }
  return chosen;
}
