/**
 * OpenSTA (`sta` on the PATH) as an outside judge of timing and power. Runs a Tcl script of ours in a child
 * process without a shell. Traps that it deals with: the Liberty's default wire load would be added to every
 * net (a copy without it is read), and errors do not stop a script or set the exit code (any line with
 * "Error" fails the run, and so does a missing end mark).
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IngotError } from '../base/diagnostic.ts';
import type { Kit } from '../stages/kit/index.ts';
import { pinInstances, pinName, type Netlist } from '../stages/netlist/index.ts';
import { NO_SLACK, type TimingReport } from '../stages/timing/index.ts';
import { findProgram } from './find-program.ts';
import { runToExit } from './runner/index.ts';

export interface OpenStaInput {
  readonly netlistVerilog: string;
  readonly libertyPath: string;
  /** null = wires without parasitics. */
  readonly spef: string | null;
  readonly sdc: string;
  readonly top: string;
  /** Transitions per clock cycle and share of time at 1 of nets, by a pin's full name; asks for power too. */
  readonly activity?: readonly { readonly pin: string; readonly density: number; readonly duty: number }[];
  /** Extra commands before the end, their output comes back in `log`. */
  readonly commands?: readonly string[];
}

export interface OpenStaPower {
  readonly internalMw: number;
  readonly switchingMw: number;
  readonly leakageMw: number;
  readonly totalMw: number;
}

export interface OpenStaResult {
  readonly wnsPs: number;
  readonly tnsPs: number;
  /** Worst slack by endpoint (`inst/PIN` or port), ps. */
  readonly setupSlackPs: ReadonlyMap<string, number>;
  readonly holdSlackPs: ReadonlyMap<string, number>;
  readonly power: OpenStaPower | null;
  readonly log: string;
}

const PATH_COUNT = 1_000_000;
const TIME_LIMIT_MS = 300_000;

function script(input: OpenStaInput): string {
  const paths = (kind: 'max' | 'min', tag: string): string[] => [
    `foreach e [find_timing_paths -path_delay ${kind} -group_count ${PATH_COUNT} -endpoint_count 1] {`,
    `  puts "@${tag} [get_property [get_property $e endpoint] full_name] [get_property $e slack]"`,
    '}',
  ];
  return [
    'read_liberty cells.lib',
    'read_verilog netlist.v',
    `link_design {${input.top}}`,
    // Early and late slews apart, as Ingot's own analysis keeps them.
    'set_operating_conditions -analysis_type on_chip_variation',
    'read_sdc constraints.sdc',
    ...(input.spef === null
      ? []
      : ['if {![read_spef wires.spef]} { puts "Error: wires.spef was not read" }']),
    ...paths('max', 'setup'),
    ...paths('min', 'hold'),
    // OpenSTA 2.0 calls a procedure that it does not define.
    ...(input.activity
      ? ['proc ::sta::get_pins_error { name list } { upvar 1 $name pins; set pins $list }']
      : []),
    ...(input.activity ?? []).map(
      (a) => `set_power_activity -pins [get_pins {${a.pin}}] -activity ${a.density} -duty ${a.duty}`,
    ),
    ...(input.activity ? ['report_power -digits 8'] : []),
    ...(input.commands ?? []),
    'puts "@end"',
    'exit',
    '',
  ].join('\n');
}

/**
 * Times the netlist with OpenSTA in `workDir` (created if need be; its inputs and its log are left there). TOOL-010 no
 * OpenSTA, -011 it failed; -05x when it did not end by itself.
 */
export async function runOpenSta(
  input: OpenStaInput,
  workDir: string,
  signal?: AbortSignal,
): Promise<OpenStaResult> {
  const command = findProgram('sta');
  if (!command)
    throw new IngotError('TOOL-010', 'OpenSTA (sta) is not on the PATH', {
      place: 'sta',
      remedy: 'install the package opensta, or go without this check',
    });
  const liberty = await readFile(input.libertyPath, 'utf8');
  const job = {
    tool: 'sta',
    command,
    args: ['-no_init', '-no_splash', '-exit', 'run.tcl'],
    folder: workDir,
    isShared: true,
    inputs: [
      { name: 'cells.lib', contents: liberty.replace(/\bdefault_wire_load\s*:[^;\n]*;?/g, '') },
      { name: 'netlist.v', contents: input.netlistVerilog },
      { name: 'constraints.sdc', contents: input.sdc },
      ...(input.spef === null ? [] : [{ name: 'wires.spef', contents: input.spef }]),
      { name: 'run.tcl', contents: script(input) },
    ],
    limits: { timeMs: TIME_LIMIT_MS },
    bundle: join(workDir, 'repro'),
  };
  const { exitCode, log } = await runToExit(job, { signal });
  const error =
    /^.*\bError\b.*$/m.exec(log) ??
    /^.*invalid command name.*$/m.exec(log) ??
    // Nets or pins that OpenSTA does not find would be timed without wires.
    /^Warning: wires\.spef.*$/m.exec(log);
  if (error || exitCode !== 0 || !/^@end$/m.test(log))
    throw new IngotError('TOOL-011', `OpenSTA failed: ${error?.[0] ?? `exit code ${exitCode}`}`, {
      place: join(workDir, 'run.tcl'),
      remedy: 'run `sta run.tcl` in that folder to see it all',
    });
  return parseOpenStaLog(log);
}

/** Pure: the marked lines of our script's output. Slacks come in ns. */
function parseOpenStaLog(log: string): OpenStaResult {
  const setupSlackPs = new Map<string, number>();
  const holdSlackPs = new Map<string, number>();
  for (const match of log.matchAll(/^@(setup|hold) (\S+) (\S+)$/gm)) {
    const slacks = match[1] === 'setup' ? setupSlackPs : holdSlackPs;
    const slackPs = Number(match[3]) * 1000;
    if (Number.isFinite(slackPs)) slacks.set(match[2]!, Math.min(slackPs, slacks.get(match[2]!) ?? Infinity));
  }
  let wnsPs = 0;
  let tnsPs = 0;
  for (const s of setupSlackPs.values()) {
    wnsPs = Math.min(wnsPs, s);
    tnsPs += Math.min(s, 0);
  }
  const row = /^Total\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)/m.exec(log);
  const mw = (i: number): number => Number(row?.[i]) * 1000;
  return {
    wnsPs,
    tnsPs,
    setupSlackPs,
    holdSlackPs,
    power: row ? { internalMw: mw(1), switchingMw: mw(2), leakageMw: mw(3), totalMw: mw(4) } : null,
    log,
  };
}

export interface SlackComparison {
  /** Endpoints that both sides give a slack for, */
  readonly endpoints: number;
  /** and those that only we do. */
  readonly missing: number;
  /** Of the absolute differences. */
  readonly meanPs: number;
  readonly maxPs: number;
  readonly theirWorstPs: number;
}

/** Pure: our slacks beside OpenSTA's, endpoint by endpoint. */
export function compareSlacks(
  netlist: Netlist,
  kit: Kit,
  ours: TimingReport,
  theirs: OpenStaResult,
  check: 'setupSlackPs' | 'holdSlackPs',
): SlackComparison {
  const owner = pinInstances(netlist);
  let [endpoints, missing, sumPs, maxPs, theirWorstPs] = [0, 0, 0, 0, Infinity];
  ours.endpointPin.forEach((pin, e) => {
    const our = ours[check][e]!;
    const their = theirs[check].get(pinName(netlist, kit, owner, pin));
    if (their === undefined) {
      if (our !== NO_SLACK) missing++;
      return;
    }
    endpoints++;
    sumPs += Math.abs(their - our);
    maxPs = Math.max(maxPs, Math.abs(their - our));
    theirWorstPs = Math.min(theirWorstPs, their);
  });
  return { endpoints, missing, meanPs: endpoints === 0 ? 0 : sumPs / endpoints, maxPs, theirWorstPs };
}
