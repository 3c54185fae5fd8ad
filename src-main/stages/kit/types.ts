/**
 * A process kit as the physical stages see it: technology (LEF), cells (LEF macros joined with Liberty).
 * Lengths are integer database units (DBU); electrical units are ps, fF, kOhm (fF * kOhm = ps), V, nW, fJ.
 */
import type { Rect } from '../../base/geometry.ts';

export interface RoutingLayer {
  readonly kind: 'routing';
  readonly name: string;
  /** Wires run along this axis by preference: 'H' = along x. */
  readonly direction: 'H' | 'V';
  readonly pitchDbu: number;
  /** Track offset along x (for V) or y (for H) from the origin. */
  readonly offsetDbu: number;
  readonly widthDbu: number;
  /** Smallest spacing. */
  readonly spacingDbu: number;
  /**
   * Parallel-run-length table: entry i holds for width >= widthDbu and run length >= prlDbu; rows ascend.
   * Empty where the layer has none.
   */
  readonly wideSpacing: readonly {
    readonly widthDbu: number;
    readonly prlDbu: number;
    readonly spacingDbu: number;
  }[];
  readonly resistanceOhmPerSquare: number;
  /** Of the metal; 0 = not said. */
  readonly thicknessUm: number;
  /** Lower face of the metal above the substrate; 0 = not said. */
  readonly heightUm: number;
  /** Ground and average neighbour capacitance of a minimum-width wire, fF per um (from the kit's own table). */
  readonly capacitanceFfPerUm: number;
  /** Resistance of a minimum-width wire, Ohm per um. */
  readonly resistanceOhmPerUm: number;
  readonly gdsLayer: number;
}

export interface CutLayer {
  readonly kind: 'cut';
  readonly name: string;
  readonly widthDbu: number;
  readonly spacingDbu: number;
  readonly resistanceOhm: number;
  readonly gdsLayer: number;
}

export type Layer = RoutingLayer | CutLayer;

export interface ViaDef {
  readonly name: string;
  /** Index into Tech.layers of the lower metal, the cut and the upper metal. */
  readonly below: number;
  readonly cut: number;
  readonly above: number;
  /** Rectangles about the via's origin. One cut or an array of them. */
  readonly belowRect: Rect;
  readonly aboveRect: Rect;
  readonly cutRects: readonly Rect[];
}

/** VIARULE GENERATE: how to build via arrays, used by the power grid. */
export interface ViaRule {
  readonly name: string;
  readonly below: number;
  readonly cut: number;
  readonly above: number;
  readonly cutRect: Rect;
  readonly cutPitchXDbu: number;
  readonly cutPitchYDbu: number;
  /** [overhang1, overhang2] of the metal about the cuts, below and above. */
  readonly belowEnclosureDbu: readonly [number, number];
  readonly aboveEnclosureDbu: readonly [number, number];
}

export interface Tech {
  readonly dbuPerUm: number;
  readonly gridDbu: number;
  /** Bottom up, routing and cut layers alternating: metal1 via1 metal2 ... */
  readonly layers: readonly Layer[];
  readonly vias: readonly ViaDef[];
  readonly viaRules: readonly ViaRule[];
  readonly siteName: string;
  readonly siteWidthDbu: number;
  readonly rowHeightDbu: number;
}

/** Two-dimensional table; `values[i * columns + j]` at (index1[i], index2[j]). One axis may have length 1. */
export interface Lut {
  readonly index1: Float64Array;
  readonly index2: Float64Array;
  readonly values: Float64Array;
}

export type ArcType =
  | 'combinational'
  | 'rising_edge'
  | 'falling_edge'
  | 'preset'
  | 'clear'
  | 'setup_rising'
  | 'setup_falling'
  | 'hold_rising'
  | 'hold_falling'
  | 'recovery_rising'
  | 'recovery_falling'
  | 'removal_rising'
  | 'removal_falling'
  | 'three_state_enable'
  | 'three_state_disable'
  | 'other';

/** Delay arc (delay and slew tables by input slew ps x load fF) or check arc (constraint tables by data x clock slew ps). */
export interface TimingArc {
  readonly type: ArcType;
  /** Index of the related pin in Master.pins. */
  readonly relatedPin: number;
  readonly sense: 'positive_unate' | 'negative_unate' | 'non_unate';
  readonly when: string | null;
  readonly cellRisePs: Lut | null;
  readonly cellFallPs: Lut | null;
  readonly riseSlewPs: Lut | null;
  readonly fallSlewPs: Lut | null;
  readonly riseConstraintPs: Lut | null;
  readonly fallConstraintPs: Lut | null;
}

/** Internal energy per transition, fJ, by input slew ps (x load fF on outputs). */
export interface PowerArc {
  readonly relatedPin: number | null;
  readonly when: string | null;
  readonly riseEnergyFj: Lut | null;
  readonly fallEnergyFj: Lut | null;
}

export interface MasterPin {
  readonly name: string;
  readonly direction: 'input' | 'output' | 'inout';
  readonly use: 'signal' | 'clock' | 'power' | 'ground';
  /** Shapes in the master's own frame, layer = index into Tech.layers. */
  readonly shapes: readonly { readonly layer: number; readonly rect: Rect }[];
  /** Liberty; zeros and empties on power pins. */
  readonly capacitanceFf: number;
  /** rise_capacitance and fall_capacitance; equal to capacitanceFf where the Liberty has neither. */
  readonly riseCapacitanceFf: number;
  readonly fallCapacitanceFf: number;
  readonly maxCapacitanceFf: number;
  readonly maxSlewPs: number;
  /** Liberty function, e.g. "!(A1 & A2)", "IQ"; null on inputs. */
  readonly function: string | null;
  readonly threeState: string | null;
  readonly isClock: boolean;
  readonly arcs: readonly TimingArc[];
  readonly power: readonly PowerArc[];
  readonly antennaGateAreaUm2: number;
}

export interface Sequential {
  readonly kind: 'flop' | 'latch' | 'clockGate';
  /** State variable and its inverse, as used in pin functions, e.g. IQ and IQN. */
  readonly state: string;
  readonly stateInverse: string;
  /** Expressions over pin names; flop: next/clock; latch: data/enable. */
  readonly clockedOn: string;
  readonly nextState: string;
  readonly clear: string | null;
  readonly preset: string | null;
}

export type MasterKind = 'core' | 'filler' | 'tap' | 'tie' | 'antenna' | 'macro';

export interface Master {
  readonly name: string;
  readonly kind: MasterKind;
  readonly widthDbu: number;
  readonly heightDbu: number;
  readonly pins: readonly MasterPin[];
  readonly obstructions: readonly { readonly layer: number; readonly rect: Rect }[];
  readonly areaUm2: number;
  readonly leakageNw: number;
  /** Leakage per state where given, expression over pins. */
  readonly leakageStates: readonly { readonly when: string; readonly leakageNw: number }[];
  readonly sequential: Sequential | null;
  /** Liberty's dont_use, or by the kit's own list. */
  readonly dontUse: boolean;
}

export interface Kit {
  readonly name: string;
  readonly tech: Tech;
  readonly masters: readonly Master[];
  readonly voltageV: number;
  readonly temperatureC: number;
  readonly defaultMaxSlewPs: number;
  /** Slews in the tables are measured between these fractions of the supply (0.3 and 0.7). */
  readonly slewLower: number;
  readonly slewUpper: number;
  readonly roles: KitRoles;
}

/** Cells and layers by job, the kit's own small table. Masters by name. */
export interface KitRoles {
  readonly tieHigh: { readonly master: string; readonly pin: string };
  readonly tieLow: { readonly master: string; readonly pin: string };
  readonly tap: string;
  readonly tapDistanceDbu: number;
  /** Widest first; without FILLCELL_X2, whose GDS leaves gaps. */
  readonly fillers: readonly string[];
  readonly buffers: readonly string[];
  readonly clockBuffers: readonly string[];
  readonly antennaDiode: string;
  /** A one-bit full adder, for adders that synthesis keeps whole; null where the kit has none. */
  readonly fullAdder: {
    readonly master: string;
    readonly a: string;
    readonly b: string;
    readonly carryIn: string;
    readonly carryOut: string;
    readonly sum: string;
  } | null;
  /** A scan flop that can hold: with its first data input tied to its output it is a flop with enable. */
  readonly holdFlop: {
    readonly master: string;
    readonly hold: string;
    readonly data: string;
    readonly enable: string;
    readonly clock: string;
    readonly output: string;
  } | null;
  readonly powerPin: string;
  readonly groundPin: string;
  readonly minSignalLayer: string;
  readonly maxSignalLayer: string;
  readonly portLayerH: string;
  readonly portLayerV: string;
}
