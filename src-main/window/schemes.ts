/**
 * The app's own schemes: `ingot://desk/` holds the built window, `ingot-report://run/N` the report of a run.
 * Both carry a content security policy that lets nothing in from outside. Inline style is allowed because
 * xterm and the report write style elements; inline script never is.
 */
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { protocol } from 'electron';
import * as engine from '../flow/index.ts';
import { DESK_HOST, DESK_SCHEME, REPORT_SCHEME, deskOrigin, parseReportUrl } from './addresses.ts';
import { withKnownProject } from './projects.ts';

const DESK_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  `frame-src ${REPORT_SCHEME}:`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const reportPolicy = (): string =>
  [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${deskOrigin()}`,
    'sandbox',
  ].join('; ');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

/** Must be called before the app is ready. */
export function registerSchemes(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: DESK_SCHEME, privileges: { standard: true, secure: true } },
    { scheme: REPORT_SCHEME, privileges: { standard: true, secure: true } },
  ]);
}

export function serveSchemes(): void {
  protocol.handle(DESK_SCHEME, (request) => deskFile(request.url));
  protocol.handle(REPORT_SCHEME, (request) => Promise.resolve(report(request.url)));
}

/** `main.js` and the window's files lie side by side in the build: out/main, out/renderer. */
const RENDERER = join(import.meta.dirname, '..', 'renderer');

async function deskFile(url: string): Promise<Response> {
  // Node gives no origin for schemes that it does not know.
  const { host, pathname } = new URL(url);
  const path = normalize(join(RENDERER, decodeURIComponent(pathname)));
  const type = TYPES[extname(path)];
  if (host !== DESK_HOST || !path.startsWith(RENDERER + sep) || type === undefined) return notFound();
  try {
    return page(await readFile(path), type, DESK_POLICY);
  } catch {
    return notFound();
  }
}

function report(url: string): Response {
  const wanted = parseReportUrl(url);
  if (!wanted) return notFound();
  try {
    const html = withKnownProject(wanted.directory, (project) => {
      const artefact = engine
        .readRunDetail(project, wanted.run)
        .steps.flatMap((step) => step.artefacts)
        .find(({ name }) => name === 'report.html');
      return artefact && engine.readArtefact(project.dir, artefact.name, artefact.digest);
    });
    return html ? page(html, TYPES['.html']!, reportPolicy()) : notFound();
  } catch (error) {
    const diagnostic = engine.worldError(error)?.diagnostic;
    return new Response(diagnostic ? `${diagnostic.code}: ${diagnostic.message}` : 'no such report', {
      status: 500,
      headers: { 'content-type': 'text/plain; charset=utf-8', 'content-security-policy': reportPolicy() },
    });
  }
}

function page(bytes: Uint8Array, type: string, policy: string): Response {
  return new Response(bytes as Uint8Array<ArrayBuffer>, {
    headers: {
      'content-type': type,
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    },
  });
}

const notFound = (): Response => new Response('not found', { status: 404 });
