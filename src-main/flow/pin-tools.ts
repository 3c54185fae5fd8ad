import type { RunTool } from '../project/queries/run-tools.ts';
import { PROGRAMS } from '../tools/find-program.ts';
import { findTool } from '../tools/registry/index.ts';

/**
 * Of the tools that the steps' fingerprints name, those on this machine: which program it is and what it can do, for
 * the run's record. What comes with Ingot (WebAssembly Yosys) has no path and is in `toolVersions` alone.
 */
export async function pinTools(toolVersions: Readonly<Record<string, string>>): Promise<readonly RunTool[]> {
  const names = PROGRAMS.filter((name) => {
    const version = toolVersions[name];
    return version !== undefined && version !== 'not found' && !version.startsWith('@yowasp/');
  });
  const tools = await Promise.all(names.map(findTool));
  return tools.flatMap(({ name, path, capabilities }) =>
    path === null ? [] : [{ name, path, version: toolVersions[name]!, capabilities }],
  );
}
