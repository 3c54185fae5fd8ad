/**
 * Yosys behind one interface: the `yosys` on the PATH, else the WebAssembly build that comes with Ingot, each
 * in a child process that can be killed. A run is a script, the files it reads and the files it writes; all
 * stand in one temporary folder.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IngotError } from '../base/diagnostic.ts';
import { ownProgram } from './own-files.ts';
import { runProcess, type ProcessEnd } from './run-process.ts';

export type YosysEngine = 'native' | 'wasm';

export interface YosysRun {
  readonly script: string;
  /** Flat names, no folders. */
  readonly files: readonly { readonly name: string; readonly text: string }[];
  /** Names of files the script writes. Text only, and no JSON of a big design: see yosys-process.ts. */
  readonly outputs: readonly string[];
}

/** `auto`: the PATH's Yosys where there is one, else WebAssembly. */
export type YosysTool = 'auto' | YosysEngine;

export interface YosysRunOptions {
  /** Default `auto`. */
  readonly tool?: YosysTool;
  /** Parent of the temporary folder; default the system's. */
  readonly workDir?: string;
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface YosysResult {
  readonly engine: YosysEngine;
  /** As Yosys prints it, e.g. `Yosys 0.23 (git sha1 7ce5011c24b)`. */
  readonly version: string;
  readonly outputs: ReadonlyMap<string, string>;
}

/** What yosys-process reads from job.json. */
export interface YosysJob {
  readonly args: readonly string[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

const SCRIPT_FILE = 'run.ys';
/** No banner, no timestamps' footer: the log of a run is the same twice. */
const ARGS = ['-T', '-s', SCRIPT_FILE];

/** Version line of the Yosys on the PATH, null if there is none that runs. */
async function nativeYosysVersion(): Promise<string | null> {
  const end = await runProcess('yosys', ['-V'], { timeoutMs: 20_000 });
  const line = end.tail.find((text) => text.startsWith('Yosys '));
  return end.startError === null && end.code === 0 ? (line ?? null) : null;
}

/** What a run with this choice would use, e.g. for the key of a cache. Throws TOOL-020. */
export async function yosysVersion(tool: YosysTool = 'auto'): Promise<string> {
  const native = await engineFor(tool);
  if (native !== null) return native;
  const { version } = await import('@yowasp/yosys');
  return `@yowasp/yosys ${version}`;
}

/** The native Yosys's version, null for WebAssembly. */
async function engineFor(tool: YosysTool): Promise<string | null> {
  if (tool === 'wasm') return null;
  const native = await nativeYosysVersion();
  if (native === null && tool === 'native')
    throw new IngotError('TOOL-020', 'there is no yosys on the PATH', {
      place: 'synthesis.tool',
      remedy: 'install Yosys, or set synthesis.tool to auto: the WebAssembly Yosys comes with Ingot',
    });
  return native;
}

/**
 * Runs a script. Throws TOOL-020 no native Yosys though it was asked for, -021 Yosys reported an error (its line is the message), -022 an output is missing,
 * -023 cancelled, -024 the WebAssembly process could not run, -025 the temporary folder cannot be written.
 */
export async function runYosys(run: YosysRun, options: YosysRunOptions = {}): Promise<YosysResult> {
  const isNative = (await engineFor(options.tool ?? 'auto')) !== null;
  const folder = await prepare(run, options.workDir ?? tmpdir());
  try {
    let version = '';
    const onLine = (line: string): void => {
      version ||= /^ ?(Yosys [0-9].*?) *$/.exec(line)?.[1] ?? '';
      options.onLine?.(line);
    };
    const { signal } = options;
    const end = isNative
      ? await runProcess('yosys', ARGS, { cwd: folder, onLine, signal })
      : await runProcess(process.execPath, [...wasmFlags(), ownProgram('yosys-process'), folder], {
          onLine,
          signal,
          ...(process.versions.electron ? { env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' } } : {}),
        });
    judge(end, isNative);
    const outputs = new Map<string, string>();
    for (const name of run.outputs) {
      const text = await readFile(join(folder, name), 'utf8').catch(() => '');
      // Yosys may end well without having written a thing (abc that died, for one).
      if (text === '')
        throw new IngotError('TOOL-022', `Yosys ended well but wrote no ${name}`, {
          place: 'yosys',
          remedy: LOG_REMEDY,
        });
      outputs.set(name, text);
    }
    return { engine: isNative ? 'native' : 'wasm', version, outputs };
  } finally {
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

const LOG_REMEDY = 'see the log of this step for what Yosys said';

/** Of Node's options only those about memory; loaders of test runners and debuggers stay behind. */
const wasmFlags = (): string[] => process.execArgv.filter((arg) => arg.startsWith('--max-old-space-size'));

async function prepare(run: YosysRun, parent: string): Promise<string> {
  let folder: string;
  try {
    folder = await mkdtemp(join(parent, 'ingot-yosys-'));
    const job: YosysJob = {
      args: ARGS,
      inputs: [SCRIPT_FILE, ...run.files.map((file) => file.name)],
      outputs: run.outputs,
    };
    await writeFile(join(folder, SCRIPT_FILE), run.script);
    await writeFile(join(folder, 'job.json'), JSON.stringify(job));
    for (const { name, text } of run.files) await writeFile(join(folder, name), text);
  } catch (cause) {
    throw new IngotError('TOOL-025', `a temporary folder cannot be written: ${String(cause)}`, {
      place: parent,
      remedy: 'free space there or set TMPDIR to another folder',
      cause,
    });
  }
  return folder;
}

function judge(end: ProcessEnd, isNative: boolean): void {
  if (end.isCancelled)
    throw new IngotError('TOOL-023', 'synthesis was cancelled', {
      place: 'yosys',
      remedy: 'run again to go on from there',
    });
  if (end.startError)
    throw new IngotError('TOOL-024', `Yosys could not be started: ${end.startError.message}`, {
      place: isNative ? 'yosys' : '@yowasp/yosys',
      remedy: 'run `ingot doctor`; install Yosys, or install Ingot again',
    });
  if (end.code === 0) return;
  const said = end.tail.findLast((line) => /ERROR|Assert|abort|memory/i.test(line));
  const where = isNative ? 'Yosys' : 'Yosys (WebAssembly)';
  throw new IngotError('TOOL-021', `${where} failed: ${said ?? `exit code ${end.code ?? 'none, killed'}`}`, {
    place: 'yosys',
    remedy: LOG_REMEDY,
  });
}
