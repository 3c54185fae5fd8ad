import type { UsageMap } from './crowding.ts';

/** What a caller may ask of the router and what it hears back. Plain data; part of the cache digest. */
export interface RouteOptions {
  /** Varies tie-breaking among equal nets in the endgame; same seed, same bytes. */
  readonly seed: number;
  /** Names of the lowest and highest layer for signal wires, e.g. metal2 and metal6. */
  readonly minLayer: string;
  readonly maxLayer: string;
  /** Negotiation rounds before the endgame and between its attempts. */
  readonly maxRounds: number;
  /** Cost of a via in units of 10 nm of wire: 60 trades about 0.6 um of detour for one via. */
  readonly viaCost: number;
  /** Cost factor of wires against a layer's direction (jogs between neighbouring tracks); 0 forbids them. */
  readonly jogFactor: number;
  /** Rounds in which cells at stuck conflicts may be mirrored or shifted (see routeChip); 0 = never. */
  readonly ecoRounds: number;
  /** Largest metal area per gate area of one layer (FreePDK45 deck: 300). */
  readonly antennaRatio: number;
  /** Hops and diodes for nets beyond the ratio (routeChip only). */
  readonly antennaRepair: boolean;
  /** Least side of the regions whose nets are routed together, um (regions.ts). */
  readonly regionUm: number;
}

export const defaultRouteOptions: RouteOptions = {
  seed: 1,
  minLayer: 'metal2',
  maxLayer: 'metal6',
  maxRounds: 40,
  viaCost: 60,
  jogFactor: 2.5,
  ecoRounds: 12,
  antennaRatio: 300,
  antennaRepair: true,
  regionUm: 40,
};

export interface RouteStats {
  readonly wirelengthUm: number;
  /** Sum over nets of half the perimeter of the box about their terminals. */
  readonly hpwlUm: number;
  /** Vias including those that land on pins. */
  readonly vias: number;
  /** Pins and ports on nets. */
  readonly pins: number;
  /** [layers of the kit] wire length by layer, um. */
  readonly wirelengthByLayerUm: readonly number[];
  /** Wire against the layers' direction, um (part of wirelengthUm). */
  readonly jogUm: number;
  readonly rounds: number;
  /** Nets in conflict after each round. */
  readonly conflictsByRound: readonly number[];
  /** Nodes taken from the queue by all searches. */
  readonly expansions: number;
  readonly latticeNodes: number;
  /** Cells moved by engineering change, by kind. */
  readonly mirroredCells: number;
  readonly shiftedCells: number;
  /** Gates that were given a hop to the topmost layer, and diodes added. */
  readonly antennaHops: number;
  readonly antennaDiodes: number;
  /** Nets that still exceed the ratio. */
  readonly antennaViolations: number;
  /** Where wires are. */
  readonly usage: UsageMap;
}

export interface RouteProgress {
  readonly phase: 'initial' | 'negotiate' | 'endgame' | 'antenna' | 'emit';
  readonly round: number;
  /** Nets still in conflict (all nets not yet routed while in phase 'initial'). */
  readonly conflicts: number;
  /** Of the phase's work, 0..1. */
  readonly fraction: number;
  /** Of all the work, 0..1; never falls. */
  readonly overall: number;
  /** Wires of the nets that are whole now, [wires * 5] layer, x1, y1, x2, y2 (DBU); made when it is called. */
  readonly wires?: () => Int32Array;
}

/** Told now and then; cannot change the result. */
export type RouteObserver = (progress: RouteProgress) => void;
