/**
 * Every tool Ingot can drive: how it tells its version, how it is asked what it can do, and what each of that is good
 * for. What a build can do is found by trying it, never concluded from a version.
 */
import type { Program } from '../find-program.ts';

export interface Trial {
  readonly args: readonly string[];
  /** Capabilities this trial shows, from what was said and the exit code. */
  readonly shows: (lines: readonly string[], exitCode: number | null) => readonly string[];
}

export interface Tool {
  /** What it would add when it is missing, adds when it is there. */
  readonly adds: string;
  readonly versionArgs: readonly string[];
  /** The line that holds the version. */
  readonly versionLine: RegExp;
  /** Capability -> what it is good for. */
  readonly capabilities: Readonly<Record<string, string>>;
  /** Without these Ingot cannot use it: it is too old, or built without. */
  readonly needs: readonly string[];
  /** Files that the trials find in their folder. */
  readonly files?: Readonly<Record<string, string>>;
  readonly trials: readonly Trial[];
}

const MARK = '@has ';
/** Capabilities named by lines of our own scripts. */
const marked = (lines: readonly string[]): string[] =>
  lines.filter((line) => line.startsWith(MARK)).map((line) => line.slice(MARK.length).trim());

/** A Tcl script that prints which of the commands there are. */
const tclScript = (commands: readonly string[]): string =>
  [
    `foreach name {${commands.join(' ')}} {`,
    `  if {[llength [info commands $name]] > 0} { puts "${MARK}$name" }`,
    '}',
    'exit 0',
    '',
  ].join('\n');

const tclTool = (
  tool: Omit<Tool, 'files' | 'trials'>,
  argsOf: (script: string) => readonly string[],
): Tool => ({
  ...tool,
  files: { 'probe.tcl': tclScript(Object.keys(tool.capabilities)) },
  trials: [{ args: argsOf('probe.tcl'), shows: marked }],
});

const DIGIT = /\d/;

const OPENROAD = tclTool(
  {
    adds: 'another place and route engine, for any step, and a comparison with it',
    versionArgs: ['-version'],
    // A build without git says GITDIR-NOTFOUND.
    versionLine: /\S/,
    capabilities: {
      initialize_floorplan: 'floorplan',
      make_tracks: 'floorplan',
      place_pins: 'pins',
      rtl_macro_placer: 'macro placement by hierarchy',
      macro_placement: 'macro placement as it was until 2023',
      tapcell: 'taps and end caps',
      pdngen: 'power grid',
      global_placement: 'global placement',
      buffer_ports: 'repair after placement',
      repair_design: 'repair after placement',
      repair_tie_fanout: 'repair of constants',
      remove_buffers: 'repair from a clean netlist',
      detailed_placement: 'detailed placement',
      improve_placement: 'detailed placement, improved',
      optimize_mirroring: 'detailed placement, mirrored cells',
      check_placement: 'check of placement',
      clock_tree_synthesis: 'clock tree',
      repair_clock_nets: 'clock tree, as it was until 2024',
      repair_clock_inverters: 'clock tree',
      repair_timing: 'repair of setup and hold',
      set_routing_layers: 'global routing',
      global_route: 'global routing',
      pin_access: 'pin access before global routing',
      detailed_route: 'detailed routing',
      check_antennas: 'antennas',
      repair_antennas: 'antennas',
      filler_placement: 'fillers',
      density_fill: 'metal fill',
      define_process_corner: 'extraction',
      extract_parasitics: 'extraction',
      write_spef: 'extraction',
      estimate_parasitics: 'timing before routing',
      set_pdnsim_net_voltage: 'IR drop',
      analyze_power_grid: 'IR drop',
      define_corners: 'corners, until OpenSTA 3',
      define_scene: 'corners, since OpenSTA 3',
      read_db: 'its database',
      write_db: 'its database',
      read_def: 'mixed runs over DEF',
      write_def: 'mixed runs over DEF',
      write_verilog: 'mixed runs',
      save_image: 'pictures',
      report_power: 'power',
      write_timing_model: 'abstract of the block',
      write_abstract_lef: 'abstract of the block',
    },
    needs: [
      'read_def',
      'write_def',
      'global_placement',
      'detailed_placement',
      'global_route',
      'detailed_route',
    ],
  },
  (script) => ['-exit', '-no_init', '-no_splash', script],
);

const STA = tclTool(
  {
    adds: 'OpenSTA as second opinion on timing',
    versionArgs: ['-version'],
    versionLine: DIGIT,
    capabilities: {
      find_timing_paths: 'slacks of all endpoints',
      read_spef: 'timing with wires',
      set_power_activity: 'power by activity',
      report_power: 'power',
      read_power_activities: 'power by VCD, until 2.6',
      read_vcd: 'power by VCD',
      read_saif: 'power by SAIF',
      write_sdf: 'delays for simulation',
      write_timing_model: 'abstract of the block',
      define_corners: 'corners, until OpenSTA 3',
      define_scene: 'corners, since OpenSTA 3',
    },
    needs: ['find_timing_paths', 'read_spef'],
  },
  (script) => ['-no_init', '-no_splash', '-exit', script],
);

const YOSYS: Tool = {
  adds: 'faster synthesis than the WebAssembly Yosys that comes with Ingot',
  versionArgs: ['-V'],
  versionLine: /^Yosys /,
  capabilities: {
    synth: 'synthesis',
    abc: 'mapping to cells',
    dfflibmap: 'mapping to flip-flops',
    write_verilog: 'the netlist',
    abc_new: 'mapping that keeps hierarchy',
    clockgate: 'clock gates',
    booth: 'smaller multipliers',
    insbuf: 'buffers between ports',
    equiv_make: 'proof that two netlists are equivalent',
    sat: 'proof that two netlists are equivalent',
    read_slang: 'SystemVerilog by yosys-slang',
    slang_plugin: 'yosys-slang as a plugin',
  },
  needs: ['synth', 'abc', 'dfflibmap', 'write_verilog'],
  trials: [
    {
      // `    abc                  use ABC for technology mapping`
      args: ['-Q', '-T', '-p', 'help'],
      shows: (lines) => lines.map((line) => /^ {4}(\w+) +\S/.exec(line)?.[1] ?? ''),
    },
    {
      args: ['-Q', '-T', '-m', 'slang', '-p', 'help read_slang'],
      shows: (lines, exitCode) =>
        exitCode === 0 && !lines.some((line) => /No such command/.test(line))
          ? ['read_slang', 'slang_plugin']
          : [],
    },
  ],
};

const KLAYOUT_CLASSES = {
  Layout: 'reading of the GDS',
  LayoutToNetlist: 'nets from the GDS',
  LayoutVsSchematic: 'layout against netlist',
  LayoutDiff: 'difference of two GDS',
  LEFDEFReaderConfiguration: 'GDS from DEF',
  ReportDatabase: 'marks for its browser',
  LayoutView: 'pictures',
} as const;

const KLAYOUT: Tool = {
  adds: 'an independent reading of the GDS: cells, layers, shorts and opens',
  versionArgs: ['-v'],
  versionLine: DIGIT,
  capabilities: KLAYOUT_CLASSES,
  needs: ['Layout', 'LayoutToNetlist'],
  files: {
    'probe.py': [
      'import pya',
      `for name in "${Object.keys(KLAYOUT_CLASSES).join(' ')}".split():`,
      `    if hasattr(pya, name): print("${MARK}" + name)`,
      '',
    ].join('\n'),
  },
  trials: [{ args: ['-b', '-r', 'probe.py'], shows: marked }],
};

/** What the options are tried on. */
const TINY = 'module tiny(input logic a, output logic y); assign y = ~a; endmodule\n';

const VERILATOR_OPTIONS: Readonly<Record<string, string>> = {
  '--timing': 'simulation with delays',
  '--binary': 'a simulation without a driver in C++',
  '--trace-fst': 'small wave files',
  '--hierarchical': 'big designs in parts',
  '--json-only': 'the design as JSON',
};

const VERILATOR: Tool = {
  adds: 'proof that the RTL gives the bits and cycles of the simulator',
  versionArgs: ['--version'],
  versionLine: DIGIT,
  capabilities: { '--lint-only': 'lint', ...VERILATOR_OPTIONS },
  needs: ['--lint-only', '--timing', '--binary'],
  files: { 'tiny.sv': TINY },
  // It only preprocesses; an option that it does not know is refused before.
  trials: ['--lint-only', ...Object.keys(VERILATOR_OPTIONS)].map((option) => ({
    args: [option, '-E', 'tiny.sv'],
    shows: (lines, exitCode) =>
      exitCode === null || lines.some((line) => line.includes('Invalid option')) ? [] : [option],
  })),
};

const IVERILOG: Tool = {
  adds: 'proof that the RTL gives the bits and cycles of the simulator, by a second one with unknown values',
  versionArgs: ['-V'],
  versionLine: /^Icarus/,
  capabilities: { '-g2012': 'SystemVerilog', '-gspecify': 'delays of cells' },
  needs: ['-g2012'],
  files: { 'tiny.sv': TINY },
  trials: ['-g2012', '-gspecify'].map((option) => ({
    args: ['-g2012', option, '-o', 'tiny.vvp', 'tiny.sv'],
    shows: (_lines, exitCode) => (exitCode === 0 ? [option] : []),
  })),
};

const withoutTrials = (adds: string, versionArgs: readonly string[], versionLine: RegExp): Tool => ({
  adds,
  versionArgs,
  versionLine,
  capabilities: {},
  needs: [],
  trials: [],
});

export const TOOLS: Readonly<Record<Program, Tool>> = {
  yosys: YOSYS,
  openroad: OPENROAD,
  sta: STA,
  klayout: KLAYOUT,
  magic: tclTool(
    {
      adds: 'a second reading of the GDS: design rules and extraction',
      versionArgs: ['-dnull', '-noconsole', '--version'],
      versionLine: DIGIT,
      capabilities: {
        gds: 'reading of the GDS',
        lef: 'reading of LEF',
        def: 'reading of DEF',
        drc: 'design rules',
        extract: 'extraction',
        ext2spice: 'netlist for Netgen',
      },
      needs: ['gds'],
    },
    (script) => ['-dnull', '-noconsole', '-rcfile', 'none', script],
  ),
  netgen: tclTool(
    {
      adds: 'layout against netlist, with what KLayout extracts',
      // There is no option for it: the banner has it.
      versionArgs: ['-batch', 'exit'],
      versionLine: /^Netgen .*\d/,
      capabilities: { lvs: 'layout against netlist', readnet: 'reading of netlists' },
      needs: ['lvs'],
    },
    (script) => ['-batch', 'source', script],
  ),
  verilator: VERILATOR,
  iverilog: IVERILOG,
  vvp: withoutTrials('runs what Icarus compiled', ['-V'], /version \d/),
  gtkwave: withoutTrials('shows wave files', ['--version'], /^GTKWave/i),
  surfer: withoutTrials('shows wave files', ['--version'], DIGIT),
  python3: {
    adds: 'with pip, fetches the cell library once where the network needs it',
    versionArgs: ['--version'],
    versionLine: DIGIT,
    capabilities: { pip: 'fetches packages' },
    needs: [],
    trials: [
      {
        args: ['-m', 'pip', '--version'],
        shows: (lines) => (lines.some((l) => l.startsWith('pip ')) ? ['pip'] : []),
      },
    ],
  },
};
