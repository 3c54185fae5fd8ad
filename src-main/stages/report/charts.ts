/** Small inline SVG charts; colours come from the page's custom properties so that light and dark both work. */
import type { ReportData } from './types.ts';
import { escapeHtml, formatNumber } from './text.ts';

/** Horizontal bars, one per row; `share` is 0..1 of the full width. */
export function barChart(rows: readonly { label: string; share: number; note: string }[]): string {
  const height = rows.length * 26;
  const bars = rows.map((row, i) => {
    const y = i * 26;
    const width = Math.max(1, Math.min(1, row.share) * 360);
    return (
      `<text x="0" y="${y + 17}" class="label">${escapeHtml(row.label)}</text>` +
      `<rect x="170" y="${y + 6}" width="360" height="14" class="track"/>` +
      `<rect x="170" y="${y + 6}" width="${width.toFixed(1)}" height="14" class="bar"/>` +
      `<text x="540" y="${y + 17}" class="note">${escapeHtml(row.note)}</text>`
    );
  });
  return `<svg viewBox="0 0 760 ${height}" role="img">${bars.join('')}</svg>`;
}

/** Endpoints by slack; bins below zero are drawn in the failing colour. */
export function slackHistogram(bins: ReportData['slackHistogram']): string {
  if (bins.length === 0) return '<p class="muted">No constrained endpoints.</p>';
  const most = Math.max(1, ...bins.map((b) => b.endpoints));
  const step = 720 / bins.length;
  const bars = bins.map((bin, i) => {
    const height = (bin.endpoints / most) * 150;
    const title = `${formatNumber(bin.fromPs)} to ${formatNumber(bin.toPs)} ps: ${bin.endpoints} endpoints`;
    return (
      `<rect x="${(20 + i * step).toFixed(1)}" y="${(160 - height).toFixed(1)}" width="${(step - 2).toFixed(1)}" ` +
      `height="${height.toFixed(1)}" class="${bin.toPs <= 0 ? 'bad' : 'bar'}"><title>${title}</title></rect>`
    );
  });
  const first = bins[0]!;
  const last = bins[bins.length - 1]!;
  return (
    `<svg viewBox="0 0 760 190" role="img">${bars.join('')}` +
    `<line x1="20" x2="740" y1="160.5" y2="160.5" class="axis"/>` +
    `<text x="20" y="180" class="note">${formatNumber(first.fromPs)} ps</text>` +
    `<text x="740" y="180" class="note" text-anchor="end">${formatNumber(last.toPs)} ps</text></svg>`
  );
}
