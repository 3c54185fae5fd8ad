/**
 * Layout versus schematic by KLayout: netlist of the GDS, extracted cell by cell from nothing but its shapes and labels,
 * against that of the Verilog (resources/klayout/compare_netlist.py).
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseResult, runKLayoutScript, unusable } from './klayout.ts';

const Result = z.object({
  klayout: z.string(),
  top: z.string(),
  isSame: z.boolean(),
  /** Matched, of both sides. */
  nets: z.number(),
  instances: z.number(),
  /** Nets whose names were compared: ports and supplies. */
  ports: z.number(),
  differenceCount: z.number(),
  /** The first twenty: what, in the layout, in the netlist. */
  differences: z.array(z.tuple([z.string(), z.string().nullable(), z.string().nullable()])),
  seconds: z.number(),
});

export type NetlistComparison = z.infer<typeof Result>;

export interface NetlistComparisonInput {
  readonly gds: Uint8Array;
  /** Metals and cuts from below: name, GDS layer. */
  readonly stack: readonly (readonly [string, number])[];
  readonly supplies: readonly string[];
  /** SPICE, see reference-spice.ts. */
  readonly reference: string;
}

export type NetlistOutcome =
  | {
      readonly status: 'done';
      readonly result: NetlistComparison;
      /** The layout's netlist as SPICE, with the reference's order of pins. */
      readonly extracted: string;
    }
  | { readonly status: 'skipped'; readonly reason: string };

/** Writes its files into `workDir`. TOOL-040 and TOOL-041 as runKLayout. */
export async function compareNetlist(
  { gds, stack, supplies, reference }: NetlistComparisonInput,
  workDir: string,
  signal?: AbortSignal,
): Promise<NetlistOutcome> {
  const files = { gds, stack: JSON.stringify({ stack, supplies }), reference };
  const text = await runKLayoutScript('compare_netlist.py', files, ['out', 'extracted'], workDir, signal);
  if (text === null) return { status: 'skipped', reason: 'klayout is not on the PATH' };
  const result = parseResult(Result, text);
  if (result.isSame && (result.nets === 0 || result.instances === 0 || result.ports === 0))
    throw unusable('nothing was compared');
  return { status: 'done', result, extracted: await readFile(join(workDir, 'extracted.spice'), 'utf8') };
}
