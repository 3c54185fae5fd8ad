/**
 * What is on this machine: every tool that Ingot can use, where it is, its version, and what it adds. Only
 * Python with pip is ever needed, and only until the kit is in the cache.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { cacheDir } from './cache-dir.ts';

export interface ToolReport {
  readonly name: string;
  readonly isFound: boolean;
  readonly path: string | null;
  readonly version: string | null;
  /** What it would add when it is missing, adds when it is there. */
  readonly adds: string;
}

interface Tool {
  readonly name: string;
  readonly commands: readonly string[];
  readonly versionArgs: readonly string[];
  readonly adds: string;
}

const TOOLS: readonly Tool[] = [
  {
    name: 'yosys',
    commands: ['yosys'],
    versionArgs: ['-V'],
    adds: 'faster synthesis than the WebAssembly Yosys that comes with Ingot',
  },
  {
    name: 'verilator',
    commands: ['verilator'],
    versionArgs: ['--version'],
    adds: 'proof that the RTL gives the bits and cycles of the simulator',
  },
  {
    name: 'iverilog',
    commands: ['iverilog'],
    versionArgs: ['-V'],
    adds: 'replay of the gate-level netlist by a second simulator',
  },
  {
    name: 'klayout',
    commands: ['klayout'],
    versionArgs: ['-v'],
    adds: 'an independent reading of the GDS: cells, layers, shorts and opens',
  },
  {
    name: 'sta',
    commands: ['sta', 'opensta'],
    versionArgs: ['-version'],
    adds: 'OpenSTA as second opinion on timing',
  },
  {
    name: 'openroad',
    commands: ['openroad'],
    versionArgs: ['-version'],
    adds: 'comparison with another place and route engine',
  },
  {
    name: 'python3',
    commands: process.platform === 'win32' ? ['python', 'py'] : ['python3', 'python'],
    versionArgs: ['--version'],
    adds: 'with pip, fetches the cell library once',
  },
];

const VERSION_TIMEOUT_MS = 15_000;

/** Looks at everything, tools side by side. Never throws. */
export async function examine(): Promise<readonly ToolReport[]> {
  const reports = await Promise.all(TOOLS.map(reportTool));
  const python = reports.find((report) => report.name === 'python3');
  return [nodeReport(), wasmYosysReport(), ...reports, await pipReport(python?.path ?? null), kitReport()];
}

/** What a known tool says of its version, null when it is not there. Asked once per process. */
export function toolVersion(name: string): Promise<string | null> {
  let version = versions.get(name);
  if (version === undefined) {
    const tool = TOOLS.find((t) => t.name === name);
    version =
      tool === undefined
        ? Promise.resolve(null)
        : reportTool(tool).then((r) => (r.isFound ? (r.version ?? r.path) : null));
    versions.set(name, version);
  }
  return version;
}

const versions = new Map<string, Promise<string | null>>();

/** Path of a program on PATH, null when there is none. */
export function findProgram(names: readonly string[]): string | null {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', '.bat'] : [''];
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      for (const ending of endings) {
        const path = join(folder, name + ending);
        if (folder !== '' && isProgram(path)) return path;
      }
    }
  }
  return null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

async function reportTool(tool: Tool): Promise<ToolReport> {
  const path = findProgram(tool.commands);
  const version = path === null ? null : await versionOf(path, tool.versionArgs);
  return { name: tool.name, isFound: path !== null, path, version, adds: tool.adds };
}

/** First line that a program says about its version; null when it says nothing in time. */
function versionOf(path: string, args: readonly string[]): Promise<string | null> {
  const env = { ...process.env, QT_QPA_PLATFORM: 'offscreen' };
  return new Promise((resolve) => {
    const child = execFile(path, args, { timeout: VERSION_TIMEOUT_MS, env }, (_error, out, err) => {
      const line = `${out}\n${err}`.split('\n').find((text) => /\d/.test(text));
      resolve(line?.trim() ?? null);
    });
    child.stdin?.end();
  });
}

function nodeReport(): ToolReport {
  const { electron, node } = process.versions;
  const version = electron ? `Electron ${electron}, Node ${node}` : `v${node}`;
  return { name: 'node', isFound: true, path: process.execPath, version, adds: 'runs Ingot' };
}

/** Version of the WebAssembly Yosys package, null when it is not installed. */
export const wasmYosysVersion = (): string | null => wasmYosysReport().version;

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
