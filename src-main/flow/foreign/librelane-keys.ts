/** Variables of LibreLane that need no setting here, and those that have no counterpart, each with the reason. */
export const MET: Readonly<Record<string, string>> = {
  meta: 'version and flow of the configuration; kept in the record',
  DESIGN_DIR: 'where paths count from',
  STD_CELL_LIBRARY: "the kit's cells",
  RUN_KLAYOUT_DRC: 'always, where KLayout is',
  RUN_LVS: 'connectivity is always checked from the GDS',
  RUN_LINTER: 'Yosys checks what it reads',
  QUIT_ON_SYNTH_CHECKS: 'always',
  USE_SYNLIG: 'slang reads SystemVerilog (synthesis.frontend)',
  USE_SLANG: 'slang reads SystemVerilog, Yosys Verilog (synthesis.frontend)',
};

export const IGNORED: Readonly<Record<string, string>> = {
  SYNTH_STRATEGY: 'the smallest netlist is kept unless it misses the clock (synthesis.strategy)',
  CORE_AREA: 'the core is the die less the margin that the power grid needs',
  FP_PIN_ORDER_CFG: 'ports go where wires get short',
  IO_PIN_ORDER_CFG: 'ports go where wires get short',
  RT_MAX_LAYER: 'the router uses metal2 to metal6',
  RT_MIN_LAYER: 'the router uses metal2 to metal6',
  SYNTH_DRIVING_CELL: 'not of this kit; inputs get no slew',
  TIME_DERATING_CONSTRAINT: 'one corner, without derating',
  MAX_TRANSITION_CONSTRAINT: "the kit's own limits hold",
  MAX_CAPACITANCE_CONSTRAINT: "the kit's own limits hold",
  VDD_NETS: 'one supply, named by the kit',
  GND_NETS: 'one supply, named by the kit',
  VDD_PIN: 'one supply, named by the kit',
  GND_PIN: 'one supply, named by the kit',
  CTS_CLK_BUFFERS: "the clock tree follows the kit's buffers",
  FALLBACK_SDC: 'other constraints are given',
  FALLBACK_SDC_FILE: 'other constraints are given',
  SIGNOFF_SDC_FILE: 'one set of constraints for all steps',
  DESIGN_IS_CORE: 'always: there is no pad ring',
};

export const IGNORED_PREFIXES: Readonly<Record<string, string>> = {
  RUN_: 'steps are chosen by ingot run --to',
  PL_RESIZER_: 'timing repair works without a margin',
  GRT_: 'a switch of a program that is not used here',
  DRT_: 'a switch of a program that is not used here',
  PL_: 'the placer decides',
  CTS_: "the clock tree follows the kit's buffers",
  PDN_: "the power grid is the kit's",
  FP_PDN_: "the power grid is the kit's",
  FP_IO_: 'ports go where wires get short',
  IO_PIN_: 'ports go where wires get short',
  FP_: 'the floorplan decides',
  MAGIC_: 'a switch of a program that is not used here',
  KLAYOUT_: 'a switch of a program that is not used here',
  ERROR_ON_: 'every check counts, always',
  LINTER_: 'a switch of a program that is not used here',
  DIODE_: 'antennas are repaired by need',
  HEURISTIC_ANTENNA_: 'antennas are repaired by need',
};

/** With these the design holds what our engine cannot take. */
export const MACROS: readonly string[] = [
  'MACROS',
  'EXTRA_LEFS',
  'EXTRA_LIBS',
  'EXTRA_GDS',
  'EXTRA_GDS_FILES',
  'EXTRA_VERILOG_MODELS',
  'VHDL_FILES',
  'PAD_SOUTH',
  'PAD_NORTH',
  'SYNTH_PARAMETERS',
];
