/** Variables of ORFS that need no setting here, and those that have no counterpart, each with the reason. */
export const MET: Readonly<Record<string, string>> = {
  DESIGN_NICKNAME: 'kept in the record',
  MIN_CLK_ROUTING_LAYER: 'signals run on metal2 and above',
  MIN_ROUTING_LAYER: 'signals run on metal2 and above',
  TNS_END_PERCENT: 'repair looks at every endpoint',
  FILL_CELLS: "the kit's own",
  TIE_SEPARATION: 'each constant pin has a tie cell of its own',
  GDS_ALLOW_EMPTY: 'the GDS holds every cell',
  FLOW_HOME: 'where paths count from',
  DESIGN_HOME: 'where paths count from',
};

/** Of a target density that is given. */
export const DENSITY = 'the placer spreads cells by what routing needs';
const ADDERS =
  'adders are full adders of the kit, or prefix trees where those miss the clock (synthesis.strategy)';
const FLAT = 'the netlist is flat after mapping';
const PLACER = 'the placer decides';
const CLOCK = "the clock tree follows the kit's buffers";
const REPAIR = 'timing repair works without a margin';
const MACRO = 'there are no macros';
const OTHER = 'a switch of a program that is not used here';

export const IGNORED: Readonly<Record<string, string>> = {
  ABC_AREA: 'the smallest netlist is kept unless it misses the clock (synthesis.strategy)',
  CORE_AREA: 'the core is the die less the margin that the power grid needs',
  CORE_MARGIN: 'the margin is what the power grid needs',
  MAX_ROUTING_LAYER: 'the router uses metal2 to metal6',
  IO_CONSTRAINTS: 'ports go where wires get short',
  IO_PLACER_H: 'ports go where wires get short',
  IO_PLACER_V: 'ports go where wires get short',
  FOOTPRINT_TCL: 'ports go where wires get short',
  PDN_TCL: "the power grid is the kit's",
  TAPCELL_TCL: "tap cells are the kit's",
  FASTROUTE_TCL: 'a script of another router',
  PLACE_DENSITY_LB_ADDON: DENSITY,
  PLACE_DENSITY: DENSITY,
  CELL_PAD_IN_SITES_GLOBAL_PLACEMENT: PLACER,
  CELL_PAD_IN_SITES_DETAIL_PLACEMENT: PLACER,
  CELL_PAD_IN_SITES: PLACER,
  GPL_ROUTABILITY_DRIVEN: PLACER,
  GPL_TIMING_DRIVEN: PLACER,
  GPL_ROUTING_DRIVEN: PLACER,
  GPL_KEEP_OVERFLOW: PLACER,
  GPL_RANDOM_SEED: 'the seed of another placer; place.seed is ours',
  CLUSTER_FLOPS: PLACER,
  CLUSTER_FLOPS_ARGS: PLACER,
  ENABLE_DPO: 'detailed placement always runs',
  ROUTING_LAYER_ADJUSTMENT: 'the router negotiates on the real tracks',
  PLACE_PINS_ARGS: PLACER,
  MACRO_PLACE_HALO: MACRO,
  MACRO_PLACE_CHANNEL: MACRO,
  MACRO_PLACEMENT_TCL: MACRO,
  MACRO_PLACEMENT: MACRO,
  RTLMP_FLOW: MACRO,
  RTLMP_MIN_INST: MACRO,
  RTLMP_MAX_INST: MACRO,
  RTLMP_MIN_MACRO: MACRO,
  RTLMP_MAX_MACRO: MACRO,
  RTLMP_MAX_LEVEL: MACRO,
  CTS_CLUSTER_SIZE: CLOCK,
  CTS_CLUSTER_DIAMETER: CLOCK,
  CTS_BUF_DISTANCE: CLOCK,
  CTS_BUF_LIST: CLOCK,
  SETUP_SLACK_MARGIN: REPAIR,
  HOLD_SLACK_MARGIN: REPAIR,
  SLEW_MARGIN: REPAIR,
  CAP_MARGIN: REPAIR,
  RECOVER_POWER: 'power is not traded for slack',
  SWAP_ARITH_OPERATORS: ADDERS,
  ADDER_MAP_FILE: ADDERS,
  OPENROAD_HIERARCHICAL: FLAT,
  SYNTH_CANONICALIZE_TCL: 'a script of another flow',
  SYNTH_KEEP_MODULES: FLAT,
  SYNTH_USE_SYN: OTHER,
  SYNTH_REPEATABLE_BUILD: 'same input, same bytes, always',
  SYNTH_ARGS: OTHER,
  SYNTH_HDL_FRONTEND: 'slang reads SystemVerilog, Yosys Verilog (synthesis.frontend)',
  SYNTH_SLANG_ARGS: OTHER,
  SYNTH_MINIMUM_KEEP_SIZE: 'hierarchy is kept for optimisation or not at all',
  MAX_UNGROUP_SIZE: 'hierarchy is kept for optimisation or not at all',
  SYNTH_MEMORY_MAX_BITS: 'memories become flip-flops of any number',
  REMOVE_ABC_BUFFERS: OTHER,
  SKIP_PIN_SWAP: OTHER,
  SKIP_GATE_CLONING: OTHER,
  SKIP_CTS_REPAIR_TIMING: 'timing.repair switches repair off',
  SKIP_INCREMENTAL_REPAIR: OTHER,
  SKIP_LAST_GASP: OTHER,
  LEC_CHECK: 'ingot export --replay proves netlists equal',
  PWR_NETS_VOLTAGES: "the kit's supply",
  GND_NETS_VOLTAGES: "the kit's supply",
  KLAYOUT_DRC_FILE: 'rules come from the technology LEF',
  USE_FILL: 'rows are filled with cells; there is no metal fill',
  DETAILED_METRICS: OTHER,
  REPORT_CLOCK_SKEW: OTHER,
  GENERATE_ARTIFACTS_ON_FAILURE: 'finished steps are always kept',
};

/** With these the design holds what our engine cannot place. */
export const MACROS: readonly string[] = [
  'ADDITIONAL_LEFS',
  'ADDITIONAL_LIBS',
  'ADDITIONAL_GDS',
  'ADDITIONAL_GDS_FILES',
  'BLOCKS',
  'MACRO_LEFS',
];
