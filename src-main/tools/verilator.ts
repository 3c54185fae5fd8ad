/**
 * Verilator 5 as an outside judge of the generated RTL: compiles design and testbench to a program in
 * `workDir` and runs it, both as child processes without a shell.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { IngotError } from '../base/diagnostic.ts';
import type { RtlCase, RtlCaseResult, RtlDesign, RtlStimuli } from '../stages/rtl/index.ts';
import { decodeResults, driverSource, encodeCases } from '../stages/rtl/index.ts';
import { findProgram } from './find-program.ts';
import { inputsOf, parseRun, simulatorJob, type RtlRun } from './rtl-run.ts';
import { runToExit, type Job } from './runner/index.ts';

/** Unknown values become random ones. */
const RANDOM_START = ['--x-assign', 'unique', '--x-initial', 'unique'];

const failed = (what: string, log: string, folder: string): IngotError =>
  new IngotError(
    'TOOL-031',
    `Verilator: ${what}: ${/%(Error|Warning)[^\n]*/.exec(log)?.[0] ?? log.slice(-300)}`,
    {
      place: folder,
      remedy: 'see the sources in that folder',
    },
  );

function requireVerilator(): string {
  const command = findProgram('verilator');
  if (!command)
    throw new IngotError('TOOL-030', 'Verilator is not on the PATH', {
      place: 'verilator',
      remedy: 'install the package verilator (version 5), or go without this check',
    });
  return command;
}

/** A job in `folder`, beside what earlier ones left there; `what` names its log. */
const jobIn = (folder: string, what: string, command: string, args: readonly string[]): Job =>
  simulatorJob('verilator', folder, what, command, args);

/** What it said; TOOL-031 unless it ended with 0 (a model that stops itself aborts), -05x when it was ended. */
async function runOrFail(job: Job, what: string, signal: AbortSignal | undefined): Promise<string> {
  const { exitCode, log } = await runToExit(job, { signal, crashes: true });
  if (exitCode !== 0) throw failed(what, log, job.folder);
  return log;
}

/** `verilator --lint-only -Wall` on the synthesisable sources; throws TOOL-031 on the first warning. */
export async function lintWithVerilator(design: RtlDesign, workDir: string): Promise<void> {
  const command = requireVerilator();
  const sources = [...design.sources, ...design.models];
  const names = sources.map((f) => f.name);
  const args = ['--lint-only', '-Wall', '--top-module', design.top, ...names];
  const job = { ...jobIn(workDir, 'lint', command, args), inputs: inputsOf(sources) };
  await runOrFail(job, 'lint', undefined);
}

/** GNU make, which builds the simulation, cannot work in a folder with spaces in its path; others it expands. */
const isFitForMake = (path: string): boolean => /^[\w/.,+@~-]+$/.test(path);

/**
 * Simulates the design with its testbench; every file goes to `workDir`, which is created if need be, or, when
 * make cannot work there, to a temporary folder that is kept only on failure.
 */
export async function runVerilator(
  design: RtlDesign,
  stimuli: RtlStimuli,
  workDir: string,
  signal?: AbortSignal,
): Promise<RtlRun> {
  if (isFitForMake(workDir)) return simulate(design, stimuli, workDir, signal);
  const folder = await mkdtemp(join(tmpdir(), 'ingot-verilator-'));
  const result = await simulate(design, stimuli, folder, signal);
  await rm(folder, { recursive: true, force: true });
  return result;
}

async function simulate(
  design: RtlDesign,
  stimuli: RtlStimuli,
  workDir: string,
  signal: AbortSignal | undefined,
): Promise<RtlRun> {
  const command = requireVerilator();
  const sources = [...design.sources, ...design.models, ...design.testbench];
  const names = sources.map((f) => f.name);
  const options = ['--binary', '--timing', '+define+INGOT_CHECKS', '-O3', ...RANDOM_START, '-Wno-fatal'];
  // The testbench stands around the core, also of a chip with a host.
  const top = `${design.chip.name}_tb`;
  const build = jobIn(workDir, 'build', command, [...options, '--top-module', top, '-o', 'sim', ...names]);
  await runOrFail({ ...build, inputs: inputsOf([...sources, ...stimuli.files]) }, 'build', signal);
  // Seeded random start values: the result must not depend on what flip-flops hold at power-up.
  const args = ['+verilator+rand+reset+2', '+verilator+seed+1', ...stimuli.plusargs.map((p) => `+${p}`)];
  const run = jobIn(workDir, 'run', simulation(workDir), args);
  return parseRun(await runOrFail(run, 'run', signal));
}

const simulation = (workDir: string): string => resolve(workDir, 'obj_dir', 'sim');

/** A design built once; it runs any number of cases, each from reset, in one process. */
export interface VerilatedChip {
  /** TOOL-031 when the model stops by itself: a memory port had two accesses in a cycle. One run at a time. */
  readonly run: (cases: readonly RtlCase[], signal?: AbortSignal) => Promise<RtlCaseResult[]>;
}

/** Builds the design with a driver in C++, in `workDir`, whose path must be fit for make. */
export async function buildVerilator(
  design: RtlDesign,
  workDir: string,
  signal?: AbortSignal,
): Promise<VerilatedChip> {
  const command = requireVerilator();
  const sources = [...design.sources, ...design.models];
  const driver = { name: 'driver.cpp', text: driverSource(design.chip) };
  const options = ['--cc', '--exe', '--build', '-O3', '-Wno-fatal', '+define+INGOT_CHECKS', ...RANDOM_START];
  const names = [...sources.map((f) => f.name), 'driver.cpp'];
  const make = ['-MAKEFLAGS', 'OPT_FAST=-O1', '-MAKEFLAGS', 'OPT_GLOBAL=-O0'];
  const args = [...options, ...make, '--top-module', design.top, '-o', 'sim', ...names];
  const build = { ...jobIn(workDir, 'build', command, args), inputs: inputsOf([...sources, driver]) };
  await runOrFail(build, 'build', signal);
  return {
    async run(cases, runSignal = signal) {
      const inputs = [{ name: 'cases.bin', contents: encodeCases(design.chip, cases) }];
      const job = { ...jobIn(workDir, 'run', simulation(workDir), []), inputs };
      await runOrFail(job, 'run', runSignal);
      return decodeResults(await readFile(join(workDir, 'results.bin')), cases);
    },
  };
}
