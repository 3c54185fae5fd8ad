/**
 * What is on this machine: every tool that Ingot can use, where it is, its version, and what it adds. Only
 * Python with pip is ever needed, and only until the kit is in the cache.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { cacheDir } from './cache-dir.ts';
import { findProgram, type Program } from './find-program.ts';
import { runProcess } from './run-process.ts';

export interface ToolReport {
  readonly name: string;
  readonly isFound: boolean;
  readonly path: string | null;
  readonly version: string | null;
  /** What it would add when it is missing, adds when it is there. */
  readonly adds: string;
}

interface Tool {
  readonly versionArgs: readonly string[];
  readonly adds: string;
}

const TOOLS: Readonly<Record<Program, Tool>> = {
  yosys: {
    versionArgs: ['-V'],
    adds: 'faster synthesis than the WebAssembly Yosys that comes with Ingot',
  },
  verilator: {
    versionArgs: ['--version'],
    adds: 'proof that the RTL gives the bits and cycles of the simulator',
  },
  iverilog: {
    versionArgs: ['-V'],
    adds: 'replay of the gate-level netlist by a second simulator',
  },
  klayout: {
    versionArgs: ['-v'],
    adds: 'an independent reading of the GDS: cells, layers, shorts and opens',
  },
  sta: {
    versionArgs: ['-version'],
    adds: 'OpenSTA as second opinion on timing',
  },
  openroad: {
    versionArgs: ['-version'],
    adds: 'comparison with another place and route engine',
  },
  python3: {
    versionArgs: ['--version'],
    adds: 'with pip, fetches the cell library once',
  },
};

const VERSION_TIMEOUT_MS = 15_000;

/** Looks at everything, tools side by side. Never throws. */
export async function examine(): Promise<readonly ToolReport[]> {
  const reports = await Promise.all((Object.keys(TOOLS) as Program[]).map(reportTool));
  const python = reports.find((report) => report.name === 'python3');
  return [nodeReport(), wasmYosysReport(), ...reports, await pipReport(python?.path ?? null), kitReport()];
}

/** What a known tool says of its version, null when it is not there. Asked once per process. */
export function toolVersion(name: Program): Promise<string | null> {
  let version = versions.get(name);
  if (version === undefined) {
    version = reportTool(name).then((r) => (r.isFound ? (r.version ?? r.path) : null));
    versions.set(name, version);
  }
  return version;
}

const versions = new Map<string, Promise<string | null>>();

async function reportTool(name: Program): Promise<ToolReport> {
  const { versionArgs, adds } = TOOLS[name];
  const path = findProgram(name);
  const version = path === null ? null : await versionOf(path, versionArgs);
  return { name, isFound: path !== null, path, version, adds };
}

/** First line with a digit that a program says of its version, what it prints before what it warns of; else null. */
async function versionOf(path: string, args: readonly string[]): Promise<string | null> {
  const said = { stdout: [] as string[], stderr: [] as string[] };
  await runProcess(path, args, {
    env: { ...process.env, QT_QPA_PLATFORM: 'offscreen' },
    timeoutMs: VERSION_TIMEOUT_MS,
    onLine: (line, stream) => said[stream].push(line),
  });
  return [...said.stdout, ...said.stderr].find((line) => /\d/.test(line))?.trim() ?? null;
}

function nodeReport(): ToolReport {
  const { electron, node } = process.versions;
  const version = electron ? `Electron ${electron}, Node ${node}` : `v${node}`;
  return { name: 'node', isFound: true, path: process.execPath, version, adds: 'runs Ingot' };
}

function wasmYosysReport(): ToolReport {
  const name = 'yosys (WebAssembly)';
  const adds = 'synthesis without any tool installed';
  // The package does not export its package.json, so it is looked for by hand.
  const folders = createRequire(import.meta.url).resolve.paths('@yowasp/yosys') ?? [];
  for (const folder of folders) {
    const path = join(folder, '@yowasp', 'yosys');
    try {
      const text = readFileSync(join(path, 'package.json'), 'utf8');
      return { name, isFound: true, path, version: (JSON.parse(text) as { version: string }).version, adds };
    } catch {
      // not in this one
    }
  }
  return { name, isFound: false, path: null, version: null, adds };
}

async function pipReport(python: string | null): Promise<ToolReport> {
  const version = python === null ? null : await versionOf(python, ['-m', 'pip', '--version']);
  const isFound = version !== null && version.startsWith('pip ');
  return {
    name: 'pip',
    isFound,
    path: isFound ? python : null,
    version: isFound ? version : null,
    adds: 'fetches the cell library once',
  };
}

function kitReport(): ToolReport {
  const path = cacheDir();
  const kits = foldersIn(path);
  return {
    name: 'kit cache',
    isFound: kits.length > 0,
    path,
    version: kits.length > 0 ? kits.join(', ') : null,
    adds: 'the cell library, kept for all projects; filled by the first run',
  };
}

function foldersIn(path: string): string[] {
  try {
    return readdirSync(path).filter((name) => !name.startsWith('.') && name !== 'compiled');
  } catch {
    return [];
  }
}
