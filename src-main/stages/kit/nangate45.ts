/**
 * What the NanGate45 files do not say, or say wrongly. Sources: GDS numbers of metal2 and up from OpenRAM's
 * freepdk45 technology and OpenROAD-flow-scripts' (ORFS) FreePDK45 map, which agree; wire R and C per um from
 * ORFS's setRC for nangate45 (the LEF's own capacitance has no coupling part and metal5's edge value lacks a
 * digit); roles and tap distance from the kit's own adk.tcl and from ORFS.
 */
import type { KitRoles, MasterKind } from './types.ts';

export interface KitFacts {
  /** Metals bottom up: GDS layer, Ohm/um and fF/um of a minimum-width wire. */
  readonly metals: Readonly<
    Record<string, { readonly gds: number; readonly ohmPerUm: number; readonly ffPerUm: number }>
  >;
  readonly cutGds: Readonly<Record<string, number>>;
  readonly roles: Omit<KitRoles, 'tapDistanceDbu'> & { readonly tapDistanceUm: number };
  /** First rule that matches a master's name; `core` otherwise. */
  readonly kinds: readonly { readonly pattern: RegExp; readonly kind: MasterKind }[];
  /** Beside the Liberty's own dont_use. */
  readonly dontUse: readonly string[];
  /** Pin shapes that replace the LEF's: master, pin, layer, rectangles x1 y1 x2 y2 in um. */
  readonly shapes: readonly {
    readonly master: string;
    readonly pin: string;
    readonly layer: string;
    readonly rectsUm: readonly (readonly [number, number, number, number])[];
  }[];
}

const NANGATE45: KitFacts = {
  metals: {
    metal1: { gds: 11, ohmPerUm: 5.4286, ffPerUm: 0.0742 },
    metal2: { gds: 13, ohmPerUm: 3.5717, ffPerUm: 0.0834 },
    metal3: { gds: 15, ohmPerUm: 3.5715, ffPerUm: 0.104 },
    metal4: { gds: 17, ohmPerUm: 1.5, ffPerUm: 0.1192 },
    metal5: { gds: 19, ohmPerUm: 1.5, ffPerUm: 0.1093 },
    metal6: { gds: 21, ohmPerUm: 1.5, ffPerUm: 0.1142 },
    metal7: { gds: 23, ohmPerUm: 0.1875, ffPerUm: 0.1175 },
    metal8: { gds: 25, ohmPerUm: 0.1875, ffPerUm: 0.0945 },
    metal9: { gds: 27, ohmPerUm: 0.0375, ffPerUm: 0.1061 },
    // Suspect in the source: every other metal has about 0.1. No signal runs here.
    metal10: { gds: 29, ohmPerUm: 0.0375, ffPerUm: 0.7371 },
  },
  cutGds: { via1: 12, via2: 14, via3: 16, via4: 18, via5: 20, via6: 22, via7: 24, via8: 26, via9: 28 },
  roles: {
    tieHigh: { master: 'LOGIC1_X1', pin: 'Z' },
    tieLow: { master: 'LOGIC0_X1', pin: 'Z' },
    tap: 'WELLTAP_X1',
    tapDistanceUm: 120,
    fillers: ['FILLCELL_X32', 'FILLCELL_X16', 'FILLCELL_X8', 'FILLCELL_X4', 'FILLCELL_X1'],
    buffers: ['BUF_X1', 'BUF_X2', 'BUF_X4', 'BUF_X8', 'BUF_X16', 'BUF_X32'],
    clockBuffers: ['CLKBUF_X1', 'CLKBUF_X2', 'CLKBUF_X3'],
    antennaDiode: 'ANTENNA_X1',
    fullAdder: { master: 'FA_X1', a: 'A', b: 'B', carryIn: 'CI', carryOut: 'CO', sum: 'S' },
    holdFlop: { master: 'SDFF_X1', hold: 'D', data: 'SI', enable: 'SE', clock: 'CK', output: 'Q' },
    powerPin: 'VDD',
    groundPin: 'VSS',
    minSignalLayer: 'metal2',
    maxSignalLayer: 'metal6',
    portLayerH: 'metal5',
    portLayerV: 'metal6',
  },
  // The LEF calls every cell CLASS CORE.
  kinds: [
    { pattern: /^FILLCELL_/, kind: 'filler' },
    { pattern: /^WELLTAP_/, kind: 'tap' },
    { pattern: /^LOGIC[01]_/, kind: 'tie' },
    { pattern: /^ANTENNA_/, kind: 'antenna' },
  ],
  // ORFS keeps these two out because their pins are hard to reach.
  dontUse: ['AOI211_X1', 'OAI211_X1'],
  // The LEF draws the tap's stubs 35 and 40 nm beside the metal of the GDS; these are the GDS's places.
  shapes: [
    {
      master: 'WELLTAP_X1',
      pin: 'VDD',
      layer: 'metal1',
      rectsUm: [
        [0, 1.315, 0.38, 1.485],
        [0.205, 1.115, 0.275, 1.485],
      ],
    },
    {
      master: 'WELLTAP_X1',
      pin: 'VSS',
      layer: 'metal1',
      rectsUm: [
        [0, -0.085, 0.38, 0.085],
        [0.2, -0.085, 0.27, 0.285],
      ],
    },
  ],
};

/** Kits that Ingot knows, by name. */
export const KIT_FACTS: ReadonlyMap<string, KitFacts> = new Map([['nangate45', NANGATE45]]);
