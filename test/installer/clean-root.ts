/** A Debian root of its own: made by debootstrap, the package installed by apt with nothing but what it asks for. */
import { execFileSync, spawn, type ChildProcess, type ExecFileSyncOptions } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

export interface CleanRoot {
  readonly root: string;
  start(program: 'ingot' | 'ingot-desk', args: readonly string[]): ChildProcess;
  remove(): void;
}

/** Suite and address of the archive that this machine uses itself. */
function ownArchive(): { suite: string; address: string } {
  const release = /^VERSION_CODENAME=(.+)$/m.exec(readFileSync('/etc/os-release', 'utf8'));
  const folder = '/etc/apt/sources.list.d';
  const texts = [
    ...readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8')),
    ...['/etc/apt/sources.list'].map((file) => {
      try {
        return readFileSync(file, 'utf8');
      } catch {
        return '';
      }
    }),
  ];
  for (const text of texts) {
    const found =
      /^URIs:\s*(\S+\/debian\/?)\s*$/m.exec(text) ?? /^deb\s+(?:\[.*\]\s+)?(\S+\/debian\/?)\s/m.exec(text);
    if (found && release) return { suite: release[1]!, address: found[1]! };
  }
  throw new Error('this machine names no Debian archive');
}

export function makeCleanRoot(deb: string): CleanRoot {
  const root = mkdtempSync(join(tmpdir(), 'ingot-clean-'));
  const { suite, address } = ownArchive();
  const quiet: ExecFileSyncOptions = { stdio: ['ignore', 'ignore', 'inherit'] };
  const inside = (...command: string[]): void => {
    execFileSync('chroot', [root, ...command], {
      ...quiet,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
    });
  };
  const mounts: string[] = [];
  const mount = (type: string, what: string, at: string): void => {
    mkdirSync(join(root, at), { recursive: true });
    execFileSync('mount', [...(type === 'bind' ? ['--bind'] : ['-t', type]), what, join(root, at)]);
    mounts.unshift(join(root, at));
  };
  const remove = (): void => {
    for (const at of mounts) execFileSync('umount', ['-l', at]);
    rmSync(root, { recursive: true, force: true });
  };
  try {
    execFileSync('debootstrap', ['--variant=minbase', suite, root, address], quiet);
    mount('proc', 'proc', 'proc');
    mount('bind', '/dev', 'dev');
    // The display's socket, for programs inside.
    mkdirSync('/tmp/.X11-unix', { recursive: true });
    mount('bind', '/tmp/.X11-unix', 'tmp/.X11-unix');
    copyFileSync('/etc/resolv.conf', join(root, 'etc/resolv.conf'));
    writeFileSync(
      join(root, 'etc/apt/apt.conf.d/90quiet'),
      'APT::Install-Recommends "false";\nAPT::Sandbox::User "root";\n',
    );
    copyFileSync(deb, join(root, 'tmp', basename(deb)));
    inside('apt-get', 'update', '-q');
    inside('apt-get', 'install', '-y', '-q', `/tmp/${basename(deb)}`);
    inside('sh', '-c', '! command -v node && ! command -v python3 && ! command -v yosys');
  } catch (error) {
    remove();
    throw error;
  }
  return {
    root,
    start: (program, args) =>
      spawn('chroot', [root, `/usr/bin/${program}`, ...args], {
        env: {
          PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
          HOME: '/root',
          LC_ALL: 'C.UTF-8',
          DISPLAY: process.env.DISPLAY ?? '',
          INGOT_CACHE: '/cache',
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    remove,
  };
}
