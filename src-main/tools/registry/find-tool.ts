/** One tool on this machine: where it is, its version, what it can do. Asked once per process and program. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { readFileSync, renameSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { IngotError } from '../../base/diagnostic.ts';
import { cacheDir } from '../cache-dir.ts';
import { locateProgram, type Program, type ProgramSource } from '../find-program.ts';
import { describeVerdict, runJob, type JobEnd } from '../runner/index.ts';
import { TOOLS, type Tool } from './table.ts';

export interface FoundTool {
  readonly name: Program;
  /** null = not there. */
  readonly path: string | null;
  readonly source: ProgramSource | null;
  /** As it says itself; null when it does not. */
  readonly version: string | null;
  /** Of those the table asks for. */
  readonly capabilities: readonly string[];
  readonly lacks: readonly string[];
  /** Why Ingot cannot use it: it does not run, or lacks what Ingot needs. null when it can, or when it is not there. */
  readonly problem: string | null;
}

const PROBE_MS = 30_000;
const STALL_MS = 15_000;

const found = new Map<string, Promise<FoundTool>>();

/** Never throws. */
export function findTool(name: Program): Promise<FoundTool> {
  const place = locateProgram(name);
  if (place === null) return Promise.resolve(nowhere(name));
  const key = `${name} ${place.path}`;
  let tool = found.get(key);
  if (tool === undefined) {
    tool = probe(name, place.path, place.source);
    found.set(key, tool);
  }
  return tool;
}

/** The tool, or why it cannot be used: TOOL-050 not there, -051 too old or broken. */
export async function requireTool(name: Program): Promise<FoundTool & { readonly path: string }> {
  const tool = await findTool(name);
  const { path, problem } = tool;
  if (path === null)
    throw new IngotError('TOOL-050', `${name} was not found; Ingot goes on without it`, {
      place: name,
      remedy: `install ${name}, or tell where it is: ingot doctor --tool ${name}=PATH`,
    });
  if (problem !== null)
    throw new IngotError('TOOL-051', `${name} (${path}) cannot be used: ${problem}`, {
      place: path,
      remedy: `install a newer ${name}, or name another: ingot doctor --tool ${name}=PATH`,
    });
  return { ...tool, path };
}

const versions = new Map<string, Promise<string | null>>();

/** What a tool says of its version, else its path; null when it is not there. Asked once per process. */
export function toolVersion(name: Program): Promise<string | null> {
  const place = locateProgram(name);
  if (place === null) return Promise.resolve(null);
  const key = `${name} ${place.path}`;
  let version = versions.get(key);
  if (version === undefined) {
    version = askVersion(name, place.path).then((said) => said.version ?? place.path);
    versions.set(key, version);
  }
  return version;
}

const nowhere = (name: Program): FoundTool => ({
  name,
  path: null,
  source: null,
  version: null,
  capabilities: [],
  lacks: Object.keys(TOOLS[name].capabilities),
  problem: null,
});

async function probe(name: Program, path: string, source: ProgramSource): Promise<FoundTool> {
  const tool = TOOLS[name];
  const { version, problem: broken } = await askVersion(name, path);
  const capabilities = broken === null ? await knownCapabilities(name, path, version) : [];
  const missing = tool.needs.filter((need) => !capabilities.includes(need));
  const problem = broken ?? (missing.length > 0 ? `too old, or built without ${missing.join(', ')}` : null);
  return {
    name,
    path,
    source,
    version,
    capabilities,
    lacks: Object.keys(tool.capabilities).filter((c) => !capabilities.includes(c)),
    problem,
  };
}

async function askVersion(
  name: Program,
  path: string,
): Promise<{ version: string | null; problem: string | null }> {
  const { versionArgs, versionLine } = TOOLS[name];
  const { end, lines } = await ask(name, path, versionArgs, {});
  const version = lines.find((line) => versionLine.test(line))?.trim() ?? null;
  const isBroken = !['ok', 'failed'].includes(end.verdict.kind);
  return { version, problem: isBroken ? `it ${describeVerdict(end.verdict)}` : null };
}

/** What it prints on stdout stands before what it warns of. */
async function ask(
  name: Program,
  path: string,
  args: readonly string[],
  files: NonNullable<Tool['files']>,
): Promise<{ end: JobEnd; lines: readonly string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-probe-'));
  const said = { stdout: [] as string[], stderr: [] as string[] };
  try {
    const end = await runJob(
      {
        tool: name,
        command: path,
        args,
        folder,
        inputs: Object.entries(files).map(([file, contents]) => ({ name: file, contents })),
        env: { QT_QPA_PLATFORM: 'offscreen' },
        limits: { timeMs: PROBE_MS, stallMs: STALL_MS, graceMs: 500, logPartBytes: 2 ** 20 },
        bundle: null,
      },
      { onLine: (line, stream) => said[stream].push(line) },
    );
    return { end, lines: [...said.stdout, ...said.stderr] };
  } finally {
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function tryAll(name: Program, path: string): Promise<readonly string[]> {
  const { trials, files = {}, capabilities } = TOOLS[name];
  const shown = await Promise.all(
    trials.map(async ({ args, shows }) => {
      const { end, lines } = await ask(name, path, args, files);
      return end.exitCode === null ? [] : shows(lines, end.exitCode);
    }),
  );
  const all = new Set(shown.flat());
  return Object.keys(capabilities).filter((capability) => all.has(capability));
}

/** Trials cost seconds; their results are kept for a program until its file, its version or what is asked changes. */
async function knownCapabilities(
  name: Program,
  path: string,
  version: string | null,
): Promise<readonly string[]> {
  const key = cacheKey(name, path, version);
  const kept = readCache()[key];
  if (kept !== undefined) return kept;
  const capabilities = await tryAll(name, path);
  // Only of a tool that answered: one that failed for a passing reason is asked again.
  if (capabilities.length > 0) writeCache({ ...readCache(), [key]: capabilities });
  return capabilities;
}

function cacheKey(name: Program, path: string, version: string | null): string {
  let stamp = '';
  try {
    const { size, mtimeMs } = statSync(path);
    stamp = `${size} ${mtimeMs}`;
  } catch {
    // in WSL
  }
  const { capabilities, trials, files } = TOOLS[name];
  const asked = JSON.stringify([Object.keys(capabilities), trials.map((trial) => trial.args), files]);
  const digest = createHash('sha256').update(asked).digest('hex').slice(0, 12);
  return [name, path, stamp, version, digest].join('|');
}

type Cache = Readonly<Record<string, readonly string[]>>;

const cacheFile = (): string => join(cacheDir(), '.tools.json');

function readCache(): Cache {
  try {
    return JSON.parse(readFileSync(cacheFile(), 'utf8')) as Cache;
  } catch {
    return {};
  }
}

/** Two processes at once: the later one's is kept, the other asks again some day. */
function writeCache(cache: Cache): void {
  const file = cacheFile();
  const own = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(own, JSON.stringify(cache));
    renameSync(own, file);
  } catch {
    // Then it is asked again next time.
  }
}
