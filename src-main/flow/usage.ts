/** Processor time and memory of processes, from /proc where there is one (Linux), else from Node. */
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { GUARD_TITLE } from '../tools/runner/index.ts';

const MIB = 2 ** 20;
/** Linux reports process times in 1/100 s to programs, whatever its own tick (USER_HZ). */
const TICKS_PER_S = 100;

/** User and system seconds of this process and of the children it has waited for. */
export function ownCpuS(): number {
  const own = process.cpuUsage();
  return (own.user + own.system) / 1e6 + finishedChildrenCpuS();
}

function finishedChildrenCpuS(): number {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_S;
  } catch {
    return 0;
  }
}

/**
 * Peak memory of this process. Not `resourceUsage().maxRSS`: on Linux that starts at the size of the
 * process that started it (the mark survives exec), and would blame the step for its engine.
 */
export function ownPeakMiB(): number {
  try {
    const high = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'latin1'));
    if (high) return Number(high[1]) / 1024;
  } catch {
    // not Linux
  }
  return process.resourceUsage().maxRSS / 1024;
}

/** Resident memory of a process and its descendants, now; 0 where the system does not tell. */
export async function treeMiB(pid: number): Promise<number> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'latin1');
    // It waits beside the step's tools, whose end it sees to.
    if (status.startsWith(`Name:\t${GUARD_TITLE}\n`)) return 0;
    let sum = (Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024) / MIB;
    for (const thread of await readdir(`/proc/${pid}/task`)) {
      const children = await readFile(`/proc/${pid}/task/${thread}/children`, 'latin1');
      for (const child of children.split(' ')) if (child !== '') sum += await treeMiB(Number(child));
    }
    return sum;
  } catch {
    return 0;
  }
}
