/**
 * One step of OpenROAD as one Tcl script: reads the kit and the database of the step before, does its work, writes
 * its database. Written from the documented commands; whether a command or an option is there is asked at run time
 * (`info commands`, and the text of arguments that OpenSTA's command table keeps), as they change with the versions.
 * An error leaves `<step>-failed.odb` and exit code 1.
 */
import type { OpenRoadPlan } from './plan.ts';

/** Files of a job's folder; every script reads and writes under these names. */
export const FILES = {
  techLef: 'tech.lef',
  cellLef: 'cells.lef',
  liberty: 'cells.lib',
  sdc: 'constraints.sdc',
  netlist: 'netlist.v',
  def: 'in.def',
  spef: 'wires.spef',
  before: 'before.odb',
  metrics: 'metrics.json',
} as const;

/** Where the design comes from. */
export type Source = 'netlist' | 'def' | 'database';

export interface StepScript {
  /** Kebab-case; names script, database and failed database. */
  readonly name: string;
  /** Stage of METRICS2.1 that its metrics go under. */
  readonly stage: string;
  readonly source: Source;
  /** The clock goes through its tree: from clock tree synthesis on. */
  readonly isClockPropagated: boolean;
  readonly body: readonly string[];
  /** Reports timing, power and area at the end; `wires` says how wires are estimated before. */
  readonly reports: 'none' | 'placement' | 'routes' | 'spef';
}

/** Helpers of every script. `ingot_takes` looks in the table of argument texts, then in the procedure itself. */
const HELPERS = `proc ingot_has {command} { return [expr {[info commands $command] ne ""}] }
proc ingot_takes {command option} {
  if {![ingot_has $command]} { return 0 }
  set text ""
  if {[info exists ::sta::cmd_args($command)]} { append text $::sta::cmd_args($command) }
  catch { append text [info body $command] }
  return [regexp -- "\\\\$option\\\\y" $text]
}
# Runs a command with those of its options that this build takes; an option is a list of name and value.
proc ingot_run {command options args} {
  set words {}
  foreach option $options {
    if {[ingot_takes $command [lindex $option 0]]} {
      lappend words {*}$option
    } else { puts "INGOT option: $command has no [lindex $option 0]" }
  }
  puts "INGOT command: $command $words $args"
  return [uplevel 1 [list $command {*}$words {*}$args]]
}
proc ingot_note {text} { puts "INGOT note: $text" }
# A value of our own among the metrics, and in the log whatever the build.
proc ingot_value {name value} {
  puts "INGOT value: $name $value"
}
proc ingot_try {label script} {
  if {[catch { uplevel 1 $script } message]} { puts "INGOT skipped: $label: $message" }
}`;

export const braced = (words: readonly string[]): string => `{${words.join(' ')}}`;

/** The whole script. */
export function openRoadScript(step: StepScript, plan: OpenRoadPlan): string {
  return [
    `# ${step.name}: one step of OpenROAD, written by Ingot.`,
    HELPERS,
    `if {[catch {`,
    ...indent([
      `if {[ingot_has utl::set_metrics_stage]} { utl::set_metrics_stage "${step.stage}__{}" }`,
      ...load(step, plan),
      ...step.body,
      ...report(step),
      `write_db ${step.name}.odb`,
    ]),
    `} message]} {`,
    `  puts "INGOT failed: $message"`,
    `  catch { write_db ${step.name}-failed.odb }`,
    `  exit 1`,
    `}`,
    `puts "INGOT done"`,
    `exit 0`,
    '',
  ].join('\n');
}

const indent = (lines: readonly string[]): string[] =>
  lines.flatMap((line) => line.split('\n').map((l) => (l === '' ? '' : `  ${l}`)));

function load(step: StepScript, plan: OpenRoadPlan): string[] {
  const lef = [`read_lef ${FILES.techLef}`, `read_lef ${FILES.cellLef}`];
  const design: Record<Source, string[]> = {
    netlist: [...lef, `read_verilog ${FILES.netlist}`, `link_design ${braced([plan.top])}`],
    def: [...lef, `read_def ${FILES.def}`],
    database: [`read_db ${FILES.before}`],
  };
  return [
    `read_liberty ${FILES.liberty}`,
    ...design[step.source],
    `read_sdc ${FILES.sdc}`,
    ...(step.isClockPropagated ? ['set_propagated_clock [all_clocks]'] : []),
    ...rcLines(plan),
    ...(plan.dontUse.length > 0 ? [`set_dont_use ${braced(plan.dontUse)}`] : []),
    // Before the floorplan there are no tracks to route on.
    ...(step.source === 'database' ? routingLines(plan) : []),
  ];
}

/** Wire and via resistance, wire capacitance: the units are the Liberty's kOhm and fF. */
function rcLines(plan: OpenRoadPlan): string[] {
  const kilo = (ohm: number): string => (ohm / 1000).toPrecision(6);
  return [
    ...plan.layers.map(
      (l) =>
        `set_layer_rc -layer ${l.name} -resistance ${kilo(l.ohmPerUm)} -capacitance ${l.ffPerUm.toPrecision(6)}`,
    ),
    ...plan.cuts.map((c) => `set_layer_rc -via ${c.name} -resistance ${kilo(c.ohm)}`),
    `set_wire_rc -signal -layer ${plan.signalRcLayer}`,
    `set_wire_rc -clock -layer ${plan.clockRcLayer}`,
  ];
}

/** Layers and shares for everything that routes or estimates; kept by no database of 2023, so said each time. */
function routingLines(plan: OpenRoadPlan): string[] {
  const names = plan.layers.map((l) => l.name);
  const [from, to] = [names.indexOf(plan.minLayer), names.indexOf(plan.maxLayer)];
  return [
    ...plan.layers
      .slice(from, to + 1)
      .map((l) => `set_global_routing_layer_adjustment ${l.name} ${l.adjustment}`),
    `set_routing_layers -signal ${plan.minLayer}-${plan.maxLayer} -clock ${plan.minClockLayer}-${plan.maxLayer}`,
  ];
}

/** What the database of the run keeps, as `INGOT value` lines; in OpenSTA's units (ns) where a time. */
function report(step: StepScript): string[] {
  if (step.reports === 'none') return [];
  const wires = {
    placement: 'estimate_parasitics -placement',
    routes: 'estimate_parasitics -global_routing',
    spef: `read_spef ${FILES.spef}`,
  }[step.reports];
  return [
    wires,
    `foreach {name script} {
  setup_ws {worst_slack -max}
  setup_tns {total_negative_slack -max}
  hold_ws {worst_slack -min}
  hold_tns {total_negative_slack -min}
} {
  ingot_try $name {
    set value [eval $script]
    ingot_value $name $value
  }
}`,
    ...(step.isClockPropagated
      ? [
          `ingot_try skew {
  set value [worst_clock_skew -setup]
  ingot_value skew_setup $value
  set value [worst_clock_skew -hold]
  ingot_value skew_hold $value
}`,
        ]
      : []),
    // These write their own METRICS2.1 lines and cost little.
    `foreach {command options} {
  report_worst_slack_metric {-setup -hold}
  report_tns_metric {-setup -hold}
  report_clock_skew_metric {-setup -hold}
  report_power_metric {{}}
  report_design_area_metrics {{}}
  report_erc_metrics {{}}
} {
  if {![ingot_has $command]} continue
  foreach option $options { ingot_try $command { $command {*}$option } }
}`,
    'ingot_try checks { report_check_types -max_slew -max_capacitance -max_fanout -violators }',
    'ingot_try area { report_design_area }',
    'ingot_try power { report_power }',
  ];
}
