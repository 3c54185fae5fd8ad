/**
 * Who holds a lock: a process id alone is reused by the system, so its start time goes with it. On systems
 * without /proc the start is unknown and the id alone decides.
 */
import { readFileSync } from 'node:fs';

export interface ProcessIdentity {
  readonly pid: number;
  /** Boot id and start time in clock ticks since boot; empty where the system does not tell. */
  readonly start: string;
}

/** Start token of a living process, '' when it cannot be told, undefined when there is no such process. */
function startOf(pid: number): string | undefined {
  try {
    // The second field is the command in parentheses and may hold spaces: fields count from its end.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${boot}:${fields[19]}`;
  } catch {
    if (process.platform === 'linux') return undefined;
  }
  try {
    process.kill(pid, 0);
    return '';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? '' : undefined;
  }
}

export function identify(pid: number): ProcessIdentity {
  return { pid, start: startOf(pid) ?? '' };
}

export function isAlive(who: ProcessIdentity): boolean {
  const start = startOf(who.pid);
  return start !== undefined && (start === '' || who.start === '' || start === who.start);
}
