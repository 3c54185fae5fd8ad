import { assert } from '../../base/diagnostic.ts';
import { defineStep } from '../step.ts';
import { judged, readChip, readKitArtefact } from './chip-state.ts';
import { REPORT_INPUTS, reportFacts } from './report-facts.ts';

const FILES = [
  'report.html',
  'report.json',
  'summary.csv',
  'layers.csv',
  'steps.csv',
  'proof.csv',
  'layout.png',
] as const;
const PICTURE_PX = 1200;

export const reportStep = defineStep({
  name: 'report',
  title: 'Write the report',
  version: 3,
  inputs: REPORT_INPUTS,
  outputs: FILES,
  exports: FILES,
  settings: [],
  readsRun: true,
  async run(context) {
    const stage = await import('../../stages/report/index.ts');
    assert(context.run, 'the report reads the run');
    const kit = readKitArtefact(context);
    const data = reportFacts(context, context.run, kit);
    context.metric('cells', data.cells);
    context.metric('areaUm2', data.areaUm2, 'um2');
    context.metric('latencyUs', data.latencyUs, 'us');
    const design = { ...readChip(context, 'filled.bin'), kit };
    context.progress(0.2, 'drawing the layout');
    const layoutPng = stage.renderLayout(design, { widthPx: PICTURE_PX });
    const zoomPng = stage.renderLayout(design, { widthPx: PICTURE_PX, window: stage.detailWindow(design) });
    const html = stage.reportHtml(data, { layoutPng, zoomPng, legend: stage.layoutLegend(kit) });
    const json = stage.reportJson(data);
    context.writeArtefact('report.html', html);
    context.writeArtefact('report.json', json);
    for (const file of stage.reportCsv(data)) context.writeArtefact(file.name, file.text);
    context.writeArtefact('layout.png', layoutPng);
    context.proof({
      name: 'the report says what was recorded and needs no network',
      judge: 'verifyReport, from the page',
      result: judged(context, stage.verifyReport(html, json)),
      detail: `${data.proof.length} proof lines, ${data.steps.length} steps, ${html.length} characters`,
    });
  },
});
