/**
 * OpenROAD for tests. No package registry has it, so a machine without it skips its tests even where all other tools
 * are asked for (INGOT_REQUIRE_TOOLS=1); the names of the tests say so.
 */
import { findProgram } from '../../src-main/tools/find-program.ts';
import type { TestTool } from './tools.ts';

const path = findProgram('openroad');

export const openroad: TestTool = { path, note: path === null ? ' (skipped: openroad not found)' : '' };
