/** What OpenROAD says of the finished chip: timing on the extracted wires, the supply's drop, its reports. */
import { extractionBody, irDropBody, readIrDrops, reportBody, FILES } from '../../../tools/openroad/index.ts';
import type { Flow } from '../../step.ts';
import { openRoadStep } from './openroad-step.ts';

const FINAL = {
  source: 'database',
  before: 'openroad-fill.odb',
  isClockPropagated: true,
  version: 1,
} as const;

/**
 * The kit comes without rules for OpenRCX, so the RC are those of our extraction of OpenROAD's wires, over SPEF; the
 * timing is its own.
 */
const extractionStep = openRoadStep({
  ...FINAL,
  name: 'openroad-extraction',
  title: 'OpenROAD: timing on the routed wires',
  stage: 'finish',
  inputs: ['chip.spef'],
  reports: 'spef',
  files: (context) => [{ name: FILES.spef, from: context.artefactPath('chip.spef'), link: true }],
  body: extractionBody,
});

const irDropStep = openRoadStep({
  ...FINAL,
  name: 'openroad-ir-drop',
  title: 'OpenROAD: static IR drop',
  stage: 'finish',
  inputs: ['chip.spef'],
  reports: 'none',
  files: (context) => [{ name: FILES.spef, from: context.artefactPath('chip.spef'), link: true }],
  body: (plan) => [`read_spef ${FILES.spef}`, ...irDropBody(plan)],
  keep: (context, result) => {
    const drops = readIrDrops(result.lines);
    for (const { net, averageMv, worstMv } of drops) {
      context.metric(`openroadIrDropMv${net}`, Number(worstMv.toFixed(4)), 'mV');
      context.log({
        code: 'OPENROAD-012',
        severity: 'info',
        message: `${net}: worst drop ${worstMv.toFixed(2)} mV, mean ${averageMv.toFixed(2)} mV; no pads are given, so PDNSim puts its own`,
      });
    }
    return Promise.resolve();
  },
});

const reportStep = openRoadStep({
  ...FINAL,
  name: 'openroad-report',
  title: 'OpenROAD: reports',
  stage: 'finish',
  inputs: ['chip.spef'],
  outputs: ['openroad-report.txt'],
  exports: ['openroad-report.txt'],
  reports: 'spef',
  files: (context) => [{ name: FILES.spef, from: context.artefactPath('chip.spef'), link: true }],
  body: () => [`read_spef ${FILES.spef}`, 'puts "INGOT report"', ...reportBody(), 'puts "INGOT report end"'],
  keep: (context, result) => {
    const from = result.lines.indexOf('INGOT report');
    const to = result.lines.indexOf('INGOT report end');
    context.writeArtefact('openroad-report.txt', result.lines.slice(from + 1, to).join('\n') + '\n');
    return Promise.resolve();
  },
});

/** After the timing step, whose SPEF they read. */
export const OPENROAD_SIGN_OFF: Flow = [extractionStep, irDropStep, reportStep];
