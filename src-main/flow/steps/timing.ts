import { pack } from '../../base/pack.ts';
import type { TimingReport } from '../../stages/timing/index.ts';
import { toolVersion } from '../../tools/doctor.ts';
import { defineStep, type StepContext } from '../step.ts';
import { judged, readChip, readConstraints, readKitArtefact } from './chip-state.ts';

/** Largest difference to OpenSTA on an endpoint. */
const STA_LIMIT_PS = 2;
const PATHS = 20;

export const timingStep = defineStep({
  name: 'timing',
  title: 'Extract and time',
  version: 10,
  inputs: ['kit.bin', 'kit.lib', 'filled.bin', 'constraints.bin'],
  outputs: ['parasitics.bin', 'timing.bin', 'chip.spef', 'chip.sdc', 'chip.sdf'],
  exports: ['chip.spef', 'chip.sdc', 'chip.sdf'],
  settings: [],
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
      ...wires.verifyParasitics(parasitics, netlist, kit, { routing: routing!, floorplan }),
      ...wires.verifySpef(wires.readSpef(spef, netlist, kit), parasitics, netlist),
    ];
    context.proof({
      name: 'wire RC covers every net',
      judge: 'verifyParasitics and the SPEF read back',
      result: judged(context, rc),
      detail: `${netlist.netNames.length} nets, ${parasitics.nodePin.length} nodes, ${parasitics.coupling.a.length} couplings: a tree per net with all its pins, sums as a sweep over the metal finds them`,
    });
    context.progress(0.4, 'static timing');
    const constraints = readConstraints(context);
    // With several clocks `[all_inputs]` would give their ports delays against each other.
    const sdc = sta.writeSdc(constraints, constraints.moreClocks ? sta.portNames(netlist) : null);
    context.writeArtefact('chip.sdc', sdc);
    context.writeArtefact('chip.sdf', sta.writeSdf(netlist, kit, parasitics, constraints));
    const report = sta.analyzeTiming(netlist, kit, parasitics, constraints, {
      pathCount: PATHS,
      netLengthUm: wires.routedLengthsUm(netlist, routing!, kit),
    });
    report.diagnostics.forEach(context.log);
    context.writeArtefact('timing.bin', pack(report));
    context.metric('wnsPs', report.setup.worstSlackPs, 'ps');
    context.metric('tnsPs', report.setup.tnsPs, 'ps');
    context.metric('holdWnsPs', report.hold.worstSlackPs, 'ps');
    context.metric('holdTnsPs', report.hold.tnsPs, 'ps');
    context.metric('clocks', 1 + (constraints.moreClocks?.length ?? 0));
    context.metric('setupViolations', report.setupSlackPs.filter((ps) => ps < 0).length);
    context.metric('holdViolations', report.holdSlackPs.filter((ps) => ps < 0).length);
    context.metric('slewViolations', report.slewViolations.length);
    context.metric('loadViolations', report.capViolations.length);
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
    const { compareSlacks, runOpenSta } = await import('../../tools/opensta.ts');
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
      context.signal,
    );
    const setup = compareSlacks(netlist, kit, report, theirs, 'setupSlackPs');
    const hold = compareSlacks(netlist, kit, report, theirs, 'holdSlackPs');
    const isEnough = Math.min(setup.endpoints, hold.endpoints) > 0.95 * report.endpointPin.length;
    context.proof({
      name: claim,
      judge: `OpenSTA ${version}`,
      result: isEnough && Math.max(setup.maxPs, hold.maxPs) <= STA_LIMIT_PS ? 'pass' : 'fail',
      detail: `${report.endpointPin.length} endpoints, same netlist, SPEF and SDC; difference of setup slacks (${setup.endpoints}) mean ${setup.meanPs.toFixed(3)}, largest ${setup.maxPs.toFixed(2)} ps; of hold slacks (${hold.endpoints}) mean ${hold.meanPs.toFixed(3)}, largest ${hold.maxPs.toFixed(2)} ps; limit ${STA_LIMIT_PS} ps; worst setup slack ours ${report.setup.worstSlackPs.toFixed(1)}, theirs ${setup.theirWorstPs.toFixed(1)} ps`,
    });
  },
});

function warnOfViolations(context: Pick<StepContext, 'log'>, report: TimingReport): void {
  const warn = (code: string, message: string, place: string | undefined, remedy: string): void =>
    context.log({ code, severity: 'warning', message, ...(place === undefined ? {} : { place }), remedy });
  const { setup, hold, slewViolations: slews, capViolations: loads } = report;
  if (setup.violatingEndpoints > 0)
    warn(
      'TIMING-050',
      `${setup.violatingEndpoints} endpoints miss setup, the worst by ${(-setup.worstSlackPs).toFixed(0)} ps`,
      report.setupPaths[0]?.endpoint,
      'raise clock.periodPs',
    );
  if (hold.violatingEndpoints > 0)
    warn(
      'TIMING-051',
      `${hold.violatingEndpoints} endpoints miss hold, the worst by ${(-hold.worstSlackPs).toFixed(0)} ps: the chip would fail at any clock`,
      report.holdPaths[0]?.endpoint,
      'switch timing.repair on, or change place.seed or floorplan.utilization',
    );
  for (const [code, what, found] of [
    ['TIMING-052', 'slew, ps', slews],
    ['TIMING-053', 'load, fF', loads],
  ] as const) {
    const worst = [...found].sort((a, b) => b.value / b.limit - a.value / a.limit)[0];
    if (worst)
      warn(
        code,
        `${found.length} pins exceed their limit of ${what}; the worst has ${worst.value.toFixed(1)} of ${worst.limit.toFixed(1)}`,
        worst.name,
        'lower floorplan.utilization, so that wires get shorter ways',
      );
  }
}
