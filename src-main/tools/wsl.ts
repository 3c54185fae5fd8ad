/**
 * Programs in the Windows Subsystem for Linux. A program there is written `wsl:/usr/bin/openroad`; what is handed to
 * it is mapped. All but findInWsl is pure. Facts: wsl.exe takes `--cd FOLDER --exec PROGRAM ARGS`; drive C is
 * /mnt/c; a distribution's own files are \\wsl.localhost\NAME\... (before Windows 11 \\wsl$\NAME\...); variables
 * named in WSLENV with /u go from Windows to Linux (Microsoft's documentation of WSL, "Working across file systems").
 */
import { spawnSync } from 'node:child_process';

const PREFIX = 'wsl:';
const DRIVE = /^([A-Za-z]):[\\/]/;
const SHARE = /^[\\/]{2}(?:wsl\$|wsl\.localhost)[\\/][^\\/]+/i;

export const isWslProgram = (command: string): boolean => command.startsWith(PREFIX);

/** A Windows path as Linux sees it; what is no absolute Windows path stays as it is. */
export function toWslPath(path: string): string {
  const slashes = path.replaceAll('\\', '/');
  const drive = DRIVE.exec(path)?.[1];
  if (drive !== undefined) return `/mnt/${drive.toLowerCase()}/${slashes.slice(3)}`.replace(/\/$/, '');
  const share = SHARE.exec(path)?.[0];
  return share === undefined ? path : slashes.slice(share.length) || '/';
}

/** The way back, for drives. */
export function fromWslPath(path: string): string {
  const match = /^\/mnt\/([a-z])(?:\/(.*))?$/.exec(path);
  return match ? `${match[1]!.toUpperCase()}:\\${(match[2] ?? '').replaceAll('/', '\\')}` : path;
}

/** An argument: itself a path, or with one behind its first equals sign (`-metrics=C:\run\m.json`). */
export function toWslArgument(arg: string): string {
  const at = arg.indexOf('=');
  const value = arg.slice(at + 1);
  return at > 0 && (DRIVE.test(value) || SHARE.test(value))
    ? arg.slice(0, at + 1) + toWslPath(value)
    : toWslPath(arg);
}

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What is really started for a program: itself, or wsl.exe. `env` is what the job adds to the environment. */
export function launchOf(
  command: string,
  args: readonly string[],
  folder: string,
  env: Readonly<Record<string, string | undefined>> = {},
): Launch {
  if (!isWslProgram(command)) return { command, args, env };
  const given = Object.entries(env).filter(([, value]) => value !== undefined);
  const mapped = given.map(([name, value]) => [name, toWslArgument(value!)] as const);
  return {
    command: 'wsl.exe',
    args: ['--cd', folder, '--exec', command.slice(PREFIX.length), ...args.map(toWslArgument)],
    env: { ...Object.fromEntries(mapped), WSLENV: given.map(([name]) => `${name}/u`).join(':') },
  };
}

const WSL_TIMEOUT_MS = 15_000;
const known = new Map<string, string | null>();

/** Asks the default distribution, once per name and process; null without WSL. */
export function findInWsl(name: string): string | null {
  let path = known.get(name);
  if (path === undefined) {
    const { status, stdout } = spawnSync('wsl.exe', ['--exec', 'which', name], {
      encoding: 'utf8',
      timeout: WSL_TIMEOUT_MS,
      windowsHide: true,
    });
    const line = status === 0 ? stdout.trim() : '';
    path = line.startsWith('/') ? PREFIX + line : null;
    known.set(name, path);
  }
  return path;
}
