/**
 * One file of a Python package, straight from a package index by its simple interface (PEP 503 and 691), without
 * Python. What comes is judged by its digest alone, so the index need not be trusted.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { rootCertificates } from 'node:tls';

export interface WheelWanted {
  /** Address of the index, `https://HOST/simple`; may hold a user and password. */
  readonly index: string;
  /** `name==version` */
  readonly requirement: string;
  /** File of certificates to trust besides Node's own. */
  readonly cert?: string | null | undefined;
  readonly signal?: AbortSignal | undefined;
  /** `total` is null where the server does not say. */
  readonly onBytes?: ((done: number, total: number | null) => void) | undefined;
}

const REDIRECTS_MAX = 5;
const SILENCE_MAX_MS = 60_000;
const PAGE_BYTES_MAX = 64 << 20;
const FILE_BYTES_MAX = 512 << 20;
const ACCEPT = 'application/vnd.pypi.simple.v1+json, text/html;q=0.2';

/** The wheel of exactly this version. Throws plain errors that say why not; the digest is the caller's to check. */
export async function fetchWheel(wanted: WheelWanted): Promise<{ name: string; bytes: Uint8Array }> {
  const [project = '', version = ''] = wanted.requirement.split('==');
  const page = new URL(`${wanted.index.replace(/\/+$/, '')}/${normalized(project)}/`);
  const listing = await get(page, wanted, { accept: ACCEPT, bytesMax: PAGE_BYTES_MAX });
  const text = new TextDecoder().decode(listing.bytes);
  const links = /json/.test(listing.type) ? linksOfJson(text) : linksOfHtml(text);
  const escaped = version.replaceAll('.', '\\.');
  const isWanted = new RegExp(`^${project.replace(/[-_.]+/g, '[-_.]+')}-${escaped}-[^/]*\\.whl$`, 'i');
  for (const link of links) {
    const url = new URL(link, listing.url);
    const name = decodeURIComponent(url.pathname.split('/').at(-1) ?? '');
    if (!isWanted.test(name)) continue;
    const file = await get(url, wanted, { bytesMax: FILE_BYTES_MAX, onBytes: wanted.onBytes });
    return { name, bytes: file.bytes };
  }
  throw new Error(`${page.host} has no wheel of ${wanted.requirement}`);
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** PEP 503. */
const normalized = (project: string): string => project.replace(/[-_.]+/g, '-').toLowerCase();

function linksOfJson(text: string): readonly string[] {
  const { files } = JSON.parse(text) as { files?: readonly { url?: unknown }[] };
  return (files ?? []).flatMap(({ url }) => (typeof url === 'string' ? [url] : []));
}

const linksOfHtml = (text: string): readonly string[] =>
  [...text.matchAll(/<a\s[^>]*href\s*=\s*["']([^"']+)["']/gi)].map((m) => m[1]!.replaceAll('&amp;', '&'));

interface Got {
  readonly bytes: Uint8Array;
  readonly type: string;
  /** After redirects. */
  readonly url: URL;
}

interface GetOptions {
  readonly accept?: string;
  readonly bytesMax: number;
  readonly onBytes?: WheelWanted['onBytes'];
}

async function get(start: URL, wanted: WheelWanted, options: GetOptions): Promise<Got> {
  const home = new URL(wanted.index);
  let url = start;
  for (let hop = 0; hop <= REDIRECTS_MAX; hop++) {
    // The index's own name and password go to the index alone.
    const auth = url.host === home.host && home.username ? `${home.username}:${home.password}` : undefined;
    const response = await open(url, wanted, options.accept, auth);
    const status = response.statusCode ?? 0;
    if (status >= 300 && status < 400 && response.headers.location) {
      response.destroy();
      url = new URL(response.headers.location, url);
      continue;
    }
    if (status !== 200) {
      response.destroy();
      throw new Error(`${url.host} answered ${status} ${response.statusMessage ?? ''}`.trim());
    }
    const bytes = await readAll(response, url.host, options);
    return { bytes, type: response.headers['content-type'] ?? '', url };
  }
  throw new Error(`${start.host} redirects without end`);
}

function open(
  url: URL,
  wanted: WheelWanted,
  accept: string | undefined,
  auth: string | undefined,
): Promise<IncomingMessage> {
  const request = { 'https:': requestHttps, 'http:': requestHttp }[url.protocol];
  if (!request) throw new Error(`${url.protocol} is not fetched; an address starts with https://`);
  return new Promise((done, failed) => {
    const asked = request(
      url,
      {
        headers: { 'user-agent': 'ingot', ...(accept !== undefined && { accept }) },
        timeout: SILENCE_MAX_MS,
        ...(auth !== undefined && { auth: decodeURIComponent(auth) }),
        ...(wanted.signal && { signal: wanted.signal }),
        ...(wanted.cert && { ca: [...rootCertificates, readFileSync(wanted.cert, 'utf8')] }),
      },
      done,
    );
    asked.on('timeout', () => asked.destroy(new Error(`${url.host} does not answer`)));
    asked.on('error', failed);
    asked.end();
  });
}

async function readAll(response: IncomingMessage, host: string, options: GetOptions): Promise<Uint8Array> {
  const total = Number(response.headers['content-length']) || null;
  const parts: Buffer[] = [];
  let done = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    done += part.length;
    if (done > options.bytesMax) throw new Error(`${host} sends more than ${options.bytesMax >> 20} MiB`);
    parts.push(part);
    options.onBytes?.(done, total);
  }
  if (total !== null && done !== total) throw new Error(`${host} ended after ${done} of ${total} bytes`);
  return new Uint8Array(Buffer.concat(parts));
}
