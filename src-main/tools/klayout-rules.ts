/**
 * The routing rules of a GDS by KLayout's geometry (resources/klayout/routing_rules.py): width, spacing, wide
 * metal, cuts and their overhangs, grid. What a library cell shows on its own is waived and listed by name. With the
 * DEF, what KLayout draws of it is compared with the GDS as well: the regions are there already.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { RoutingRules } from '../stages/check/index.ts';
import { parseResult, runKLayoutScript, unusable } from './klayout.ts';

const Result = z.object({
  klayout: z.string(),
  top: z.string(),
  rules: z.array(
    z.object({
      /** `metal2.space`, `metal4.space.w0.27.l0.9`, `via1.below` ... */
      rule: z.string(),
      /** Merged shapes of the layer that were looked at */
      shapes: z.number(),
      violations: z.number(),
      /** Inside library cells that show the same on their own */
      waived: z.number(),
      /** The first twenty, um */
      places: z.array(z.tuple([z.number(), z.number()])),
    }),
  ),
  /** Cell, rule, violations in the cell, places of the cell */
  waivers: z.array(z.tuple([z.string(), z.string(), z.number(), z.number()])),
  /** Layer, polygons in the GDS, of the exclusive or with the DEF as KLayout draws it, its area in um2, a place in um */
  difference: z
    .array(z.tuple([z.string(), z.number(), z.number(), z.number(), z.array(z.number()).nullable()]))
    .nullable(),
  seconds: z.number(),
});

export type RuleResult = z.infer<typeof Result>;

export type RuleOutcome =
  | {
      readonly status: 'done';
      readonly violations: number;
      readonly result: RuleResult;
      /** The marks for KLayout's marker browser */
      readonly lyrdb: string;
    }
  | { readonly status: 'skipped'; readonly reason: string };

/** What the DEF is to be drawn with: the library's LEF and geometry. */
export interface DrawnDef {
  readonly def: string;
  readonly techLef: string;
  readonly cellLef: string;
  readonly cellGds: Uint8Array;
}

/** Writes its files into `workDir`. TOOL-040 and TOOL-041 as runKLayout; every metal with shapes must have been looked at. */
export async function runKLayoutRules(
  input: { readonly gds: Uint8Array; readonly rules: RoutingRules; readonly drawn?: DrawnDef },
  workDir: string,
  signal?: AbortSignal,
): Promise<RuleOutcome> {
  const { gds, rules, drawn } = input;
  const files = {
    gds,
    rules: JSON.stringify(rules),
    ...(drawn && { def: drawn.def, tech: drawn.techLef, cells: drawn.cellLef, library: drawn.cellGds }),
  };
  const text = await runKLayoutScript('routing_rules.py', files, ['out', 'marks'], workDir, signal);
  if (text === null) return { status: 'skipped', reason: 'klayout is not on the PATH' };
  const result = parseResult(Result, text);
  if (result.rules.length === 0 || result.rules.every((r) => r.shapes === 0))
    throw unusable('nothing was looked at');
  if (drawn && !result.difference?.some(([, polygons]) => polygons > 0))
    throw unusable('the DEF was not compared');
  return {
    status: 'done',
    violations: result.rules.reduce((sum, r) => sum + r.violations, 0),
    result,
    lyrdb: await readFile(join(workDir, 'marks.lyrdb'), 'utf8'),
  };
}
