/**
 * The processes of a job: all that descend from its first one, share its group or session, or carry its mark in
 * their environment (which a process keeps that leaves the session and whose parents are gone). The mark and the
 * figures need /proc, that is Linux; elsewhere a job is its process group, on Windows its process tree.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** What the guard (guard.ts) is called in lists of processes; it is no part of any job. */
export const GUARD_TITLE = 'ingot guard';

/** Environment variable that names the job a process belongs to. */
export const MARK = 'INGOT_JOB_MARK';

interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** With the pid unique until the next boot. */
  readonly startTicks: number;
  readonly cpuTicks: number;
  readonly pages: number;
}

const hasProc = process.platform === 'linux';
/** What /proc counts in, on every architecture Node runs on. */
const TICKS_PER_S = 100;

function readRow(pid: number): ProcessRow | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return null;
  }
  // The name stands in brackets and may hold anything.
  const f = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (f[0] === 'Z' || f[0] === 'X') return null;
  return {
    pid,
    parent: Number(f[1]),
    group: Number(f[2]),
    session: Number(f[3]),
    startTicks: Number(f[19]),
    cpuTicks: Number(f[11]) + Number(f[12]),
    pages: Number(f[21]),
  };
}

const allPids = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

const readRows = (): ProcessRow[] =>
  allPids()
    .map(readRow)
    .filter((row) => row !== null);

/** Living processes that were started with this mark in their environment. */
export function markedProcesses(mark: string): number[] {
  if (!hasProc) return [];
  const entry = `${MARK}=${mark}\0`;
  return allPids().filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(entry) && readRow(pid) !== null;
    } catch {
      return false;
    }
  });
}

export interface Sample {
  /** null where there is no /proc. */
  readonly cpuS: number | null;
  readonly bytes: number | null;
  readonly processes: number;
}

export interface ProcessTree {
  readonly sample: () => Sample;
  /** Of the job, without the first process where that has been waited for. */
  readonly alive: () => number[];
  readonly signal: (signal: NodeJS.Signals) => void;
}

export function processTree(root: number, mark: string): ProcessTree {
  if (!hasProc) return groupOnly(root);
  /** `pid:start` of all that were ever seen -> their CPU time. */
  const seen = new Map<string, number>();
  const members = (): ProcessRow[] => {
    const rows = readRows();
    const isMember = (r: ProcessRow): boolean =>
      r.pid === root || r.group === root || r.session === root || seen.has(`${r.pid}:${r.startTicks}`);
    const found = new Map(rows.filter(isMember).map((r) => [r.pid, r]));
    for (let before = -1; before !== found.size;) {
      before = found.size;
      for (const r of rows) if (found.has(r.parent)) found.set(r.pid, r);
    }
    for (const r of found.values()) seen.set(`${r.pid}:${r.startTicks}`, r.cpuTicks);
    return [...found.values()];
  };
  const alive = (): number[] => [
    ...new Set(
      [...members().map((r) => r.pid), ...markedProcesses(mark)].filter((pid) => pid !== process.pid),
    ),
  ];
  return {
    sample() {
      const rows = members();
      return {
        cpuS: [...seen.values()].reduce((sum, ticks) => sum + ticks, 0) / TICKS_PER_S,
        bytes: rows.reduce((sum, r) => sum + r.pages, 0) * pageBytes(),
        processes: rows.length,
      };
    },
    alive,
    signal(signal) {
      for (const pid of alive()) send(pid, signal);
    },
  };
}

function groupOnly(root: number): ProcessTree {
  const isWindows = process.platform === 'win32';
  const alive = (): number[] => (!isWindows && send(-root, 0) ? [root] : []);
  return {
    sample: () => ({ cpuS: null, bytes: null, processes: 1 }),
    alive,
    signal(signal) {
      if (!isWindows) send(-root, signal);
      else spawnSync('taskkill', ['/PID', String(root), '/T', '/F'], { stdio: 'ignore', windowsHide: true });
    },
  };
}

/** False when there is no such process. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

let knownPageBytes = 0;

/** /proc counts memory in pages: ours, in pages and in bytes, tells how big one is (a power of two). */
function pageBytes(): number {
  if (knownPageBytes === 0) {
    const pages = readRow(process.pid)?.pages ?? 1;
    knownPageBytes = 2 ** Math.round(Math.log2(process.memoryUsage.rss() / pages));
  }
  return knownPageBytes;
}

/** Ends what is left of a job: SIGTERM, after the grace time SIGKILL until nothing is there. Number of processes ended. */
export async function endTree(tree: ProcessTree, graceMs: number): Promise<number> {
  const first = tree.alive().length;
  if (first === 0) return 0;
  tree.signal('SIGTERM');
  for (let waitedMs = 0; waitedMs < graceMs; waitedMs += POLL_MS) {
    await sleep(POLL_MS);
    if (tree.alive().length === 0) return first;
  }
  // More than once: what forks while the list is read is in the next one.
  for (let round = 0; round < KILL_ROUNDS && tree.alive().length > 0; round++) {
    tree.signal('SIGKILL');
    await sleep(POLL_MS);
  }
  return first;
}

const POLL_MS = 50;
const KILL_ROUNDS = 100;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
