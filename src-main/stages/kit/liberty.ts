/**
 * Liberty groups to cells. Every statement is read, known to say nothing Ingot uses (statements.ts), or
 * refused with its place. Units become ps, fF, nW, fJ (internal energy is voltage^2 x capacitance unit).
 */
import type { Diagnostic } from '../../base/diagnostic.ts';
import { parseFunction } from './function.ts';
import { readTable, type TableTemplates } from './liberty-table.ts';
import { parseLiberty, type LibertyAttribute, type LibertyGroup } from './liberty-syntax.ts';
import { FRESH_KIT, SourceText } from './source-place.ts';
import { LIBERTY_IGNORED } from './statements.ts';
import type { ArcType, PowerArc, Sequential, TimingArc } from './types.ts';

/** Arcs name their related pin here; the join with LEF turns names to indices. */
export type NamedTimingArc = Omit<TimingArc, 'relatedPin'> & {
  readonly related: string;
  readonly offset: number;
};
export type NamedPowerArc = Omit<PowerArc, 'relatedPin'> & {
  readonly related: string | null;
  readonly offset: number;
};

export interface LibertyPin {
  readonly name: string;
  readonly direction: 'input' | 'output' | 'inout' | 'internal';
  readonly capacitanceFf: number;
  readonly riseCapacitanceFf: number;
  readonly fallCapacitanceFf: number;
  readonly maxCapacitanceFf: number;
  readonly maxSlewPs: number | null;
  readonly function: string | null;
  readonly threeState: string | null;
  readonly isClock: boolean;
  readonly arcs: readonly NamedTimingArc[];
  readonly power: readonly NamedPowerArc[];
  readonly gateRole: 'clock' | 'enable' | 'test' | null;
}

export interface LibertyCell {
  readonly name: string;
  readonly place: string;
  readonly areaUm2: number;
  readonly leakageNw: number;
  readonly leakageStates: readonly { readonly when: string; readonly leakageNw: number }[];
  readonly dontUse: boolean;
  readonly sequential: Sequential | null;
  readonly pins: ReadonlyMap<string, LibertyPin>;
}

export interface Liberty {
  readonly source: SourceText;
  readonly voltageV: number;
  readonly temperatureC: number;
  readonly defaultMaxSlewPs: number;
  readonly slewLower: number;
  readonly slewUpper: number;
  readonly cells: ReadonlyMap<string, LibertyCell>;
}

interface Context {
  readonly source: SourceText;
  readonly diagnostics: Diagnostic[];
  readonly psPerUnit: number;
  readonly ffPerUnit: number;
  readonly fjPerUnit: number;
  readonly nwPerUnit: number;
  readonly templates: TableTemplates;
}

export function readLiberty(name: string, text: string, diagnostics: Diagnostic[]): Liberty {
  const source = new SourceText(name, text);
  const library = parseLiberty(source);
  const a = attributesOf(source, library, LIBRARY_READ, LIBRARY_GROUPS);
  const units = readUnits(source, library, a);
  const templates: TableTemplates = new Map();
  for (const group of library.groups)
    if (group.name.endsWith('_template'))
      templates.set(
        group.args[0] ?? '',
        ['variable_1', 'variable_2', 'variable_3'].flatMap(
          (v) => group.attributes.find((x) => x.name === v)?.value ?? [],
        ),
      );
  const context: Context = { source, diagnostics, templates, ...units };
  const defaultLeakageNw = (a.number('default_cell_leakage_power') ?? 0) * units.nwPerUnit;
  const cells = new Map<string, LibertyCell>();
  for (const group of library.groups) {
    if (group.name !== 'cell') continue;
    const cell = readCell(context, group, defaultLeakageNw, a.definedFor('cell'));
    if (cells.has(cell.name))
      source.refuse('KIT-012', `cell ${cell.name} stands twice`, group.offset, FRESH_KIT);
    cells.set(cell.name, cell);
  }
  const fraction = (key: string): number => {
    const rise = a.required(`${key}_rise`, library);
    if (rise !== a.required(`${key}_fall`, library))
      source.refuse('KIT-012', `${key} differs between rise and fall`, library.offset, FRESH_KIT);
    return rise / 100;
  };
  if ((a.number('slew_derate_from_library') ?? 1) !== 1)
    source.refuse(
      'KIT-012',
      'slew_derate_from_library other than 1 is not supported',
      library.offset,
      FRESH_KIT,
    );
  if (fraction('input_threshold_pct') !== 0.5 || fraction('output_threshold_pct') !== 0.5)
    source.refuse('KIT-012', 'delay thresholds other than 50 % are not supported', library.offset, FRESH_KIT);
  return {
    source,
    voltageV: a.required('nom_voltage', library),
    temperatureC: a.required('nom_temperature', library),
    defaultMaxSlewPs: a.required('default_max_transition', library) * units.psPerUnit,
    slewLower: fraction('slew_lower_threshold_pct'),
    slewUpper: fraction('slew_upper_threshold_pct'),
    cells,
  };
}

const LIBRARY_READ = new Set([
  'time_unit',
  'leakage_power_unit',
  'voltage_unit',
  'capacitive_load_unit',
  'nom_temperature',
  'nom_voltage',
  'slew_lower_threshold_pct_fall',
  'slew_lower_threshold_pct_rise',
  'slew_upper_threshold_pct_fall',
  'slew_upper_threshold_pct_rise',
  'slew_derate_from_library',
  'input_threshold_pct_fall',
  'input_threshold_pct_rise',
  'output_threshold_pct_fall',
  'output_threshold_pct_rise',
  'default_cell_leakage_power',
  'default_max_transition',
]);
const LIBRARY_GROUPS = new Set(['lu_table_template', 'power_lut_template', 'cell']);

class Attributes {
  readonly #source: SourceText;
  readonly #list: readonly LibertyAttribute[];

  constructor(source: SourceText, list: readonly LibertyAttribute[]) {
    this.#source = source;
    this.#list = list;
  }

  text(name: string): string | null {
    return this.#list.find((a) => a.name === name)?.value ?? null;
  }

  number(name: string): number | null {
    const attribute = this.#list.find((a) => a.name === name);
    if (!attribute) return null;
    const value = Number(attribute.value);
    if (!Number.isFinite(value))
      this.#source.refuse('KIT-012', `${name} is no number`, attribute.offset, FRESH_KIT);
    return value;
  }

  required(name: string, group: LibertyGroup): number {
    const value = this.number(name);
    if (value === null)
      this.#source.refuse('KIT-012', `${group.name} has no ${name}`, group.offset, FRESH_KIT);
    return value;
  }

  flag(name: string): boolean {
    return this.text(name) === 'true';
  }

  /** A boolean function, checked to be readable. */
  expression(name: string): string | null {
    const attribute = this.#list.find((a) => a.name === name);
    if (!attribute) return null;
    try {
      parseFunction(attribute.value);
    } catch {
      this.#source.refuse(
        'KIT-014',
        `"${attribute.value}" is not a boolean function`,
        attribute.offset,
        FRESH_KIT,
      );
    }
    return attribute.value;
  }

  /** Names that `define (name, group, type)` adds to a group. */
  definedFor(group: string): ReadonlySet<string> {
    const names = this.#list.filter((a) => a.name === 'define').map((a) => a.value.split(','));
    return new Set(names.filter((d) => d[1] === group).map((d) => d[0]!));
  }
}

/** Refuses (KIT-011) whatever is neither read nor on the ignored list of this kind of group. */
function attributesOf(
  source: SourceText,
  group: LibertyGroup,
  read: ReadonlySet<string>,
  groups: ReadonlySet<string>,
  defined?: ReadonlySet<string>,
): Attributes {
  const ignored = LIBERTY_IGNORED[group.name];
  for (const { name, offset } of group.attributes)
    if (!read.has(name) && !ignored?.has(name) && !defined?.has(name))
      source.refuse(
        'KIT-011',
        `Liberty statement ${name} in ${group.name} is not supported`,
        offset,
        FRESH_KIT,
      );
  for (const { name, offset } of group.groups)
    if (!groups.has(name) && !ignored?.has(name))
      source.refuse('KIT-011', `Liberty group ${name} in ${group.name} is not supported`, offset, FRESH_KIT);
  return new Attributes(source, group.attributes);
}

const SI: Record<string, number> = { f: 1e-15, p: 1e-12, n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3 };

function readUnits(
  source: SourceText,
  library: LibertyGroup,
  a: Attributes,
): { psPerUnit: number; ffPerUnit: number; fjPerUnit: number; nwPerUnit: number } {
  const unit = (name: string, text: string | null, symbol: string, base: number): number => {
    const match = /^([0-9.]+)\s*,?\s*([fpnumk]?)([a-zA-Z]+)$/.exec(text ?? '');
    const prefix = match ? SI[match[2]!] : undefined;
    if (!match || prefix === undefined || match[3]!.toLowerCase() !== symbol)
      source.refuse('KIT-012', `${name} is missing or not understood`, library.offset, FRESH_KIT);
    // Through twelve digits, so that 1e-9 / 1e-12 is 1000 and not 1000.0000000000001.
    return Number(((Number(match[1]) * prefix) / base).toPrecision(12));
  };
  const volts = unit('voltage_unit', a.text('voltage_unit'), 'v', 1);
  const ffPerUnit = unit('capacitive_load_unit', a.text('capacitive_load_unit'), 'f', 1e-15);
  return {
    psPerUnit: unit('time_unit', a.text('time_unit'), 's', 1e-12),
    ffPerUnit,
    fjPerUnit: volts * volts * ffPerUnit,
    nwPerUnit: unit('leakage_power_unit', a.text('leakage_power_unit'), 'w', 1e-9),
  };
}

const CELL_READ = new Set(['area', 'cell_leakage_power', 'dont_use', 'clock_gating_integrated_cell']);
const CELL_GROUPS = new Set(['pin', 'leakage_power', 'ff', 'latch']);

function readCell(
  c: Context,
  group: LibertyGroup,
  defaultLeakageNw: number,
  defined: ReadonlySet<string>,
): LibertyCell {
  const a = attributesOf(c.source, group, CELL_READ, CELL_GROUPS, defined);
  const pins = new Map<string, LibertyPin>();
  const leakageStates: { when: string; leakageNw: number }[] = [];
  for (const child of group.groups) {
    if (child.name === 'pin') for (const name of child.args) pins.set(name, readPin(c, child, name));
    else if (child.name === 'leakage_power') {
      const state = attributesOf(c.source, child, new Set(['when', 'value']), new Set());
      const when = state.expression('when');
      const leakageNw = state.required('value', child) * c.nwPerUnit;
      if (when !== null) leakageStates.push({ when, leakageNw });
    }
  }
  const leakage = a.number('cell_leakage_power');
  return {
    name: group.args[0] ?? '',
    place: c.source.place(group.offset),
    areaUm2: a.required('area', group),
    leakageNw: leakage === null ? defaultLeakageNw : leakage * c.nwPerUnit,
    leakageStates,
    dontUse: a.flag('dont_use'),
    sequential: readSequential(c, group, a, pins),
    pins,
  };
}

function readSequential(
  c: Context,
  cell: LibertyGroup,
  a: Attributes,
  pins: ReadonlyMap<string, LibertyPin>,
): Sequential | null {
  const group = cell.groups.find((g) => g.name === 'ff' || g.name === 'latch');
  if (group) {
    const isFlop = group.name === 'ff';
    const [clock, data] = isFlop ? (['clocked_on', 'next_state'] as const) : (['enable', 'data_in'] as const);
    const g = attributesOf(c.source, group, new Set([clock, data, 'clear', 'preset']), new Set());
    const [clockedOn, nextState] = [g.expression(clock), g.expression(data)];
    const [state, stateInverse] = group.args;
    if (clockedOn === null || nextState === null || !state || !stateInverse)
      c.source.refuse('KIT-012', `${group.name} group is incomplete`, group.offset, FRESH_KIT);
    const kind = isFlop ? 'flop' : 'latch';
    return {
      kind,
      state,
      stateInverse,
      clockedOn,
      nextState,
      clear: g.expression('clear'),
      preset: g.expression('preset'),
    };
  }
  const gating = a.text('clock_gating_integrated_cell');
  if (gating === null) return null;
  // Positive-edge gates only: the state follows the enable while the clock is low (see the cell's statetable).
  if (gating !== 'latch_posedge' && gating !== 'latch_posedge_precontrol')
    c.source.refuse('KIT-012', `clock gate of type ${gating} is not supported`, cell.offset, FRESH_KIT);
  const by = (role: LibertyPin['gateRole']): string | undefined =>
    [...pins.values()].find((p) => p.gateRole === role)?.name;
  const state = [...pins.values()].find((p) => p.direction === 'internal')?.name;
  const [clock, enable, test] = [by('clock'), by('enable'), by('test')];
  if (!state || !clock || !enable || (gating.endsWith('precontrol') && !test))
    c.source.refuse('KIT-012', 'clock gate lacks a clock, enable, test or state pin', cell.offset, FRESH_KIT);
  return {
    kind: 'clockGate',
    state,
    stateInverse: '',
    clockedOn: clock,
    nextState: test ? `${enable} | ${test}` : enable,
    clear: null,
    preset: null,
  };
}

const PIN_READ = new Set([
  'direction',
  'capacitance',
  'rise_capacitance',
  'fall_capacitance',
  'max_capacitance',
  'max_transition',
  'function',
  'state_function',
  'three_state',
  'clock',
  'clock_gate_clock_pin',
  'clock_gate_enable_pin',
  'clock_gate_test_pin',
]);
const PIN_GROUPS = new Set(['timing', 'internal_power']);

function readPin(c: Context, group: LibertyGroup, name: string): LibertyPin {
  const a = attributesOf(c.source, group, PIN_READ, PIN_GROUPS);
  const direction = a.text('direction');
  if (direction !== 'input' && direction !== 'output' && direction !== 'inout' && direction !== 'internal')
    c.source.refuse('KIT-012', `pin ${name} has no usable direction`, group.offset, FRESH_KIT);
  const arcs: NamedTimingArc[] = [];
  const power: NamedPowerArc[] = [];
  for (const child of group.groups)
    if (child.name === 'timing') arcs.push(...readTiming(c, child));
    else power.push(...readPower(c, child));
  const isGateClock = a.flag('clock_gate_clock_pin');
  const slew = a.number('max_transition');
  const capacitance = a.number('capacitance') ?? 0;
  return {
    name,
    direction,
    capacitanceFf: capacitance * c.ffPerUnit,
    riseCapacitanceFf: (a.number('rise_capacitance') ?? capacitance) * c.ffPerUnit,
    fallCapacitanceFf: (a.number('fall_capacitance') ?? capacitance) * c.ffPerUnit,
    maxCapacitanceFf: (a.number('max_capacitance') ?? 0) * c.ffPerUnit,
    maxSlewPs: slew === null ? null : slew * c.psPerUnit,
    function: a.expression('function') ?? a.expression('state_function'),
    threeState: a.expression('three_state'),
    isClock: a.flag('clock') || isGateClock,
    arcs,
    power,
    gateRole: isGateClock
      ? 'clock'
      : a.flag('clock_gate_enable_pin')
        ? 'enable'
        : a.flag('clock_gate_test_pin')
          ? 'test'
          : null,
  };
}

const ARC_TYPES: ReadonlyMap<string, ArcType> = new Map<string, ArcType>([
  ['combinational', 'combinational'],
  ['combinational_rise', 'combinational'],
  ['combinational_fall', 'combinational'],
  ['rising_edge', 'rising_edge'],
  ['falling_edge', 'falling_edge'],
  ['preset', 'preset'],
  ['clear', 'clear'],
  ['setup_rising', 'setup_rising'],
  ['setup_falling', 'setup_falling'],
  ['hold_rising', 'hold_rising'],
  ['hold_falling', 'hold_falling'],
  ['recovery_rising', 'recovery_rising'],
  ['recovery_falling', 'recovery_falling'],
  ['removal_rising', 'removal_rising'],
  ['removal_falling', 'removal_falling'],
  ['three_state_enable', 'three_state_enable'],
  ['three_state_disable', 'three_state_disable'],
  ['min_pulse_width', 'other'],
]);
const SENSES: ReadonlySet<string | null> = new Set(['positive_unate', 'negative_unate', 'non_unate']);
const TIMING_READ = new Set(['related_pin', 'timing_type', 'timing_sense', 'when']);
const TIMING_TABLES = new Set([
  'cell_rise',
  'cell_fall',
  'rise_transition',
  'fall_transition',
  'rise_constraint',
  'fall_constraint',
]);

function readTiming(c: Context, group: LibertyGroup): NamedTimingArc[] {
  const a = attributesOf(c.source, group, TIMING_READ, TIMING_TABLES);
  const given = a.text('timing_type') ?? 'combinational';
  const type = ARC_TYPES.get(given);
  if (type === undefined)
    c.source.refuse('KIT-012', `timing_type ${given} is not supported`, group.offset, FRESH_KIT);
  const sense = a.text('timing_sense') ?? 'non_unate';
  if (!SENSES.has(sense))
    c.source.refuse('KIT-012', `timing_sense ${sense} is not supported`, group.offset, FRESH_KIT);
  const scales = { slew: c.psPerUnit, load: c.ffPerUnit, value: c.psPerUnit };
  const table = (name: string) => {
    const found = group.groups.find((g) => g.name === name);
    return found ? readTable(c.source, found, c.templates, scales) : null;
  };
  const arc = {
    type,
    sense: sense as TimingArc['sense'],
    when: a.expression('when'),
    cellRisePs: table('cell_rise'),
    cellFallPs: table('cell_fall'),
    riseSlewPs: table('rise_transition'),
    fallSlewPs: table('fall_transition'),
    riseConstraintPs: table('rise_constraint'),
    fallConstraintPs: table('fall_constraint'),
    offset: group.offset,
  };
  const related = pinList(a.text('related_pin'));
  if (related.length === 0)
    c.source.refuse('KIT-012', 'timing group has no related_pin', group.offset, FRESH_KIT);
  return related.map((name) => ({ ...arc, related: name }));
}

const POWER_READ = new Set(['related_pin', 'when']);
const POWER_TABLES = new Set(['rise_power', 'fall_power']);

function readPower(c: Context, group: LibertyGroup): NamedPowerArc[] {
  const a = attributesOf(c.source, group, POWER_READ, POWER_TABLES);
  const scales = { slew: c.psPerUnit, load: c.ffPerUnit, value: c.fjPerUnit };
  const table = (name: string) => {
    const found = group.groups.find((g) => g.name === name);
    return found ? readTable(c.source, found, c.templates, scales) : null;
  };
  const arc = {
    when: a.expression('when'),
    riseEnergyFj: table('rise_power'),
    fallEnergyFj: table('fall_power'),
    offset: group.offset,
  };
  const related = pinList(a.text('related_pin'));
  return related.length === 0
    ? [{ ...arc, related: null }]
    : related.map((name) => ({ ...arc, related: name }));
}

function pinList(text: string | null): string[] {
  return (text ?? '').split(/\s+/).filter((name) => name !== '');
}
