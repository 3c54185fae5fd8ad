/**
 * KLayout (`klayout` on the PATH) as an outside judge of the GDS: opens it, extracts its nets with KLayout's
 * own extractor and compares them with where the pins are (resources/klayout/check_layout.py). Runs as a
 * child process without a shell and without a window.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { IngotError } from '../base/diagnostic.ts';
import type { PinLocations } from '../stages/check/index.ts';
import { findProgram } from './find-program.ts';
import { findOwnFile } from './own-files.ts';
import { runWithLog } from './run-process.ts';

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
  rules: z.array(
    z.object({
      category: z.string(),
      shapes: z.number(),
      violations: z.number(),
      /** um */
      places: z.array(z.tuple([z.number(), z.number()])),
    }),
  ),
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
  const command = findProgram('klayout');
  if (command === null) return { status: 'skipped', reason: 'klayout is not on the PATH' };
  await mkdir(workDir, { recursive: true });
  const file = {
    gds: join(workDir, 'chip.gds'),
    pins: join(workDir, 'pins.json'),
    out: join(workDir, 'klayout.json'),
  };
  await writeFile(file.gds, input.gds);
  await writeFile(file.pins, JSON.stringify(input.pins));
  // An old result must never stand for a run that failed.
  await rm(file.out, { force: true });
  // By name, in its folder: KLayout's Python cannot take a path with letters that its locale does not know.
  const variables = Object.entries(file).flatMap(([name, path]) => ['-rd', `${name}=${basename(path)}`]);
  const { code, log } = await runWithLog(command, ['-b', '-r', scriptPath(), ...variables], {
    cwd: workDir,
    env: { ...process.env, QT_QPA_PLATFORM: 'offscreen' },
    timeoutMs: TIME_LIMIT_MS,
    signal,
  });
  // KLayout leaves with 0 even when a script fails: what counts is the result.
  const text = await readFile(file.out, 'utf8').catch(() => null);
  if (code !== 0 || text === null)
    throw new IngotError(
      'TOOL-040',
      `KLayout failed (exit code ${code}): ${log.trim().split('\n').at(-1) ?? ''}`,
      {
        place: workDir,
        remedy: 'run klayout in that folder to see it all, or go without this check',
      },
    );
  const result = parseKLayoutResult(text);
  return { status: 'done', isClean: isClean(result), result };
}

/** Pure: the script's JSON, refused when it is about nothing. */
export function parseKLayoutResult(text: string): KLayoutResult {
  const bad = (why: string): IngotError =>
    new IngotError('TOOL-041', `KLayout's result cannot be used: ${why}`, {
      place: 'klayout.json',
      remedy: 'run the check again',
    });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw bad(text === '' ? 'it is missing' : 'it is no JSON');
  }
  const parsed = Result.safeParse(json);
  if (!parsed.success) throw bad(parsed.error.issues[0]!.message);
  const { netsCompared, pinsCompared, rules, shapes } = parsed.data;
  if (
    netsCompared === 0 ||
    pinsCompared === 0 ||
    rules.length === 0 ||
    shapes.every(([, count]) => count === 0)
  )
    throw bad('nothing was compared');
  return parsed.data;
}

function isClean(r: KLayoutResult): boolean {
  const counts = [r.unresolved.length, r.loosePins, r.shortCount, r.openCount, r.missingCount];
  return counts.every((n) => n === 0) && r.rules.every((rule) => rule.violations === 0);
}

function scriptPath(): string {
  const path = findOwnFile('resources', 'klayout', 'check_layout.py');
  if (path !== undefined) return path;
  throw new IngotError('TOOL-042', 'resources/klayout/check_layout.py is missing', {
    place: 'resources/klayout',
    remedy: 'install Ingot again',
  });
}
