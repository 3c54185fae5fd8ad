/**
 * Jobs outlive neither their end nor ours: one small process (job-guard.ts) knows the jobs of this one, and ends
 * them when this one is gone, however that came about. It is told over a pipe, whose end is our death.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { ownProgram } from '../own-files.ts';

let guard: ChildProcess | null = null;

function start(): ChildProcess {
  const child = spawn(process.execPath, [ownProgram('job-guard')], {
    // In a group of its own: what ends our group must not end the guard.
    detached: true,
    windowsHide: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: '' },
  });
  child.on('error', () => undefined);
  child.once('exit', () => (guard = null));
  child.stdin!.on('error', () => undefined);
  child.unref();
  (child.stdin as unknown as { unref?: () => void }).unref?.();
  return child;
}

/** From here on the job ends when this process does; call the result once it has ended. */
export function guardJob(pid: number, mark: string): () => void {
  guard ??= start();
  const { stdin } = guard;
  stdin?.write(`+${pid} ${mark}\n`);
  return () => void stdin?.write(`-${pid}\n`);
}
