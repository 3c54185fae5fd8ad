/** Where the programs are that Ingot can use: named by the user, in a folder the user names, on the PATH, in WSL. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { toolFolders, toolPreferences } from './registry/preferences.ts';
import { findInWsl } from './wsl.ts';

const isWindows = process.platform === 'win32';

/** Names that each may have, the best first. */
const COMMANDS = {
  yosys: ['yosys'],
  openroad: ['openroad'],
  sta: ['sta', 'opensta'],
  klayout: isWindows ? ['klayout_app', 'klayout'] : ['klayout'],
  magic: ['magic'],
  netgen: ['netgen-lvs', 'netgen'],
  verilator: ['verilator'],
  iverilog: ['iverilog'],
  vvp: ['vvp'],
  gtkwave: ['gtkwave'],
  surfer: ['surfer'],
  python3: isWindows ? ['python', 'py'] : ['python3', 'python'],
} as const satisfies Record<string, readonly string[]>;

export type Program = keyof typeof COMMANDS;

export const PROGRAMS = Object.keys(COMMANDS) as readonly Program[];

/** How it was found. */
export type ProgramSource = 'named' | 'folder' | 'path' | 'wsl';

export interface FoundProgram {
  /** `wsl:/usr/bin/...` for one in WSL: what starts programs knows that form. */
  readonly path: string;
  readonly source: ProgramSource;
}

/** Path of a program, null when there is none. */
export const findProgram = (program: Program): string | null => locateProgram(program)?.path ?? null;

export function locateProgram(program: Program): FoundProgram | null {
  const named = toolPreferences().programs[program];
  if (named !== undefined && isProgram(named)) return { path: named, source: 'named' };
  const inFolder = searchFolders(program, toolFolders());
  if (inFolder !== null) return { path: inFolder, source: 'folder' };
  const onPath = searchFolders(program, (process.env.PATH ?? '').split(delimiter));
  if (onPath !== null) return { path: onPath, source: 'path' };
  const inWsl = isWindows ? COMMANDS[program].map(findInWsl).find((path) => path !== null) : undefined;
  return inWsl === undefined ? null : { path: inWsl, source: 'wsl' };
}

function searchFolders(program: Program, folders: readonly string[]): string | null {
  const endings = isWindows ? ['.exe', '.cmd', '.bat'] : [''];
  for (const name of COMMANDS[program]) {
    for (const folder of folders) {
      if (folder === '') continue;
      for (const ending of endings) {
        const path = join(folder, name + ending);
        if (isProgram(path)) return path;
      }
    }
  }
  return null;
}

/** A file that may be run. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
