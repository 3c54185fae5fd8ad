/**
 * OpenSTA (`sta` on the PATH) as an outside judge of timing and power. Runs a Tcl script of ours in a child
 * process without a shell. Traps that it deals with: the Liberty's default wire load would be added to every
 * net (a copy without it is read), and errors do not stop a script or set the exit code (any line with
 * "Error" fails the run, and so does a missing end mark).
 */
import { spawn } from 'node:child_process';
import { access, constants, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { IngotError } from '../base/diagnostic.ts';

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

/** Path of the executable, null if there is none. */
export async function findOpenSta(path: string = process.env['PATH'] ?? ''): Promise<string | null> {
  for (const folder of path.split(delimiter)) {
    if (folder === '') continue;
    const file = join(folder, 'sta');
    try {
      await access(file, constants.X_OK);
      return file;
    } catch {
      // not in this folder
    }
  }
  return null;
}

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

function run(
  command: string,
  args: readonly string[],
  folder: string,
): Promise<{ code: number | null; log: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: folder,
      shell: false,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TIME_LIMIT_MS,
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (data: Buffer) => chunks.push(data));
    child.stderr.on('data', (data: Buffer) => chunks.push(data));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, log: Buffer.concat(chunks).toString('utf8') }));
  });
}

/** Times the netlist with OpenSTA in `workDir` (created if need be; five files are written there). */
export async function runOpenSta(input: OpenStaInput, workDir: string): Promise<OpenStaResult> {
  const command = await findOpenSta();
  if (!command)
    throw new IngotError('TOOL-010', 'OpenSTA (sta) is not on the PATH', {
      place: 'sta',
      remedy: 'install the package opensta, or go without this check',
    });
  await mkdir(workDir, { recursive: true });
  const liberty = await readFile(input.libertyPath, 'utf8');
  await writeFile(join(workDir, 'cells.lib'), liberty.replace(/\bdefault_wire_load\s*:[^;\n]*;?/g, ''));
  await writeFile(join(workDir, 'netlist.v'), input.netlistVerilog);
  await writeFile(join(workDir, 'constraints.sdc'), input.sdc);
  if (input.spef !== null) await writeFile(join(workDir, 'wires.spef'), input.spef);
  await writeFile(join(workDir, 'run.tcl'), script(input));
  const { code, log } = await run(command, ['-no_init', '-no_splash', '-exit', 'run.tcl'], workDir);
  const error =
    /^.*\bError\b.*$/m.exec(log) ??
    /^.*invalid command name.*$/m.exec(log) ??
    // Nets or pins that OpenSTA does not find would be timed without wires.
    /^Warning: wires\.spef.*$/m.exec(log);
  if (error || code !== 0 || !/^@end$/m.test(log))
    throw new IngotError('TOOL-011', `OpenSTA failed: ${error?.[0] ?? `exit code ${code}`}`, {
      place: join(workDir, 'run.tcl'),
      remedy: 'run `sta run.tcl` in that folder to see it all',
    });
  return parseOpenStaLog(log);
}

/** Pure: the marked lines of our script's output. Slacks come in ns. */
export function parseOpenStaLog(log: string): OpenStaResult {
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
