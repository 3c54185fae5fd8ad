/** What the system tells of memory that ran out: it ends a process with SIGKILL and counts that. */
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';

/**
 * How often the kernel has ended a process for want of memory: in our control group (whose limit a container
 * sets; version 2 and 1 of the interface) and on the machine. Only differences mean something; 0 where nothing
 * is told.
 */
export function oomKills(): number {
  const groups = read('/proc/self/cgroup')
    .split('\n')
    .map((line) => line.split(':'));
  const v2 = groups.find(([id, controllers]) => id === '0' && controllers === '')?.[2];
  const v1 = groups.find(([, controllers]) => controllers?.split(',').includes('memory'))?.[2];
  const files = [
    ...(v2 === undefined ? [] : [`/sys/fs/cgroup${v2}/memory.events`]),
    ...(v1 === undefined ? [] : [`/sys/fs/cgroup/memory${v1}/memory.oom_control`]),
    '/proc/vmstat',
  ];
  return files.reduce((sum, file) => sum + Number(/^oom_kill (\d+)$/m.exec(read(file))?.[1] ?? 0), 0);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** What the job can have at most: the container's limit, else the machine's memory. */
export function memoryBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
