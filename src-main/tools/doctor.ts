/**
 * What is on this machine: every tool that Ingot can use, where it is, its version, what it can do and what it adds.
 * None of them is needed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { cacheDir } from './cache-dir.ts';
import { PROGRAMS, type ProgramSource } from './find-program.ts';
import { findTool, TOOLS, toolVersion, type FoundTool } from './registry/index.ts';

export { toolVersion };

export interface Capability {
  readonly name: string;
  readonly isThere: boolean;
  /** What it is good for. */
  readonly adds: string;
}

export interface ToolReport {
  readonly name: string;
  readonly isFound: boolean;
  readonly path: string | null;
  readonly source: ProgramSource | null;
  readonly version: string | null;
  /** What it would add when it is missing, adds when it is there. */
  readonly adds: string;
  /** Found by trying; empty for what is not asked. */
  readonly capabilities: readonly Capability[];
  /** Why Ingot cannot use it though it is there; Ingot's own engine goes on in its place. */
  readonly problem: string | null;
}

/** Looks at everything, tools side by side. Never throws. */
export async function examine(): Promise<readonly ToolReport[]> {
  const tools = await Promise.all(PROGRAMS.map(findTool));
  const python = tools.find((tool) => tool.name === 'python3')!;
  return [nodeReport(), wasmYosysReport(), ...tools.map(reportTool), pipReport(python), kitReport()];
}

function reportTool(tool: FoundTool): ToolReport {
  const { name, path, source, version, problem } = tool;
  const { adds, capabilities } = TOOLS[name];
  return {
    ...{ name, isFound: path !== null, path, source, version, adds, problem },
    capabilities: Object.entries(capabilities).map(([capability, good]) => ({
      name: capability,
      isThere: tool.capabilities.includes(capability),
      adds: good,
    })),
  };
}

const part = (report: Omit<ToolReport, 'source' | 'capabilities' | 'problem'>): ToolReport => ({
  ...report,
  source: null,
  capabilities: [],
  problem: null,
});

function nodeReport(): ToolReport {
  const { electron, node } = process.versions;
  const version = electron ? `Electron ${electron}, Node ${node}` : `v${node}`;
  return part({ name: 'node', isFound: true, path: process.execPath, version, adds: 'runs Ingot' });
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
      const { version } = JSON.parse(text) as { version: string };
      return part({ name, isFound: true, path, version, adds });
    } catch {
      // not in this one
    }
  }
  return part({ name, isFound: false, path: null, version: null, adds });
}

function pipReport(python: FoundTool): ToolReport {
  const isFound = python.capabilities.includes('pip');
  return part({
    name: 'pip',
    isFound,
    path: isFound ? python.path : null,
    version: isFound ? python.version : null,
    adds: 'fetches the cell library once where the network needs it',
  });
}

function kitReport(): ToolReport {
  const path = cacheDir();
  const kits = foldersIn(path);
  return part({
    name: 'kit cache',
    isFound: kits.length > 0,
    path,
    version: kits.length > 0 ? kits.join(', ') : null,
    adds: 'the cell library, kept for all projects; filled by the first run',
  });
}

function foldersIn(path: string): string[] {
  try {
    return readdirSync(path).filter((name) => !name.startsWith('.') && name !== 'compiled');
  } catch {
    return [];
  }
}
