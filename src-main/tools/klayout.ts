/**
 * KLayout (`klayout` on the PATH) as an outside judge of the GDS: opens it, extracts its nets with KLayout's
 * own extractor and compares them with where the pins are (resources/klayout/check_layout.py). Runs as a
 * child process without a shell and without a window.
 */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { IngotError } from '../base/diagnostic.ts';
import type { PinLocations } from '../stages/check/index.ts';
import { findProgram } from './find-program.ts';
import { findOwnFile } from './own-files.ts';
import { describeVerdict, runToExit } from './runner/index.ts';

const Result = z.object({
  klayout: z.string(),
  top: z.string(),
  dbu: z.number(),
  /** `layer/datatype` of all layers in the file */
  layers: z.array(z.string()),
  cells: z.number(),
  instances: z.number(),
  /** Cells that are used but have nothing in them */
  unresolved: z.array(z.string()),
  /** Merged polygons of each layer of the stack */
  shapes: z.array(z.tuple([z.string(), z.number()])),
  netsCompared: z.number(),
  netsExtracted: z.number(),
  pinsCompared: z.number(),
  /** Pins under which there is no metal */
  loosePins: z.number(),
  shortCount: z.number(),
  openCount: z.number(),
  missingCount: z.number(),
  /** The first fifty of each */
  shorts: z.array(z.array(z.string())),
  opens: z.array(z.tuple([z.string(), z.number()])),
  missing: z.array(z.string()),
  seconds: z.number(),
});

export type KLayoutResult = z.infer<typeof Result>;

export type KLayoutOutcome =
  | { readonly status: 'done'; readonly isClean: boolean; readonly result: KLayoutResult }
  | { readonly status: 'skipped'; readonly reason: string };

export interface KLayoutInput {
  readonly gds: Uint8Array;
  readonly pins: PinLocations;
}

const TIME_LIMIT_MS = 600_000;

/**
 * Checks a GDS in `workDir` (created if need be; three files are written there). Without KLayout the outcome
 * says so. TOOL-040: KLayout failed; TOOL-041: its result is missing, not understood or about nothing.
 */
export async function runKLayout(
  input: KLayoutInput,
  workDir: string,
  signal?: AbortSignal,
): Promise<KLayoutOutcome> {
  const files = { gds: input.gds, pins: JSON.stringify(input.pins) };
  const text = await runKLayoutScript('check_layout.py', files, ['out'], workDir, signal);
  if (text === null) return { status: 'skipped', reason: 'klayout is not on the PATH' };
  const result = parseKLayoutResult(text);
  return { status: 'done', isClean: isClean(result), result };
}

const EXTENSIONS: Record<string, string> = {
  gds: 'gds',
  marks: 'lyrdb',
  def: 'def',
  tech: 'lef',
  cells: 'lef',
  library: 'gds',
  reference: 'spice',
  extracted: 'spice',
  lyp: 'lyp',
  png: 'png',
};

/**
 * Runs one of our scripts on `files` (variable -> contents); the script writes one file for each of `results`.
 * Returns the text of the first, or null without KLayout. TOOL-040 as above; -05x when KLayout did not end by itself.
 */
export async function runKLayoutScript(
  script: string,
  files: Readonly<Record<string, Uint8Array | string>>,
  results: readonly string[],
  workDir: string,
  signal?: AbortSignal,
): Promise<string | null> {
  const command = findProgram('klayout');
  if (command === null) return null;
  // By name, in its folder: KLayout's Python cannot take a path with letters that its locale does not know.
  const nameOf = (variable: string): string => `${variable}.${EXTENSIONS[variable] ?? 'json'}`;
  const variables = [...Object.keys(files), ...results].flatMap((v) => ['-rd', `${v}=${nameOf(v)}`]);
  const job = {
    tool: 'klayout',
    command,
    args: ['-b', '-r', basename(script), ...variables],
    folder: workDir,
    isShared: true,
    inputs: [
      { name: basename(script), from: scriptPath(script) },
      ...Object.entries(files).map(([variable, contents]) => ({ name: nameOf(variable), contents })),
    ],
    // KLayout leaves with 0 even when a script fails: what counts is the result.
    outputs: results.map(nameOf),
    // In a locale that the machine lacks KLayout loses folders with letters beyond ASCII.
    env: { QT_QPA_PLATFORM: 'offscreen', LC_ALL: 'C.UTF-8' },
    limits: { timeMs: TIME_LIMIT_MS },
    bundle: join(workDir, 'repro'),
  };
  const { end, log } = await runToExit(job, { signal });
  if (end.error)
    throw new IngotError(
      'TOOL-040',
      `KLayout ${describeVerdict(end.verdict)}: ${log.trim().split('\n').at(-1) ?? ''}`,
      {
        place: workDir,
        remedy: `run ${end.bundle ?? workDir}/run.sh to see it all, or go without this check`,
      },
    );
  return readFile(join(workDir, nameOf(results[0]!)), 'utf8');
}

/** Pure: the script's JSON, refused when it is about nothing. */
export function parseKLayoutResult(text: string): KLayoutResult {
  const result = parseResult(Result, text);
  const { netsCompared, pinsCompared, shapes } = result;
  if (netsCompared === 0 || pinsCompared === 0 || shapes.every(([, count]) => count === 0))
    throw unusable('nothing was compared');
  return result;
}

/** TOOL-041 for what is no JSON or has another form. */
export function parseResult<T>(form: z.ZodType<T>, text: string): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw unusable(text === '' ? 'it is missing' : 'it is no JSON');
  }
  const parsed = form.safeParse(json);
  if (!parsed.success) throw unusable(parsed.error.issues[0]!.message);
  return parsed.data;
}

export const unusable = (why: string): IngotError =>
  new IngotError('TOOL-041', `KLayout's result cannot be used: ${why}`, {
    place: 'out.json',
    remedy: 'run the check again',
  });

const isClean = (r: KLayoutResult): boolean =>
  [r.unresolved.length, r.loosePins, r.shortCount, r.openCount, r.missingCount].every((n) => n === 0);

function scriptPath(script: string): string {
  const path = findOwnFile('resources', 'klayout', script);
  if (path !== undefined) return path;
  throw new IngotError('TOOL-042', `resources/klayout/${script} is missing`, {
    place: 'resources/klayout',
    remedy: 'install Ingot again',
  });
}
