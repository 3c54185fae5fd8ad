/**
 * The kit's arcs as flat arrays. Arcs of one master are contiguous and sorted by output pin; a second list
 * orders them by input pin. Arcs that timing does not follow are left out: asynchronous set and clear,
 * three-state enables (OpenSTA leaves the former out too).
 */
import type { ArcType, Kit, Lut, Master, TimingArc } from '../kit/types.ts';
import { parseFunction } from '../kit/function.ts';
import type { Expression } from '../kit/function.ts';
import { LutPoolBuilder } from './lut.ts';
import type { LutPool } from './lut.ts';

/** Which input edges cause an output edge: bit 0 = rise, bit 1 = fall. */
export const BY_RISE = 1;
export const BY_FALL = 2;

export interface CheckArc {
  readonly kind: 'setup' | 'hold';
  readonly dataPin: number;
  readonly clockPin: number;
  /** 0 = rising edge of the clock pin, 1 = falling */
  readonly clockEdge: 0 | 1;
  /** Tables by [data slew, clock slew] for a rising and a falling data edge, -1 = no such check. */
  readonly riseLut: number;
  readonly fallLut: number;
}

export interface TimingLibrary {
  readonly luts: LutPool;
  /** [masters + 1] */
  readonly arcStart: Int32Array;
  /** [arcs] pin index in the master */
  readonly arcFrom: Int32Array;
  readonly arcTo: Int32Array;
  /** [arcs * 2] rise, fall */
  readonly arcDelayLut: Int32Array;
  readonly arcSlewLut: Int32Array;
  readonly arcCause: Uint8Array;
  /** [arcs] 1 = launched by a clock edge: the clock network ends here */
  readonly arcIsLaunch: Uint8Array;
  readonly arcWhen: readonly (Expression | null)[];
  /** [pins of all masters] what an output computes; null of inputs and registers */
  readonly pinFunction: readonly (Expression | null)[];
  /** [masters + 1] by pin: first arc into pin k of master m is intoStart[pinStart[m] + k] */
  readonly pinStart: Int32Array;
  /** [pins of all masters + 1] arcs into this pin: consecutive arc ids */
  readonly intoStart: Int32Array;
  /** [pins of all masters + 1] and [arcs]: arcs out of a pin */
  readonly outOfStart: Int32Array;
  readonly outOfArc: Int32Array;
  /** Per master. */
  readonly checks: readonly (readonly CheckArc[])[];
  /** Latches that close at a falling edge, by index: not analysed. */
  readonly latchMasters: ReadonlySet<number>;
  readonly hasRecovery: ReadonlySet<number>;
}

const FOLLOWED: ReadonlySet<ArcType> = new Set<ArcType>(['combinational', 'rising_edge', 'falling_edge']);

function causes(arc: TimingArc, outRise: boolean): number {
  if (arc.type === 'rising_edge') return BY_RISE;
  if (arc.type === 'falling_edge') return BY_FALL;
  if (arc.sense === 'positive_unate') return outRise ? BY_RISE : BY_FALL;
  if (arc.sense === 'negative_unate') return outRise ? BY_FALL : BY_RISE;
  return BY_RISE | BY_FALL;
}

interface FlatArc {
  from: number;
  to: number;
  lutSets: readonly [Lut | null, Lut | null, Lut | null, Lut | null];
  cause: readonly [number, number];
  isLaunch: boolean;
  when: Expression | null;
}

function delayArcs(master: Master): FlatArc[] {
  const arcs: FlatArc[] = [];
  master.pins.forEach((pin, to) => {
    if (pin.direction === 'input') return;
    for (const arc of pin.arcs) {
      if (!FOLLOWED.has(arc.type) || (!arc.cellRisePs && !arc.cellFallPs)) continue;
      arcs.push({
        from: arc.relatedPin,
        to,
        lutSets: [arc.cellRisePs, arc.cellFallPs, arc.riseSlewPs, arc.fallSlewPs],
        cause: [arc.cellRisePs ? causes(arc, true) : 0, arc.cellFallPs ? causes(arc, false) : 0],
        isLaunch: arc.type !== 'combinational',
        when: arc.when === null ? null : parseFunction(arc.when),
      });
    }
  });
  return arcs;
}

export function buildTimingLibrary(kit: Kit): TimingLibrary {
  const luts = new LutPoolBuilder();
  const arcStart = new Int32Array(kit.masters.length + 1);
  const pinStart = new Int32Array(kit.masters.length + 1);
  const flat: FlatArc[] = [];
  const checks: CheckArc[][] = [];
  const latchMasters = new Set<number>();
  const hasRecovery = new Set<number>();
  kit.masters.forEach((master, m) => {
    flat.push(...delayArcs(master));
    arcStart[m + 1] = flat.length;
    pinStart[m + 1] = pinStart[m] + master.pins.length;
    const own: CheckArc[] = [];
    master.pins.forEach((pin, dataPin) => {
      for (const arc of pin.arcs) {
        const isFalling = arc.type === 'setup_falling' || arc.type === 'hold_falling';
        if (isFalling && master.sequential?.kind === 'latch') latchMasters.add(m);
        if (arc.type === 'recovery_rising' || arc.type === 'recovery_falling') hasRecovery.add(m);
        const isRising = arc.type === 'setup_rising' || arc.type === 'hold_rising';
        if (!isRising && (!isFalling || latchMasters.has(m))) continue;
        own.push({
          kind: arc.type.startsWith('setup') ? 'setup' : 'hold',
          clockEdge: isFalling ? 1 : 0,
          dataPin,
          clockPin: arc.relatedPin,
          riseLut: luts.add(arc.riseConstraintPs),
          fallLut: luts.add(arc.fallConstraintPs),
        });
      }
    });
    checks.push(own);
  });
  const count = flat.length;
  const pins = pinStart[kit.masters.length];
  const lib = {
    arcFrom: Int32Array.from(flat, (a) => a.from),
    arcTo: Int32Array.from(flat, (a) => a.to),
    arcDelayLut: new Int32Array(count * 2),
    arcSlewLut: new Int32Array(count * 2),
    arcCause: new Uint8Array(count * 2),
    arcIsLaunch: Uint8Array.from(flat, (a) => (a.isLaunch ? 1 : 0)),
    intoStart: new Int32Array(pins + 1),
    outOfStart: new Int32Array(pins + 1),
    outOfArc: new Int32Array(count),
  };
  flat.forEach((a, i) => {
    for (let edge = 0; edge < 2; edge++) {
      lib.arcDelayLut[i * 2 + edge] = luts.add(a.lutSets[edge]);
      lib.arcSlewLut[i * 2 + edge] = luts.add(a.lutSets[edge + 2]);
      lib.arcCause[i * 2 + edge] = a.cause[edge];
    }
  });
  for (let m = 0; m < kit.masters.length; m++)
    for (let a = arcStart[m]; a < arcStart[m + 1]; a++) {
      lib.intoStart[pinStart[m] + lib.arcTo[a] + 1]++;
      lib.outOfStart[pinStart[m] + lib.arcFrom[a] + 1]++;
    }
  for (let p = 0; p < pins; p++) {
    lib.intoStart[p + 1] += lib.intoStart[p];
    lib.outOfStart[p + 1] += lib.outOfStart[p];
  }
  const fill = lib.outOfStart.slice();
  for (let m = 0; m < kit.masters.length; m++)
    for (let a = arcStart[m]; a < arcStart[m + 1]; a++)
      lib.outOfArc[fill[pinStart[m] + lib.arcFrom[a]]++] = a;
  return {
    ...lib,
    luts: luts.build(),
    arcStart,
    pinStart,
    arcWhen: flat.map((a) => a.when),
    pinFunction: kit.masters.flatMap((m) =>
      m.pins.map((p) =>
        p.direction === 'output' && p.function && !m.sequential ? parseFunction(p.function) : null,
      ),
    ),
    checks,
    latchMasters,
    hasRecovery,
  };
}
