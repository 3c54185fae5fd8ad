/** Outside tools for tests: one that is missing skips its tests; INGOT_REQUIRE_TOOLS=1 makes that an error. */
import { findProgram, type Program } from '../../src-main/tools/find-program.ts';

export interface TestTool {
  readonly path: string | null;
  /** For the name of a test that is skipped without it. */
  readonly note: string;
}

export function testTool(program: Program): TestTool {
  const path = findProgram(program);
  if (path === null && process.env.INGOT_REQUIRE_TOOLS === '1') throw new Error(`${program} not found`);
  return { path, note: path === null ? ` (skipped: ${program} not found)` : '' };
}
