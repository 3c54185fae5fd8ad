/**
 * Icarus Verilog as one more outside judge of the generated RTL: an event-driven simulator with four values, which
 * shares nothing with Verilator. Compiled and run in `workDir`, as child processes without a shell.
 */
import { IngotError } from '../base/diagnostic.ts';
import type { RtlDesign, RtlStimuli } from '../stages/rtl/index.ts';
import { findProgram } from './find-program.ts';
import { inputsOf, parseRun, simulatorJob, type RtlRun } from './rtl-run.ts';
import { runToExit, type Job } from './runner/index.ts';

/**
 * Simulates the design with its testbench; what a flip-flop holds at power-up is unknown (x). TOOL-032 no Icarus, -033
 * it refused the sources or the simulation failed; -05x when it did not end by itself.
 */
export async function runIcarus(
  design: RtlDesign,
  stimuli: RtlStimuli,
  workDir: string,
  signal?: AbortSignal,
): Promise<RtlRun> {
  const [compiler, runner] = [findProgram('iverilog'), findProgram('vvp')];
  if (compiler === null || runner === null)
    throw new IngotError('TOOL-032', 'Icarus Verilog is not on the PATH', {
      place: compiler === null ? 'iverilog' : 'vvp',
      remedy: 'install the package iverilog, or go without this check',
    });
  const sources = [...design.sources, ...design.models, ...design.testbench];
  const runOrFail = async (
    what: string,
    command: string,
    args: readonly string[],
    inputs: Job['inputs'] = [],
  ): Promise<string> => {
    const job = { ...simulatorJob('iverilog', workDir, what, command, args), inputs };
    const { exitCode, log } = await runToExit(job, { signal, crashes: true });
    if (exitCode === 0) return log;
    const line = /^.*\berror\b.*$/m.exec(log)?.[0] ?? log.slice(-300);
    throw new IngotError('TOOL-033', `Icarus Verilog: ${what}: ${line}`, {
      place: workDir,
      remedy: 'see the sources in that folder',
    });
  };
  // The testbench stands around the core, also of a chip with a host.
  const options = ['-g2012', '-s', `${design.chip.name}_tb`, '-o', 'simulation'];
  const build = [...options, ...sources.map(({ name }) => name)];
  await runOrFail('build', compiler, build, inputsOf([...sources, ...stimuli.files]));
  const args = ['-n', 'simulation', ...stimuli.plusargs.map((p) => `+${p}`)];
  return parseRun(await runOrFail('run', runner, args));
}
