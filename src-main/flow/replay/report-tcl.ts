/**
 * A script for OpenSTA: reports of the finished netlist from its SPEF and SDC, and each endpoint's slack against the
 * one that was stored. Written for OpenSTA 2.0 and later; errors there do not stop a script, so the end is marked.
 */

/** Largest difference on an endpoint, as in the flow's own check. */
export const LIMIT_PS = 2;

export const reportTcl = (
  top: string,
): string => `# Timing of the finished netlist, and its slacks against slacks.txt. In the folder of the replay:
#   sta -no_init -no_splash -exit pnr-report.tcl
read_liberty timing.lib
read_verilog netlist.v
link_design {${top}}
set_operating_conditions -analysis_type on_chip_variation
read_sdc constraints.sdc
if {![read_spef wires.spef]} { puts "Error: wires.spef was not read" }

report_checks -path_delay max -format full_clock_expanded -fields {slew cap} -digits 4 > setup.rpt
report_checks -path_delay min -format full_clock_expanded -fields {slew cap} -digits 4 > hold.rpt
# Named -all_violators up to OpenSTA 2.0.
if {[catch {report_check_types -violators > limits.rpt}]} { report_check_types -all_violators > limits.rpt }
report_worst_slack
report_wns
report_tns

proc slacks {kind name} {
  upvar 1 $name found
  foreach end [find_timing_paths -path_delay $kind -group_count 1000000 -endpoint_count 1] {
    set pin [get_property [get_property $end endpoint] full_name]
    set ps [expr {1000.0 * [get_property $end slack]}]
    if {![info exists found($pin)] || $ps < $found($pin)} { set found($pin) $ps }
  }
}
slacks max setup
slacks min hold

set compared 0
set missing 0
set largest 0.0
set file [open slacks.txt r]
while {[gets $file line] >= 0} {
  if {![regexp {^(setup|hold) (\\S+) (\\S+)$} $line all check stored pin]} { continue }
  upvar 0 $check found
  if {![info exists found($pin)]} { incr missing; continue }
  incr compared
  set difference [expr {abs($found($pin) - $stored)}]
  if {$difference > $largest} { set largest $difference }
}
close $file
puts [format "@slacks %d compared, %d missing, largest difference %.3f ps" $compared $missing $largest]
if {$compared > 0 && $missing * 20 < $compared && $largest <= ${LIMIT_PS}} { puts "@equal" }
exit
`;
