import type { Diagnostic } from '../../base/diagnostic.ts';

/**
 * Reads the finished page as text: it must carry the given JSON, fetch nothing, and show each headline figure.
 * Knows nothing of how the page was made.
 */
export function verifyReport(html: string, json: string): Diagnostic[] {
  const found: Diagnostic[] = [];
  const fail = (code: string, message: string): void => {
    found.push({ code, severity: 'error', message, place: 'report.html' });
  };
  const embedded = /<script type="application\/json" id="report-data">([\s\S]*?)<\/script>/.exec(html)?.[1];
  if (embedded === undefined) fail('REPORT-001', 'the page carries no data');
  else if (JSON.stringify(JSON.parse(embedded)) !== JSON.stringify(JSON.parse(json)))
    fail('REPORT-002', 'the page carries other data than report.json');
  const fetches = html.match(/(?:src|href)\s*=\s*"(?!data:|#)[^"]*"|url\((?!['"]?data:)|@import/g);
  if (fetches) fail('REPORT-003', `the page would fetch ${fetches[0]}`);
  const rows = (html.match(/<td class="(?:pass|fail|skipped)">/g) ?? []).length;
  const proofs = (JSON.parse(json) as { proof: unknown[] }).proof.length;
  if (rows !== proofs) fail('REPORT-004', `the proof sheet shows ${rows} of ${proofs} lines`);
  return found;
}
