/** The report as one HTML page that needs no network: style, charts, pictures and the data itself are inline. */
import { barChart, slackHistogram } from './charts.ts';
import { STYLE } from './style.ts';
import { escapeHtml, formatNumber as num, formatPercent } from './text.ts';
import { reportJson } from './json.ts';
import type { PathFact, ReportData, ReportPictures } from './types.ts';

type Cell = string | number;

/** `align` has one letter per column: l or n (number, right-aligned). Cells given as strings are escaped here. */
function table(heads: readonly string[], align: string, rows: readonly (readonly Cell[])[]): string {
  const cls = (i: number): string => (align[i] === 'n' ? ' class="n"' : '');
  const head = heads.map((h, i) => `<th${cls(i)}>${escapeHtml(h)}</th>`).join('');
  const body = rows
    .map((row) => {
      const cells = row.map((c, i) => `<td${cls(i)}>${typeof c === 'number' ? num(c) : escapeHtml(c)}</td>`);
      return `<tr>${cells.join('')}</tr>`;
    })
    .join('\n');
  return `<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
}

function card(value: string, label: string): string {
  return `<div class="card"><b>${escapeHtml(value)}</b><span>${escapeHtml(label)}</span></div>`;
}

function cards(data: ReportData): string {
  const accuracy = data.accuracy === null ? 'no labels' : formatPercent(data.accuracy);
  return [
    card(num(data.cycles), 'cycles per inference (simulated)'),
    card(`${num(data.clockMhz)} MHz`, 'highest clock with slack >= 0'),
    card(`${num(data.latencyUs)} us`, 'latency at that clock'),
    card(accuracy, `accuracy, ${data.testImages} test samples`),
    card(num(data.cells), `cells (+ ${num(data.physicalCells)} taps and fillers)`),
    card(`${num(data.areaUm2)} um2`, 'cell area'),
    card(`${num(data.wirelengthUm)} um`, 'routed wire length'),
    card(num(data.vias), 'vias'),
    card(`${num(data.wnsPs)} ps`, 'worst setup slack'),
    card(`${num(data.holdWnsPs)} ps`, 'worst hold slack'),
    card(`${num(data.powerMw)} mW`, 'power (modelled)'),
    card(`${num(data.energyPerInferenceNj)} nJ`, 'energy per inference (modelled)'),
  ].join('');
}

function proofSheet(data: ReportData): string {
  const rows = data.proof.map(
    (p) =>
      `<tr><td>${escapeHtml(p.name)}</td><td>${escapeHtml(p.judge)}</td><td class="${p.result}">${p.result}</td>` +
      `<td>${escapeHtml(p.detail)}</td></tr>`,
  );
  return (
    '<table><thead><tr><th>Claim</th><th>Judge</th><th>Result</th><th>What was compared</th></tr></thead>' +
    `<tbody>${rows.join('\n')}</tbody></table>`
  );
}

function pathDetails(path: PathFact): string {
  const rows = path.stages.map((s) => [
    `${s.instance}/${s.pin}`,
    s.cell,
    s.edge,
    s.delayPs,
    s.arrivalPs,
    s.slewPs,
    s.loadFf,
  ]);
  const heads = ['Pin', 'Cell', 'Edge', 'Delay ps', 'Arrival ps', 'Slew ps', 'Load fF'];
  return (
    `<details><summary>${num(path.slackPs)} ps &nbsp; <code>${escapeHtml(path.startpoint)}</code> &rarr; ` +
    `<code>${escapeHtml(path.endpoint)}</code></summary>${table(heads, 'lllnnnn', rows)}</details>`
  );
}

function picture(png: Uint8Array | null, caption: string): string {
  if (png === null) return '';
  return (
    `<figure><img alt="${escapeHtml(caption)}" src="data:image/png;base64,${toBase64(png)}"/>` +
    `<figcaption>${escapeHtml(caption)}</figcaption></figure>`
  );
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 0x8000)
    text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}

function legend(entries: ReportPictures['legend']): string {
  const items = entries.map(
    (e) => `<li><i style="background:${escapeHtml(e.colour)}"></i>${escapeHtml(e.label)}</li>`,
  );
  return `<ul class="legend">${items.join('')}</ul>`;
}

function section(title: string, body: string): string {
  return `<h2>${escapeHtml(title)}</h2><section class="panel">${body}</section>`;
}

export function reportHtml(data: ReportData, pictures: ReportPictures): string {
  const layerBars = data.layers.map((l) => ({
    label: l.name.length > 24 ? `${l.name.slice(0, 23)}…` : l.name,
    share: l.utilization,
    note: `${num(l.cycles)} cycles, ${num(l.macs)} MACs, ${formatPercent(l.utilization)}`,
  }));
  const steps = data.steps.map((s) => [s.name, s.status, s.wallS, s.cpuS, s.peakMiB]);
  const power = data.powerGroups.map((g) => [
    g.group,
    g.internalMw,
    g.switchingMw,
    g.leakageMw,
    g.internalMw + g.switchingMw + g.leakageMw,
  ]);
  const accuracyFloat =
    data.accuracyFloat === null ? '' : ` Float model: ${formatPercent(data.accuracyFloat)}.`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escapeHtml(data.project)} - Ingot report</title><style>${STYLE}</style></head><body><main>
<header><h1>${escapeHtml(data.project)}</h1>
<p>${escapeHtml(data.model.name)}: ${num(data.model.macs)} MACs, ${num(data.model.parameters)} parameters, on a ${escapeHtml(data.chip.shape)} engine, ${data.chip.lanes} requantiser lane(s), ${data.chip.baked ? 'program and weights baked into logic' : 'programmable'}, ${escapeHtml(data.chip.kit)}.</p></header>
<div class="cards">${cards(data)}</div>
${section('Proof sheet', proofSheet(data))}
${section('Layout', legend(pictures.legend) + picture(pictures.layoutPng, `Die ${num(data.dieUm.width)} x ${num(data.dieUm.height)} um, utilisation ${formatPercent(data.utilization)}`) + picture(pictures.zoomPng, 'Detail'))}
${section('Performance', `<p class="muted">PE utilisation by layer: MACs done over cycles times PEs.${accuracyFloat}</p>${barChart(layerBars)}`)}
${section('Timing', `<p class="muted">Clock period ${num(data.clockPeriodPs)} ps; setup WNS ${num(data.wnsPs)} ps, TNS ${num(data.tnsPs)} ps; hold WNS ${num(data.holdWnsPs)} ps, TNS ${num(data.holdTnsPs)} ps; clock skew ${num(data.clockSkewPs)} ps. Endpoints by setup slack:</p>${slackHistogram(data.slackHistogram)}<h3>Worst paths</h3>${data.worstPaths.map(pathDetails).join('')}`)}
${section(
  'Area',
  table(
    ['Kind', 'Cells', 'Area um2'],
    'lnn',
    data.cellKinds.map((k) => [k.kind, k.count, k.areaUm2]),
  ),
)}
${section(
  'Routing',
  table(
    ['Layer', 'Wire um'],
    'ln',
    data.wirelengthByLayerUm.map((l) => [l.layer, l.lengthUm]),
  ),
)}
${section('Power (modelled)', table(['Group', 'Internal mW', 'Switching mW', 'Leakage mW', 'Total mW'], 'lnnnn', power))}
${section('Steps', table(['Step', 'Status', 'Wall s', 'CPU s', 'Peak MiB'], 'llnnn', steps))}
${section('What is modelled', `<ul>${data.caveats.map((c) => `<li>${escapeHtml(c)}</li>`).join('')}</ul>`)}
${section(
  'Settings and tools',
  table(
    ['Setting', 'Value'],
    'll',
    Object.entries(data.settings).map(([k, v]) => [k, String(v)]),
  ) +
    table(
      ['Tool', 'Version'],
      'll',
      data.tools.map((t) => [t.name, t.version]),
    ),
)}
<script type="application/json" id="report-data">${reportJson(data).replace(/</g, '\\u003c')}</script>
</main></body></html>
`;
}
