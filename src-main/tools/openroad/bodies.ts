/** The work of each step: OpenROAD's documented commands in the order of its own flow. Pure text. */
import type { OpenRoadPlan } from './plan.ts';
import { braced } from './script.ts';

const um = (values: readonly number[]): string => braced(values.map(String));

export interface BodyOptions {
  /** Of the ports' placement, the only step that takes one. */
  readonly seed: number;
  readonly isRepairOn: boolean;
}

export const floorplanBody = (plan: OpenRoadPlan): string[] => [
  `if {[ingot_takes initialize_floorplan -sites]} {
  initialize_floorplan -die_area ${um(plan.dieUm)} -core_area ${um(plan.coreUm)} -sites ${plan.site}
} else {
  initialize_floorplan -die_area ${um(plan.dieUm)} -core_area ${um(plan.coreUm)} -site ${plan.site}
}`,
  ...tracksLines(plan),
];

/** Of a layer both ways, as OpenROAD wants them. */
const tracksLines = (plan: OpenRoadPlan): string[] =>
  plan.tracks.map(
    (t) =>
      `make_tracks ${t.layer} -x_offset ${t.xOffsetUm} -x_pitch ${t.xPitchUm} -y_offset ${t.yOffsetUm} -y_pitch ${t.yPitchUm}`,
  );

/** A placed design over DEF, whose own tracks were taken out: Ingot writes those along a layer only. */
export const loadBody = (plan: OpenRoadPlan): string[] => [
  ...tracksLines(plan),
  'global_connect',
  'check_placement -verbose',
];

export const pinsBody = (plan: OpenRoadPlan, { seed }: BodyOptions): string[] => [
  `ingot_run place_pins {{-hor_layers ${plan.portLayerH}} {-ver_layers ${plan.portLayerV}} {-random_seed ${seed}}}`,
];

/** Designs of ours have no macros; one that has needs a build with a macro placer. */
export const macrosBody = (): string[] => [
  `set macros {}
foreach inst [[ord::get_db_block] getInsts] {
  if {[[$inst getMaster] isBlock]} { lappend macros [$inst getName] }
}
ingot_value macros [llength $macros]
if {[llength $macros] == 0} {
  ingot_note "the design has no macros"
} elseif {[ingot_has rtl_macro_placer]} {
  rtl_macro_placer -halo_width 10 -halo_height 10
} elseif {[ingot_has macro_placement]} {
  macro_placement -halo {10 10}
} else {
  error "the design has [llength $macros] macros, and this OpenROAD was built without a macro placer"
}`,
];

export const tapsBody = (plan: OpenRoadPlan): string[] => [
  `tapcell -distance ${plan.tapDistanceUm} -tapcell_master ${plan.tap} -endcap_master ${plan.tap}`,
];

export const powerGridBody = (plan: OpenRoadPlan): string[] => {
  const levels = [plan.railLayer, ...plan.straps.map((s) => s.layer)];
  return [
    `add_global_connection -net ${plan.powerPin} -pin_pattern ${plan.powerPin} -power`,
    `add_global_connection -net ${plan.groundPin} -pin_pattern ${plan.groundPin} -ground`,
    'global_connect',
    `set_voltage_domain -name CORE -power ${plan.powerPin} -ground ${plan.groundPin}`,
    `define_pdn_grid -name grid -voltage_domains CORE -pins ${levels.at(-1)}`,
    `add_pdn_stripe -grid grid -layer ${plan.railLayer} -width ${plan.railWidthUm} -followpins`,
    ...plan.straps.map(
      (s, i) =>
        `add_pdn_stripe -grid grid -layer ${s.layer} -width ${s.widthUm} -pitch ${s.pitchUm} -offset ${s.offsetUm}` +
        (i === plan.straps.length - 1 ? ' -extend_to_boundary' : ''),
    ),
    ...levels.slice(1).map((layer, i) => `add_pdn_connect -grid grid -layers {${levels[i]} ${layer}}`),
    'pdngen',
    ...[plan.powerPin, plan.groundPin].map(
      (net) => `if {[ingot_has check_power_grid]} { check_power_grid -net ${net} }`,
    ),
  ];
};

/** Sites kept free at each side of a cell while it is spread, as far as the rows have room for it. */
const PADDING_SITES = 1;
const PADDED_MOST = 0.8;
/** Of the way from the least density that fits to 1: what ORFS calls PLACE_DENSITY_LB_ADDON. */
const DENSITY_ADDON = 0.1;
const DENSITY_EXTRA = 0.01;

/** The density is measured here, as the ports' buffers count too. */
export const placeBody = (): string[] => [
  'if {[ingot_has buffer_ports]} { buffer_ports }',
  `set block [ord::get_db_block]
set rows 0.0
set site 0
foreach row [$block getRows] {
  set box [$row getBBox]
  set rows [expr {$rows + 1.0 * ([$box xMax] - [$box xMin]) * ([$box yMax] - [$box yMin])}]
  set site [[$row getSite] getWidth]
}
foreach padding {${PADDING_SITES} 0} {
  set cells 0.0
  set fixed 0.0
  foreach inst [$block getInsts] {
    set master [$inst getMaster]
    if {[$inst isFixed]} {
      set fixed [expr {$fixed + 1.0 * [$master getWidth] * [$master getHeight]}]
    } else {
      set cells [expr {$cells + ([$master getWidth] + 2.0 * $padding * $site) * [$master getHeight]}]
    }
  }
  set least [expr {$cells / ($rows - $fixed)}]
  if {$least <= ${PADDED_MOST}} break
}
set density [expr {min(0.99, $least + (1 - $least) * ${DENSITY_ADDON} + ${DENSITY_EXTRA})}]
ingot_value density $density
ingot_run global_placement [list [list -density $density] [list -pad_left $padding] [list -pad_right $padding] -timing_driven -routability_driven]`,
];

export const repairDesignBody = (plan: OpenRoadPlan): string[] => [
  'estimate_parasitics -placement',
  'ingot_run repair_design {{-verbose}}',
  `ingot_run repair_tie_fanout {{-separation 5}} ${plan.tieHigh}`,
  `ingot_run repair_tie_fanout {{-separation 5}} ${plan.tieLow}`,
  'ingot_try floating { report_floating_nets }',
];

export const legalizeBody = (): string[] => [
  'set_placement_padding -global -left 0 -right 0',
  'detailed_placement',
  'ingot_try improve { ingot_run improve_placement {} }',
  // The improver of 2023 leaves some cells off their sites.
  `if {[catch { check_placement } message]} {
  ingot_note "after improve_placement: $message; legalised again"
  detailed_placement
}`,
  'ingot_try mirroring { ingot_run optimize_mirroring {} }',
  'check_placement -verbose',
];

export const clockBody = (plan: OpenRoadPlan): string[] => [
  'if {[ingot_has repair_clock_inverters]} { repair_clock_inverters }',
  `ingot_run clock_tree_synthesis {{-root_buf ${plan.clockBuffer}} {-buf_list ${plan.clockBuffer}} {-sink_clustering_enable} {-sink_clustering_size 30} {-sink_clustering_max_diameter 50} {-balance_levels} {-repair_clock_nets}}`,
  'set_propagated_clock [all_clocks]',
  'estimate_parasitics -placement',
  'if {![ingot_takes clock_tree_synthesis -repair_clock_nets] && [ingot_has repair_clock_nets]} { repair_clock_nets }',
  'set_placement_padding -global -left 0 -right 0',
  'detailed_placement',
  'check_placement -verbose',
];

/** Setup and hold one after the other; an empty list of violations is a message and no error. */
export const repairTimingBody = (_plan: OpenRoadPlan, { isRepairOn }: BodyOptions): string[] =>
  isRepairOn
    ? [
        'estimate_parasitics -placement',
        'ingot_try "setup repair" { ingot_run repair_timing {{-setup} {-repair_tns 100} {-verbose}} }',
        'ingot_try "hold repair" { ingot_run repair_timing {{-hold} {-verbose}} }',
        'set_placement_padding -global -left 0 -right 0',
        'detailed_placement',
        'check_placement -verbose',
      ]
    : ['ingot_note "timing repair is switched off"'];

/**
 * Congestion is let pass: it is an estimate, with half of the narrow layers' tracks given away beforehand. What is
 * really too much shows as violations of detailed routing, and those fail the run.
 */
const globalRouteLines = [
  'ingot_run global_route {{-congestion_iterations 50} {-congestion_report_file congestion.rpt} {-allow_congestion} {-verbose}}',
];

/** The places where pins are met are kept by the database: the steps behind go on with them. */
export const globalRouteBody = (): string[] => [
  'if {[ingot_has pin_access]} { pin_access }',
  ...globalRouteLines,
];

/** Percent of the antenna ratio kept free: detailed routing takes other ways than the global one that is repaired. */
const ANTENNA_MARGIN = 30;

/** Nets of input ports shorter than this hang too little metal on a gate, whatever layer it is on. */
const PORT_NET_MOST_UM = 50;

/**
 * A diode on every long net that only a port drives: nothing on it drains charge, and repair_antennas, which judges by
 * the layers of global routing, misses some (LibreLane puts diodes on ports too). Put at the first sink, then legalised.
 */
const portDiodeLines = (plan: OpenRoadPlan): string[] => [
  `set block [ord::get_db_block]
set units [$block getDbUnitsPerMicron]
set master [[ord::get_db] findMaster ${plan.diode}]
set count 0
foreach port [$block getBTerms] {
  set net [$port getNet]
  set sinks [$net getITerms]
  if {[$port getIoType] ne "INPUT" || [$port getSigType] ne "SIGNAL" || [llength $sinks] == 0} continue
  set box [$net getTermBBox]
  if {[$box dx] + [$box dy] < ${PORT_NET_MOST_UM} * $units} continue
  set at [[[lindex $sinks 0] getInst] getLocation]
  set diode [odb::dbInst_create $block $master port_diode_$count]
  $diode setLocation [lindex $at 0] [lindex $at 1]
  $diode setPlacementStatus PLACED
  foreach pin [$diode getITerms] {
    if {[[$pin getMTerm] getSigType] eq "SIGNAL"} { $pin connect $net }
  }
  incr count
}
ingot_value port_diodes $count
if {$count > 0} {
  global_connect
  set_placement_padding -global -left 0 -right 0
  detailed_placement
}`,
];

/** Routed globally again, as no database of 2023 keeps the router's state. */
export const antennaBody = (plan: OpenRoadPlan): string[] => [
  ...portDiodeLines(plan),
  ...globalRouteLines,
  `ingot_run repair_antennas {{-iterations 5} {-ratio_margin ${ANTENNA_MARGIN}}} ${plan.diode}`,
  'if {[ingot_has check_placement]} { check_placement -verbose }',
  'check_antennas -report_file antennas.rpt',
  'if {[ingot_has write_guides]} { write_guides route.guide }',
];

/** Access to pins is taken from the database, unless diodes came whose pins nobody looked at yet. */
export const detailedRouteBody = (plan: OpenRoadPlan): string[] => [
  'set options {{-output_drc drc.rpt} {-output_maze maze.log} {-verbose 1} {-drc_report_iter_step 5} {-droute_end_iter 64}}',
  `set diodes 0
foreach inst [[ord::get_db_block] getInsts] {
  if {[[$inst getMaster] getName] eq "${plan.diode}"} { incr diodes }
}
ingot_value diodes $diodes
if {$diodes == 0 && [ingot_has pin_access]} { lappend options {-no_pin_access} }`,
  'ingot_run detailed_route $options',
  'check_antennas -report_file antennas.rpt',
];

export const fillBody = (plan: OpenRoadPlan): string[] => [
  `filler_placement ${braced(plan.fillers)}`,
  'global_connect',
  'check_placement -verbose',
];

/** The netlist, without what has no pins, and the layout as text for Ingot's own readers. */
export const exportLines = (plan: OpenRoadPlan): string[] => [
  'write_def out.def',
  `write_verilog -remove_cells ${braced(plan.physical)} out.v`,
];

export const extractionBody = (): string[] => [
  'ingot_note "wires are those of the detailed routing; their RC is Ingot\'s extraction"',
];

export const irDropBody = (plan: OpenRoadPlan): string[] => [
  `foreach {net volts} {${plan.powerPin} ${plan.voltageV} ${plan.groundPin} 0} {
  if {[ingot_has set_pdnsim_net_voltage]} { set_pdnsim_net_voltage -net $net -voltage $volts }
  puts "INGOT net: $net"
  ingot_run analyze_power_grid [list [list -net $net]]
}`,
];

export const reportBody = (): string[] => [
  'if {[ingot_has report_cell_usage]} { report_cell_usage }',
  'report_checks -path_delay max -format full_clock_expanded',
  'report_checks -path_delay min -format full_clock_expanded',
];
