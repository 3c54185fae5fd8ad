/**
 * Every setting of Ingot, in one table: type, default, range, unit, help. The types of a step's settings
 * derive from it, so adding a setting is adding an entry here and naming its key in the steps that read it.
 * Relations between settings are in `RULES`.
 */
interface Common {
  readonly help: string;
  /** Empty for counts and ratios. */
  readonly unit?: string;
}
export interface NumberSpec extends Common {
  readonly type: 'integer' | 'number';
  readonly default: number;
  readonly min: number;
  readonly max: number;
}
export interface BooleanSpec extends Common {
  readonly type: 'boolean';
  readonly default: boolean;
}
export interface ChoiceSpec extends Common {
  readonly type: 'choice';
  readonly default: string;
  readonly values: readonly string[];
}
export interface TextSpec extends Common {
  readonly type: 'text';
  readonly default: string;
}
export type SettingSpec = NumberSpec | BooleanSpec | ChoiceSpec | TextSpec;

export const SETTINGS = {
  'data.pixels': {
    type: 'choice',
    default: 'unit',
    values: ['unit', 'signed', 'byte', 'imagenet'],
    help: 'how images become numbers: 0..1, -1..1, 0..255, or 0..1 less mean over deviation of ImageNet',
  },
  'quantize.range': {
    type: 'choice',
    default: 'minmax',
    values: ['minmax', 'percentile', 'mse'],
    help: 'how activation ranges are taken from the calibration set: all values, 99.99 % of them, or least square error',
  },
  'quantize.calibrationSamples': {
    type: 'integer',
    default: 128,
    min: 1,
    max: 100_000,
    help: 'samples of the calibration set that are used, from its start',
  },
  'passes.deadCode': { type: 'boolean', default: true, help: 'drop operators whose result nobody reads' },
  'passes.constants': {
    type: 'boolean',
    default: true,
    help: 'compute operators on constants at compile time',
  },
  'passes.reshapes': { type: 'boolean', default: true, help: 'drop reshapes that need no work' },
  'passes.pads': {
    type: 'boolean',
    default: true,
    help: 'make borders of zeros the padding of convolutions',
  },
  'passes.tables': { type: 'boolean', default: true, help: 'merge chains of tables and clamps' },
  'passes.constantChannels': {
    type: 'boolean',
    default: true,
    help: 'remove channels that are proved to be constant, folding them into biases',
  },
  'chip.rows': { type: 'integer', default: 1, min: 1, max: 64, help: 'pixel rows P of the engine' },
  'chip.columns': {
    type: 'integer',
    default: 4,
    min: 2,
    max: 64,
    help: 'channel columns K of the engine, a power of two',
  },
  'chip.lanes': { type: 'integer', default: 1, min: 1, max: 64, help: 'requantiser lanes' },
  'chip.requantizeCycles': {
    type: 'integer',
    default: 8,
    min: 4,
    max: 16,
    unit: 'cycles',
    help: 'cycles a lane takes for one value: 4, 8 or 16; more is smaller',
  },
  'chip.accumulatorBits': { type: 'integer', default: 24, min: 16, max: 32, help: 'width of an accumulator' },
  'chip.activationBytes': {
    type: 'integer',
    default: 0,
    min: 0,
    max: 65_536,
    unit: 'bytes',
    help: 'activation memory; 0 takes what the program needs',
  },
  'chip.weightWords': {
    type: 'integer',
    default: 0,
    min: 0,
    max: 65_536,
    help: 'weight memory in words of K bytes; 0 takes what the program needs',
  },
  'chip.bake': {
    type: 'boolean',
    default: true,
    help: 'freeze program and weights into the logic, so that the chip needs no memory macro',
  },
  'synthesis.tool': {
    type: 'choice',
    default: 'auto',
    values: ['auto', 'native', 'wasm'],
    help: 'which Yosys: native on PATH, the WebAssembly package, or native when there',
  },
  'synthesis.frontend': {
    type: 'choice',
    default: 'auto',
    values: ['auto', 'yosys', 'slang'],
    help: 'who reads given RTL: the reader of Yosys, slang (all of SystemVerilog), or slang where a file is .sv',
  },
  'synthesis.flatten': {
    type: 'boolean',
    default: true,
    help: 'optimise across modules; false maps each module by itself',
  },
  'synthesis.strategy': {
    type: 'choice',
    default: 'auto',
    values: ['auto', 'area', 'speed'],
    help: 'area: the smallest netlist; speed: mapped for delay; auto: the smallest unless it misses the clock',
  },
  'clock.periodPs': {
    type: 'integer',
    default: 4000,
    min: 100,
    max: 1_000_000,
    unit: 'ps',
    help: 'period that synthesis, placement and timing aim at',
  },
  'timing.repair': {
    type: 'boolean',
    default: true,
    help: 'resize, buffer and delay cells before routing until limits, setup and hold are met on estimated wires',
  },
  'netlist.top': {
    type: 'text',
    default: '',
    help: 'top module of a netlist that is given (`ingot pnr`); empty takes the only one',
  },
  'floorplan.dieWidthUm': {
    type: 'number',
    default: 0,
    min: 0,
    max: 20_000,
    unit: 'um',
    help: 'width of the die; with its height, in place of utilisation; 0 takes what the cells need',
  },
  'floorplan.dieHeightUm': {
    type: 'number',
    default: 0,
    min: 0,
    max: 20_000,
    unit: 'um',
    help: 'height of the die',
  },
  'floorplan.utilization': {
    type: 'number',
    default: 0.45,
    min: 0.1,
    max: 0.9,
    help: 'cell area over core area',
  },
  'floorplan.aspectRatio': {
    type: 'number',
    default: 1,
    min: 0.2,
    max: 5,
    help: 'height of the core over its width',
  },
  'place.engine': {
    type: 'choice',
    default: 'ingot',
    values: ['ingot', 'openroad'],
    help: 'who makes floorplan, placement and clock tree: the embedded engine, or OpenROAD if it is installed',
  },
  'route.engine': {
    type: 'choice',
    default: 'ingot',
    values: ['ingot', 'openroad'],
    help: 'who routes and fills: the embedded engine, or OpenROAD if it is installed',
  },
  'place.seed': { type: 'integer', default: 1, min: 0, max: 2_147_483_647, help: 'seed of the placer' },
  'route.maxRounds': {
    type: 'integer',
    default: 40,
    min: 1,
    max: 1000,
    help: 'rounds of rip-up and re-route before the router gives up',
  },
  'route.threads': {
    type: 'integer',
    default: 2,
    min: 1,
    max: 16,
    help: 'threads of the router; any number gives the same bytes',
  },
  'route.seed': { type: 'integer', default: 1, min: 0, max: 2_147_483_647, help: 'seed of the router' },
  'simulate.samples': {
    type: 'integer',
    default: 360,
    min: 1,
    max: 1_000_000,
    help: 'test samples run by the cycle simulator, from the start of the test set',
  },
  'check.foreign': {
    type: 'choice',
    default: 'all',
    values: ['none', 'fast', 'all'],
    help: 'foreign judges of the layout, where installed: none; KLayout on nets and rules; also that it draws DEF and GDS alike, and the netlist of the GDS by KLayout and Netgen',
  },
  'kit.name': {
    type: 'choice',
    default: 'nangate45',
    values: ['nangate45'],
    help: 'cell library and technology',
  },
} as const satisfies Record<string, SettingSpec>;

export type SettingKey = keyof typeof SETTINGS;

type ValueOf<S> = S extends { type: 'choice'; values: readonly (infer V)[] }
  ? V
  : S extends { type: 'boolean' }
    ? boolean
    : S extends { type: 'text' }
      ? string
      : number;

export type Settings = { readonly [K in SettingKey]: ValueOf<(typeof SETTINGS)[K]> };

/** Relations between settings: `fails` names the trouble, `keys` who is in it. */
export interface SettingRule {
  readonly keys: readonly SettingKey[];
  /** Message when the combination is impossible, else undefined. */
  fails(settings: Settings): string | undefined;
  readonly remedy: string;
}

export const RULES: readonly SettingRule[] = [
  {
    keys: ['floorplan.dieWidthUm', 'floorplan.dieHeightUm'],
    fails: (s) =>
      s['floorplan.dieWidthUm'] > 0 === s['floorplan.dieHeightUm'] > 0
        ? undefined
        : 'the die has a width or a height only',
    remedy: 'give both, or 0 for both',
  },
  {
    keys: ['chip.columns'],
    fails: (s) =>
      Number.isInteger(Math.log2(s['chip.columns']))
        ? undefined
        : `chip.columns ${s['chip.columns']} is not a power of two`,
    remedy: 'choose 2, 4, 8, 16, 32 or 64',
  },
  {
    keys: ['chip.lanes', 'chip.columns'],
    fails: (s) =>
      Number.isInteger(Math.log2(s['chip.lanes'])) && s['chip.lanes'] <= s['chip.columns']
        ? undefined
        : `chip.lanes ${s['chip.lanes']} is not a power of two up to chip.columns ${s['chip.columns']}`,
    remedy: 'choose a power of two that is at most chip.columns',
  },
  {
    keys: ['chip.requantizeCycles'],
    fails: (s) =>
      [4, 8, 16].includes(s['chip.requantizeCycles'])
        ? undefined
        : `chip.requantizeCycles ${s['chip.requantizeCycles']} is not possible`,
    remedy: 'choose 4, 8 or 16',
  },
];
