/**
 * A folder that replays a finished run with Yosys, OpenSTA and KLayout alone: scripts, what they read, and what the run
 * stored to compare with.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { BugError } from '../../base/diagnostic.ts';
import { pinLocations, routingRules } from '../../stages/check/index.ts';
import type { Kit } from '../../stages/kit/index.ts';
import { readDef } from '../../stages/layout/index.ts';
import {
  pinInstances,
  pinName,
  writeVerilog,
  type Netlist,
  type SynthesisRecipe,
} from '../../stages/netlist/index.ts';
import type { RtlDesign } from '../../stages/rtl/index.ts';
import { NO_SLACK, type TimingReport } from '../../stages/timing/index.ts';
import { findOwnFile } from '../../tools/own-files.ts';
import { equivalenceScript, FLOPS, FLOPS_FILE } from '../../tools/yosys-equivalence.ts';
import { synthesisRun } from '../../tools/yosys.ts';
import type { ChipState } from '../steps/chip-state.ts';
import type { SynthesisTask } from '../steps/rtl-netlist.ts';
import { reportTcl } from './report-tcl.ts';
import type { OutFile, RunFiles } from './run-files.ts';
import { runSh } from './run-sh.ts';

const KLAYOUT_SCRIPTS = ['check_layout.py', 'routing_rules.py', 'verdict.py'];

/** FLOW-014 when the run did not get as far as its layout. */
export function replayFiles(files: RunFiles, project: string): readonly OutFile[] {
  const kit = files.unpacked<Kit>('kit.bin');
  const { netlist } = files.unpacked<ChipState>('filled.bin');
  const synthesis = synthesisFiles(files, kit);
  const made: OutFile[] = [
    ...(synthesis ?? [
      {
        path: 'expected/mapped.v',
        content: writeVerilog(files.unpacked<Netlist>('netlist.bin'), kit, { physicalCells: false }),
      },
    ]),
    { path: 'equal/equal.ys', content: equivalenceScript(netlist.top) },
    { path: `equal/${FLOPS_FILE}`, content: FLOPS },
    { path: 'timing/pnr-report.tcl', content: reportTcl(netlist.top) },
    { path: 'timing/netlist.v', content: files.bytes('netlist.v') },
    { path: 'timing/constraints.sdc', content: files.bytes('chip.sdc') },
    { path: 'timing/wires.spef', content: files.bytes('chip.spef') },
    { path: 'timing/timing.lib', content: timingLiberty(files.text('kit.lib')) },
    { path: 'timing/slacks.txt', content: storedSlacks(files, kit, netlist) },
    ...layoutFiles(files, kit, netlist),
  ];
  const yosys = synthesis ? (files.run.toolVersions['yosys'] ?? 'an unknown Yosys') : null;
  const script = runSh({ project, runId: files.run.id, top: netlist.top, yosys });
  const sums = made.map(
    ({ path, content }) => `${createHash('sha256').update(content).digest('hex')}  ${path}\n`,
  );
  return [...made, { path: 'SHA256SUMS', content: sums.join('') }, { path: 'run.sh', content: script }];
}

/** Null when the run began with a netlist. */
function synthesisFiles(files: RunFiles, kit: Kit): OutFile[] | null {
  const task = synthesisTask(files);
  if (!task) return null;
  const run = synthesisRun({ ...task, kit, liberty: files.text('kit.lib') });
  return [
    { path: 'synth/synth.ys', content: run.script },
    ...run.files.map(({ name, text }) => ({ path: `synth/${name}`, content: text })),
    { path: 'expected/synthesis.v', content: files.bytes('synthesis.v') },
  ];
}

function synthesisTask(files: RunFiles): SynthesisTask | null {
  if (files.has('synthesis.json')) return JSON.parse(files.text('synthesis.json')) as SynthesisTask;
  if (!files.has('rtl.bin')) return null;
  const { settings } = files.run;
  return {
    design: files.unpacked<RtlDesign>('rtl.bin'),
    clockPeriodPs: settings['clock.periodPs'] as number,
    flatten: settings['synthesis.flatten'] as boolean,
    recipe: files.has('synthesis-recipe.txt')
      ? (files.text('synthesis-recipe.txt') as SynthesisRecipe)
      : 'area',
  };
}

/** OpenSTA would add the Liberty's default wire load to every net. */
const timingLiberty = (text: string): string => text.replace(/\bdefault_wire_load\s*:[^;\n]*;?/g, '');

/** `setup|hold`, ps, endpoint. */
function storedSlacks(files: RunFiles, kit: Kit, netlist: Netlist): string {
  const report = files.unpacked<TimingReport>('timing.bin');
  const owner = pinInstances(netlist);
  const lines: string[] = [];
  report.endpointPin.forEach((pin, e) => {
    const name = pinName(netlist, kit, owner, pin);
    for (const [check, slackPs] of [
      ['setup', report.setupSlackPs[e]!],
      ['hold', report.holdSlackPs[e]!],
    ] as const)
      if (slackPs !== NO_SLACK) lines.push(`${check} ${slackPs} ${name}\n`);
  });
  return lines.join('');
}

function layoutFiles(files: RunFiles, kit: Kit, netlist: Netlist): OutFile[] {
  const pins = pinLocations(readDef(files.text('chip.def')).value, kit);
  const metrics = files.run.steps.flatMap((step) => step.metrics);
  const found = (name: string): number => metrics.findLast((m) => m.name === name)?.value ?? 0;
  const expected = { top: netlist.top, nets: pins.nets.length, violations: found('klayoutViolations') };
  return [
    { path: 'layout/chip.gds', content: files.bytes('chip.gds') },
    { path: 'layout/pins.json', content: JSON.stringify(pins) },
    { path: 'layout/rules.json', content: JSON.stringify(routingRules(kit)) },
    { path: 'layout/expected.json', content: JSON.stringify(expected) },
    ...KLAYOUT_SCRIPTS.map((name) => ({ path: `layout/${name}`, content: ownScript(name) })),
  ];
}

function ownScript(name: string): Uint8Array {
  const path = findOwnFile('resources', 'klayout', name);
  if (path === undefined) throw new BugError(`resources/klayout/${name} is missing`);
  return readFileSync(path);
}
