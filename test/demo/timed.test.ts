/**
 * The finished digits chip in time: its exported netlist with the delays of its SDF computes what the simulator
 * promised at the clock that the report claims, and no longer does at a clock 30 % beyond. The event-driven
 * simulator is the tests' own (Icarus 11 reads neither INTERCONNECT nor SETUPHOLD).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Stimulus } from '../../src-main/flow/steps/stimulus.ts';
import { demoArtefact } from '../support/demo-artefact.ts';
import { DEMO_TIMEOUT_MS, demoRun, type DemoRun } from '../support/demo-run.ts';
import { kitFiles, kitNote, nangate45 } from '../support/kit.ts';
import { runTimed, TimedGates, type TimedRun } from '../support/timed-gates.ts';

const TEST_MS = 20 * 60_000;
const INFERENCES = 20;
/** The SDF rounds each of some 50 delays of a path to 0.001 ps. */
const ROUNDING_PS = 0.05;
/** As the flow's constraints have it: a fifth of the period asked for lies outside, before inputs and after outputs. */
const PORT_SHARE = 0.2;

describe.skipIf(!kitFiles)(`gates with SDF delays${kitNote}`, () => {
  let demo: DemoRun;
  let stimulus: Stimulus;
  let report: { clockMhz: number; cycles: number };
  let periodAskedPs: number;

  beforeAll(async () => {
    demo = await demoRun();
    stimulus = demoArtefact<Stimulus>(demo, 'stimulus.bin');
    report = JSON.parse(readFileSync(join(demo.out, 'report.json'), 'utf8')) as typeof report;
    periodAskedPs = Number(/-period (\S+)/.exec(readFileSync(join(demo.out, 'chip.sdc'), 'utf8'))![1]) * 1000;
  }, DEMO_TIMEOUT_MS);

  function run(periodPs: number, inferences: number): TimedRun {
    const text = (name: string): string => readFileSync(join(demo.out, name), 'utf8');
    const gates = new TimedGates(text('netlist.v'), text('chip.sdf'), nangate45(), 'clk', periodPs);
    const maxCycles = (report.cycles + 10) * inferences;
    const inputs = stimulus.inputs.slice(0, inferences);
    return runTimed(gates, inputs, periodPs, PORT_SHARE * periodAskedPs, maxCycles);
  }

  test(`right at the reported clock: ${INFERENCES} inferences`, { timeout: TEST_MS }, () => {
    const { outputs, violations } = run(1e6 / report.clockMhz + ROUNDING_PS, INFERENCES);
    expect(outputs).toEqual(stimulus.outputs.slice(0, INFERENCES));
    expect(violations).toBe(0);
  });

  test('wrong at a clock 30 % beyond', { timeout: TEST_MS }, () => {
    const { outputs } = run(1e6 / (1.3 * report.clockMhz), 1);
    expect(outputs).not.toEqual(stimulus.outputs.slice(0, 1));
  });
});
