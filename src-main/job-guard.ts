/**
 * Entry of the process that ends the jobs of a process that is gone (see tools/runner/guard.ts). Reads `+PID MARK`
 * and `-PID` from stdin; at its end it kills what is left.
 */
import { createInterface } from 'node:readline';
import { endTree, GUARD_TITLE, processTree } from './tools/runner/processes.ts';

process.title = GUARD_TITLE;
const GRACE_MS = 1000;
const jobs = new Map<number, string>();

// A signal to all that the terminal holds must not end the guard before its jobs.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [pid, mark] = line.slice(1).split(' ');
    if (line.startsWith('+')) jobs.set(Number(pid), mark!);
    else jobs.delete(Number(pid));
  })
  .on('close', () => {
    void Promise.all([...jobs].map(([pid, mark]) => endTree(processTree(pid, mark), GRACE_MS)));
  });
