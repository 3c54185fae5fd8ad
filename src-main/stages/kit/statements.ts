/**
 * What the readers do with each statement they meet: read it, leave it out (it says nothing that Ingot uses),
 * leave it out with a warning (the result may differ for want of it), or refuse it, which is what happens to
 * every statement in no list. The lists of what is read stand in the readers themselves.
 */
import type { Diagnostic } from '../../base/diagnostic.ts';

/** LEF: layers' own capacitance is left out because the kit's table replaces it (see nangate45.ts). */
export const LEF_IGNORED: ReadonlySet<string> = new Set([
  'VERSION',
  'BUSBITCHARS',
  'DIVIDERCHAR',
  'NAMESCASESENSITIVE',
  'CLEARANCEMEASURE',
  'USEMINSPACING',
  'CAPACITANCE',
  'EDGECAPACITANCE',
  'THICKNESS',
  'HEIGHT',
  'CLASS',
  'FOREIGN',
  'SYMMETRY',
  'SITE',
  'SHAPE',
  'ANTENNAPARTIALMETALAREA',
  'ANTENNAPARTIALMETALSIDEAREA',
  'ANTENNADIFFAREA',
  'ANTENNAMODEL',
]);

export const LEF_WARNED: ReadonlySet<string> = new Set(['MAXVIASTACK', 'FIXEDMASK', 'NOWIREEXTENSIONATPIN']);

/** Liberty statements left out, by the group that holds them. */
export const LIBERTY_IGNORED: Readonly<Record<string, ReadonlySet<string>>> = {
  library: new Set([
    'date',
    'revision',
    'comment',
    'technology',
    'delay_model',
    'in_place_swap_mode',
    'library_features',
    'current_unit',
    'pulling_resistance_unit',
    'nom_process',
    'voltage_map',
    'define',
    'operating_conditions',
    'default_operating_conditions',
    'default_leakage_power_density',
    'default_inout_pin_cap',
    'default_input_pin_cap',
    'default_output_pin_cap',
    'default_fanout_load',
    'wire_load',
    'default_wire_load',
    'default_wire_load_mode',
  ]),
  cell: new Set(['drive_strength', 'dont_touch', 'statetable', 'cell_footprint', 'pg_pin']),
  pin: new Set([
    'related_power_pin',
    'related_ground_pin',
    'nextstate_type',
    'clock_gate_out_pin',
    'internal_node',
  ]),
  timing: new Set(['sdf_cond']),
  internal_power: new Set([]),
  leakage_power: new Set(['related_pg_pin']),
  ff: new Set(['clear_preset_var1', 'clear_preset_var2']),
  latch: new Set(['clear_preset_var1', 'clear_preset_var2']),
};

/** One diagnostic per code and message, at the first place met. */
export function noteOnce(diagnostics: Diagnostic[], code: string, message: string, place: string): void {
  if (diagnostics.some((d) => d.code === code && d.message === message)) return;
  diagnostics.push({ code, severity: 'warning', message, place });
}
