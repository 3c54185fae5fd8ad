/** Foreign programs that misbehave: small scripts in a temporary folder, and a look at /proc for what is left of them. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { runJob, type Job, type JobEnd, type JobOptions } from '../../src-main/tools/runner/index.ts';

export const root = mkdtempSync(join(tmpdir(), 'ingot-fakes-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** In the environment of every fake and on the command line of those that wipe theirs. */
export const TOKEN = `ingot-fake-${process.pid}-${Date.now()}`;

let count = 0;

/** A program of its own: `node` code or, with a first line `#!`, any other. Returns its path. */
export function fakeTool(code: string, name = `tool${count++}`): string {
  mkdirSync(join(root, 'bin'), { recursive: true });
  const path = join(root, 'bin', name);
  writeFileSync(path, code.startsWith('#!') ? code : `#!${process.execPath}\n${code}`);
  chmodSync(path, 0o755);
  return path;
}

export const shell = (code: string): string => fakeTool(`#!/bin/sh\n${code}\n`);

/** Runs a fake in a new folder; small grace, so that what ignores SIGTERM is soon gone. */
export function runFake(command: string, job: Partial<Job> = {}, options: JobOptions = {}): Promise<JobEnd> {
  return runJob(
    {
      tool: 'fake',
      command,
      args: [],
      folder: join(root, `job${count++}`),
      ...job,
      env: { INGOT_TEST_TOKEN: TOKEN, ...job.env },
      limits: { graceMs: 300, ...job.limits },
    },
    options,
  );
}

/** Command lines of living processes that carry the token. */
export function leftProcesses(token = TOKEN): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const read = (file: string): string => readFileSync(`/proc/${pid}/${file}`, 'latin1');
        if (/^\d+ \(.*\) [ZX]/s.test(read('stat'))) return [];
        const line = read('cmdline');
        return line.includes(token) || read('environ').includes(token) ? [`${pid} ${line}`] : [];
      } catch {
        return [];
      }
    });
}
