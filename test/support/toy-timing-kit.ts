/**
 * A kit of round numbers: inverter, NAND, XOR-like gate, flop. Delay = base + 2 kOhm x load + slew / 10; output
 * slew = 5 ps + 3 kOhm x load; so that expected times can be worked out by hand.
 */
import type { ArcType, Kit, Lut, Master, MasterPin, TimingArc } from '../../src-main/stages/kit/types.ts';

const SLEWS = [0, 50, 100];
const LOADS = [0, 10, 40];

export function linearLut(base: number, perSlew: number, perLoad: number): Lut {
  return {
    index1: Float64Array.from(SLEWS),
    index2: Float64Array.from(LOADS),
    values: Float64Array.from(SLEWS.flatMap((s) => LOADS.map((l) => base + perSlew * s + perLoad * l))),
  };
}

export const scalarLut = (value: number): Lut => ({
  index1: new Float64Array(1),
  index2: new Float64Array(1),
  values: Float64Array.of(value),
});

function arc(
  type: ArcType,
  relatedPin: number,
  sense: TimingArc['sense'],
  rise: number,
  fall: number,
): TimingArc {
  return {
    type,
    relatedPin,
    sense,
    when: null,
    cellRisePs: linearLut(rise, 0.1, 2),
    cellFallPs: linearLut(fall, 0.1, 2),
    riseSlewPs: linearLut(5, 0, 3),
    fallSlewPs: linearLut(5, 0, 3),
    riseConstraintPs: null,
    fallConstraintPs: null,
  };
}

function check(type: ArcType, relatedPin: number, time: number): TimingArc {
  return {
    ...arc(type, relatedPin, 'non_unate', 0, 0),
    cellRisePs: null,
    cellFallPs: null,
    riseSlewPs: null,
    fallSlewPs: null,
    riseConstraintPs: scalarLut(time),
    fallConstraintPs: scalarLut(time),
  };
}

function pin(name: string, direction: MasterPin['direction'], extra: Partial<MasterPin> = {}): MasterPin {
  return {
    name,
    direction,
    use: 'signal',
    shapes: [{ layer: 0, rect: { x1: 0, y1: 0, x2: 100, y2: 100 } }],
    capacitanceFf: direction === 'input' ? 1 : 0,
    riseCapacitanceFf: direction === 'input' ? 1 : 0,
    fallCapacitanceFf: direction === 'input' ? 1 : 0,
    maxCapacitanceFf: direction === 'input' ? 0 : 40,
    maxSlewPs: 0,
    function: null,
    threeState: null,
    isClock: false,
    arcs: [],
    power: [],
    antennaGateAreaUm2: 0,
    ...extra,
  };
}

function master(name: string, pins: MasterPin[], extra: Partial<Master> = {}): Master {
  return {
    name,
    kind: 'core',
    widthDbu: 1000,
    heightDbu: 2000,
    pins,
    obstructions: [],
    areaUm2: 1,
    leakageNw: 10,
    leakageStates: [],
    sequential: null,
    dontUse: false,
    ...extra,
  };
}

const metal = (name: string, direction: 'H' | 'V', ohm: number, fF: number) =>
  ({
    kind: 'routing',
    name,
    direction,
    pitchDbu: 200,
    offsetDbu: 0,
    widthDbu: 100,
    spacingDbu: 100,
    wideSpacing: [],
    resistanceOhmPerSquare: 1,
    thicknessUm: 0,
    heightUm: 0,
    capacitanceFfPerUm: fF,
    resistanceOhmPerUm: ohm,
    gdsLayer: 1,
  }) as const;
const cut = (name: string) =>
  ({ kind: 'cut', name, widthDbu: 100, spacingDbu: 100, resistanceOhm: 5, gdsLayer: 2 }) as const;
const pad = { x1: -50, y1: -50, x2: 50, y2: 50 };

export function toyTimingKit(): Kit {
  return {
    name: 'toy',
    tech: {
      dbuPerUm: 1000,
      gridDbu: 1,
      layers: [
        metal('m1', 'H', 5, 0.1),
        cut('v1'),
        metal('m2', 'V', 4, 0.2),
        cut('v2'),
        metal('m3', 'H', 2, 0.1),
      ],
      vias: [
        { name: 'v1', below: 0, cut: 1, above: 2, belowRect: pad, aboveRect: pad, cutRects: [pad] },
        { name: 'v2', below: 2, cut: 3, above: 4, belowRect: pad, aboveRect: pad, cutRects: [pad] },
      ],
      viaRules: [],
      siteName: 's',
      siteWidthDbu: 100,
      rowHeightDbu: 2000,
    },
    masters: [
      master(
        'INV',
        [
          pin('A', 'input'),
          pin('Z', 'output', {
            function: '!A',
            arcs: [arc('combinational', 0, 'negative_unate', 10, 8)],
            power: [
              { relatedPin: 0, when: null, riseEnergyFj: linearLut(2, 0, 0.1), fallEnergyFj: scalarLut(1) },
            ],
          }),
        ],
        {
          leakageStates: [
            { when: 'A', leakageNw: 30 },
            { when: '!A', leakageNw: 10 },
          ],
        },
      ),
      master('NAND', [
        pin('A', 'input'),
        pin('B', 'input'),
        pin('Z', 'output', {
          function: '!(A & B)',
          arcs: [
            arc('combinational', 0, 'negative_unate', 12, 9),
            arc('combinational', 1, 'negative_unate', 14, 11),
          ],
        }),
      ]),
      master(
        'DFF',
        [
          pin('CK', 'input', { use: 'clock', isClock: true }),
          pin('D', 'input', { arcs: [check('setup_rising', 0, 20), check('hold_rising', 0, 4)] }),
          pin('Q', 'output', { function: 'IQ', arcs: [arc('rising_edge', 0, 'non_unate', 50, 45)] }),
        ],
        {
          sequential: {
            kind: 'flop',
            state: 'IQ',
            stateInverse: 'IQN',
            clockedOn: 'CK',
            nextState: 'D',
            clear: null,
            preset: null,
          },
        },
      ),
      master('TIE', [pin('Z', 'output', { function: '0' })], { kind: 'tie' }),
    ],
    voltageV: 1,
    temperatureC: 25,
    defaultMaxSlewPs: 200,
    slewLower: 0.3,
    slewUpper: 0.7,
    roles: {
      tieHigh: { master: 'TIE', pin: 'Z' },
      tieLow: { master: 'TIE', pin: 'Z' },
      tap: '',
      tapDistanceDbu: 0,
      fillers: [],
      buffers: [],
      clockBuffers: [],
      antennaDiode: '',
      fullAdder: null,
      holdFlop: null,
      powerPin: 'VDD',
      groundPin: 'VSS',
      minSignalLayer: 'm2',
      maxSignalLayer: 'm3',
      portLayerH: 'm3',
      portLayerV: 'm2',
    },
  };
}
