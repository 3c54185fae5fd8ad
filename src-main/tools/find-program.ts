/** Where the programs are that Ingot can use. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const isWindows = process.platform === 'win32';

/** Names that each may have on the PATH, the best first. */
const COMMANDS = {
  yosys: ['yosys'],
  verilator: ['verilator'],
  iverilog: ['iverilog'],
  klayout: isWindows ? ['klayout_app', 'klayout'] : ['klayout'],
  sta: ['sta', 'opensta'],
  openroad: ['openroad'],
  python3: isWindows ? ['python', 'py'] : ['python3', 'python'],
} as const satisfies Record<string, readonly string[]>;

export type Program = keyof typeof COMMANDS;

/** Path of a program on the PATH, null when there is none. */
export function findProgram(program: Program): string | null {
  const endings = isWindows ? ['.exe', '.cmd', '.bat'] : [''];
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const name of COMMANDS[program]) {
    for (const folder of folders) {
      for (const ending of endings) {
        const path = join(folder, name + ending);
        if (isProgram(path)) return path;
      }
    }
  }
  return null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
