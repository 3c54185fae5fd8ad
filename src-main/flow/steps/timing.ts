import { pack } from '../../base/pack.ts';
import { pinInstances, type Netlist } from '../../stages/netlist/index.ts';
import type { Kit } from '../../stages/kit/index.ts';
import type { TimingReport } from '../../stages/timing/index.ts';
import type { OpenStaResult } from '../../tools/opensta.ts';
import { toolVersion } from '../../tools/doctor.ts';
import { defineStep } from '../step.ts';
import { judged, readChip, readKitArtefact } from './chip-state.ts';
import { chipConstraints } from './constraints.ts';

/** Largest difference to OpenSTA on an endpoint, as a share of the clock period. */
const STA_SHARE_MAX = 0.05;
const PATHS = 20;

export const timingStep = defineStep({
  name: 'timing',
  title: 'Extract and time',
  version: 2,
  inputs: ['kit.bin', 'kit.lib', 'filled.bin'],
  outputs: ['parasitics.bin', 'timing.bin', 'chip.spef', 'chip.sdc'],
  exports: ['chip.spef', 'chip.sdc'],
  settings: ['clock.periodPs'],
  fingerprint: async () => ({ sta: (await toolVersion('sta')) ?? 'not found' }),
  async run(context) {
    const wires = await import('../../stages/extraction/index.ts');
    const sta = await import('../../stages/timing/index.ts');
    const kit = readKitArtefact(context);
    const { netlist, floorplan, placement, routing } = readChip(context, 'filled.bin');
    const extracted = wires.extractParasitics(netlist, placement, floorplan, routing!, kit);
    extracted.diagnostics.forEach(context.log);
    const parasitics = extracted.value;
    const spef = wires.writeSpef(parasitics, netlist, kit);
    context.writeArtefact('parasitics.bin', pack(parasitics));
    context.writeArtefact('chip.spef', spef);
    const rc = [
      ...wires.verifyParasitics(parasitics, netlist, kit, routing),
      ...wires.verifySpef(wires.readSpef(spef, netlist, kit), parasitics, netlist),
    ];
    context.proof({
      name: 'wire RC covers every net',
      judge: 'verifyParasitics and the SPEF read back',
      result: judged(context, rc),
      detail: `${netlist.netNames.length} nets, ${parasitics.nodePin.length} nodes: a tree per net with all its pins, sums equal to length times table`,
    });
    context.progress(0.4, 'static timing');
    const constraints = chipConstraints(context.settings['clock.periodPs']);
    const sdc = sta.writeSdc(constraints);
    context.writeArtefact('chip.sdc', sdc);
    const report = sta.analyzeTiming(netlist, kit, parasitics, constraints, {
      ...sta.DEFAULT_TIMING_OPTIONS,
      pathCount: PATHS,
      netLengthUm: wires.routedLengthsUm(netlist, routing!, kit),
    });
    report.diagnostics.forEach(context.log);
    context.writeArtefact('timing.bin', pack(report));
    context.metric('wnsPs', report.setup.worstSlackPs, 'ps');
    context.metric('tnsPs', report.setup.tnsPs, 'ps');
    context.metric('holdWnsPs', report.hold.worstSlackPs, 'ps');
    context.metric('clockMhz', report.clockMhz, 'MHz');
    context.metric('clockSkewPs', report.clock.skewPs, 'ps');
    warnOfViolations(context, report);
    context.proof({
      name: 'arrivals and slacks follow from the tables',
      judge: 'verifyTiming, path by path',
      result: judged(context, sta.verifyTiming(netlist, kit, parasitics, constraints, report)),
      detail: `${report.endpointPin.length} endpoints, ${report.setupPaths.length + report.holdPaths.length} paths walked again`,
    });
    context.progress(0.7, 'OpenSTA');
    const claim = 'OpenSTA sees the same slacks';
    const version = await toolVersion('sta');
    if (version === null) {
      context.proof({ name: claim, judge: 'OpenSTA', result: 'skipped', detail: 'sta not found' });
      return;
    }
    const { runOpenSta } = await import('../../tools/opensta.ts');
    const { writeVerilog } = await import('../../stages/netlist/index.ts');
    const theirs = await runOpenSta(
      {
        netlistVerilog: writeVerilog(netlist, kit, { physicalCells: false }),
        libertyPath: context.artefactPath('kit.lib'),
        spef,
        sdc,
        top: netlist.top,
      },
      context.workDir,
    );
    const setup = compareSlacks(report, 'setupSlackPs', theirs, nameOf(netlist, kit));
    const hold = compareSlacks(report, 'holdSlackPs', theirs, nameOf(netlist, kit));
    const limitPs = STA_SHARE_MAX * constraints.periodPs;
    const isEnough = Math.min(setup.endpoints, hold.endpoints) > 0.95 * report.endpointPin.length;
    context.proof({
      name: claim,
      judge: `OpenSTA ${version}`,
      result: isEnough && Math.max(setup.maxPs, hold.maxPs) <= limitPs ? 'pass' : 'fail',
      detail: `${report.endpointPin.length} endpoints, same netlist, SPEF and SDC; difference of setup slacks (${setup.endpoints}) mean ${setup.meanPs.toFixed(1)}, largest ${setup.maxPs.toFixed(1)} ps; of hold slacks (${hold.endpoints}) mean ${hold.meanPs.toFixed(1)}, largest ${hold.maxPs.toFixed(1)} ps; limit ${limitPs} ps; worst setup slack ours ${report.setup.worstSlackPs.toFixed(1)}, theirs ${setup.theirWorstPs.toFixed(1)} ps`,
    });
  },
});

interface SlackDifference {
  /** That both sides give a slack for. */
  readonly endpoints: number;
  readonly meanPs: number;
  readonly maxPs: number;
  readonly theirWorstPs: number;
}

function compareSlacks(
  report: TimingReport,
  check: 'setupSlackPs' | 'holdSlackPs',
  theirs: OpenStaResult,
  name: (pin: number) => string,
): SlackDifference {
  let [endpoints, sum, maxPs, theirWorstPs] = [0, 0, 0, Infinity];
  report.endpointPin.forEach((pin, e) => {
    const their = theirs[check].get(name(pin));
    if (their === undefined) return;
    const difference = Math.abs(their - report[check][e]!);
    endpoints++;
    sum += difference;
    maxPs = Math.max(maxPs, difference);
    theirWorstPs = Math.min(theirWorstPs, their);
  });
  return { endpoints, meanPs: endpoints === 0 ? 0 : sum / endpoints, maxPs, theirWorstPs };
}

/** `instance/PIN` or the port's name. */
function nameOf(netlist: Netlist, kit: Kit): (pin: number) => string {
  const pins = netlist.pinNet.length;
  const owner = pinInstances(netlist);
  return (pin) => {
    if (pin >= pins) return netlist.ports[pin - pins]!.name;
    const inst = owner[pin]!;
    const master = kit.masters[netlist.instMaster[inst]!]!;
    return `${netlist.instNames[inst]}/${master.pins[pin - netlist.instPinStart[inst]!]!.name}`;
  };
}

function warnOfViolations(
  context: { log: (d: { code: string; severity: 'warning'; message: string; remedy: string }) => void },
  report: TimingReport,
): void {
  const warn = (code: string, message: string, remedy: string): void =>
    context.log({ code, severity: 'warning', message, remedy });
  if (report.setup.violatingEndpoints > 0)
    warn('TIMING-050', `${report.setup.violatingEndpoints} endpoints miss setup`, 'raise clock.periodPs');
  if (report.hold.violatingEndpoints > 0)
    warn(
      'TIMING-051',
      `${report.hold.violatingEndpoints} endpoints miss hold`,
      'the chip would fail at any clock',
    );
  if (report.slewViolations.length > 0)
    warn(
      'TIMING-052',
      `${report.slewViolations.length} pins exceed the slew limit`,
      'lower floorplan.utilization',
    );
  if (report.capViolations.length > 0)
    warn(
      'TIMING-053',
      `${report.capViolations.length} pins exceed their load limit`,
      'lower floorplan.utilization',
    );
}
