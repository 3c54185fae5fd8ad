/**
 * The project file `ingot.json`: what a project starts from. Paths are relative to the file.
 *
 *   { "name": "...", "model": "model.onnx", "calibration": "calibration.bin",
 *     "test": { "images": "...", "labels": "...", "expected": "..." }, "settings": { "chip.rows": 4 } }
 *
 * Other fields are left to the steps, which can read the whole file by the role `project`.
 */
import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { IngotError } from '../base/diagnostic.ts';
import { inWorld } from './world.ts';

/** A path that the system can take. */
const Path = z
  .string()
  .min(1)
  .refine((path) => !path.includes('\0'), 'holds a NUL character');

const Shape = z.looseObject({
  name: z.string().min(1).optional(),
  model: Path.optional(),
  calibration: Path.optional(),
  test: z.record(z.string(), z.unknown()).optional(),
  settings: z.record(z.string(), z.unknown()).optional(),
});

export interface FileToImport {
  readonly role: string;
  readonly path: string;
  /** Content that was made and stands in no file; `path` then only names it. */
  readonly bytes?: Uint8Array;
}

export interface ProjectFileContent {
  /** Path of the file itself, made absolute. */
  readonly path: string;
  readonly name: string | undefined;
  readonly files: readonly FileToImport[];
  /** As written; not validated here. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Reads `ingot.json`, given by its path or by its folder. PROJECT-008 says what is wrong with it. */
export function readProjectFile(path: string): ProjectFileContent {
  const given = resolve(path);
  const isFolder = inWorld(given, () => statSync(given)).isDirectory();
  const file = isFolder ? join(given, 'ingot.json') : given;
  const json = parseJson(
    file,
    inWorld(file, () => readFileSync(file, 'utf8')),
  );
  const checked = Shape.safeParse(json);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    const field = issue?.path.join('.') || 'the file';
    throw new IngotError('PROJECT-008', `${field}: ${issue?.message ?? 'not understood'}`, {
      place: file,
      remedy: 'correct the project file; resources/docs/cli.md describes it',
    });
  }
  const { name, model, calibration, test, settings } = checked.data;
  const named: Record<string, unknown> = { model, calibration };
  for (const [key, value] of Object.entries(test ?? {})) named[`test.${key}`] = value;
  const files: FileToImport[] = [{ role: 'project', path: file }];
  for (const [role, value] of Object.entries(named)) {
    if (typeof value === 'string') files.push({ role, path: resolve(dirname(file), value) });
  }
  return { path: file, name, files, settings: settings ?? {} };
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new IngotError('PROJECT-008', `not JSON: ${(error as Error).message}`, {
      place: file,
      remedy: 'correct the project file',
      cause: error,
    });
  }
}
