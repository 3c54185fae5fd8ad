/**
 * Yosys behind one interface: the machine's `yosys`, else the WebAssembly build that comes with Ingot, each
 * in a child process that can be killed. A run is a script, the files it reads and the files it writes; all
 * stand in one temporary folder.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { IngotError } from '../base/diagnostic.ts';
import { findProgram } from './find-program.ts';
import { ownProgram } from './own-files.ts';
import { findTool, toolVersion } from './registry/index.ts';
import { describeVerdict, runJob, type Job, type JobEnd } from './runner/index.ts';

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

/** `slang`: a build that has `read_slang`; see slang.ts. */
export type YosysBuild = 'mapper' | 'slang';

export interface YosysRunOptions {
  /** Default `auto`. */
  readonly tool?: YosysTool;
  /** Which WebAssembly build; of the native one, whether its slang plugin is loaded. Default `mapper`. */
  readonly build?: YosysBuild;
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
  readonly build: YosysBuild;
  readonly args: readonly string[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

const SCRIPT_FILE = 'run.ys';
/** No banner, no timestamps' footer: the log of a run is the same twice. */
const ARGS = ['-T', '-s', SCRIPT_FILE];

/** Version line of the machine's Yosys, null if there is none that runs. */
async function nativeYosysVersion(): Promise<string | null> {
  const version = await toolVersion('yosys');
  return version?.startsWith('Yosys ') ? version : null;
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
 * Runs a script. Throws TOOL-020 no native Yosys though it was asked for, -021 Yosys reported an error (its line is the
 * message) or died, -022 an output is missing, -023 cancelled, -024 it could not be started, -025 the temporary folder
 * cannot be written. Of a run that failed, `workDir` (if given) keeps all that it takes to run it again.
 */
export async function runYosys(run: YosysRun, options: YosysRunOptions = {}): Promise<YosysResult> {
  const { tool = 'auto', build = 'mapper' } = options;
  const isNative = (await engineFor(tool)) !== null;
  const folder = await makeFolder(options.workDir ?? tmpdir());
  try {
    let version = '';
    const onLine = (line: string): void => {
      version ||= /^ ?(Yosys [0-9].*?) *$/.exec(line)?.[1] ?? '';
      options.onLine?.(line);
    };
    const job = {
      ...(isNative ? nativeJob(run, folder, await pluginArgs(build)) : wasmJob(run, folder, build)),
      bundle: options.workDir === undefined ? null : join(options.workDir, 'yosys.repro'),
    };
    const end = await runJob(job, { signal: options.signal, onLine });
    judge(end, isNative);
    const outputs = new Map<string, string>();
    for (const [name, path] of end.outputs) outputs.set(name, await readFile(path, 'utf8'));
    return { engine: isNative ? 'native' : 'wasm', version, outputs };
  } finally {
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** yosys-slang is a plugin of some builds and part of others. */
async function pluginArgs(build: YosysBuild): Promise<readonly string[]> {
  if (build === 'mapper') return [];
  return (await findTool('yosys')).capabilities.includes('slang_plugin') ? ['-m', 'slang'] : [];
}

const nativeJob = (run: YosysRun, folder: string, args: readonly string[]): Job => ({
  tool: 'yosys',
  command: findProgram('yosys'),
  args: [...args, ...ARGS],
  folder,
  isShared: true,
  inputs: [
    { name: SCRIPT_FILE, contents: run.script },
    ...run.files.map(({ name, text }) => ({ name, contents: text })),
  ],
  outputs: run.outputs,
});

function wasmJob(run: YosysRun, folder: string, build: YosysBuild): Job {
  const native = nativeJob(run, folder, []);
  const job: YosysJob = {
    build,
    // The later build colours what it says whoever reads it.
    args: build === 'slang' ? ['--no-color', ...ARGS] : ARGS,
    inputs: native.inputs!.map((input) => input.name),
    outputs: run.outputs,
  };
  return {
    ...native,
    command: process.execPath,
    args: [...wasmFlags(), ownProgram('yosys-process'), '.'],
    inputs: [...native.inputs!, { name: 'job.json', contents: JSON.stringify(job) }],
    env: process.versions.electron ? { ELECTRON_RUN_AS_NODE: '1' } : {},
  };
}

const LOG_REMEDY = 'see the log of this step for what Yosys said';

/** Of Node's options only those about memory; loaders of test runners and debuggers stay behind. */
const wasmFlags = (): string[] => process.execArgv.filter((arg) => arg.startsWith('--max-old-space-size'));

async function makeFolder(parent: string): Promise<string> {
  try {
    return await mkdtemp(join(parent, 'ingot-yosys-'));
  } catch (cause) {
    throw noFolder(parent, cause);
  }
}

const noFolder = (place: string, cause: unknown): IngotError =>
  new IngotError('TOOL-025', `a temporary folder cannot be written: ${String(cause)}`, {
    place,
    remedy: 'free space there or set TMPDIR to another folder',
    cause,
  });

function judge(end: JobEnd, isNative: boolean): void {
  const { verdict } = end;
  const again = end.bundle === null ? '' : `; ${end.bundle}/run.sh runs it again`;
  const fail = (code: string, message: string, remedy = LOG_REMEDY + again): IngotError =>
    new IngotError(code, message, { place: isNative ? 'yosys' : '@yowasp/yosys', remedy });
  const where = isNative ? 'Yosys' : 'Yosys (WebAssembly)';
  switch (verdict.kind) {
    case 'ok':
      return;
    case 'cancelled':
      throw fail('TOOL-023', 'synthesis was cancelled', 'run again to go on from there');
    case 'disk-full':
      throw noFolder(dirname(end.log.path), verdict.evidence);
    case 'not-found':
    case 'not-started':
      throw fail(
        'TOOL-024',
        `${where} ${describeVerdict(verdict)}`,
        'run `ingot doctor`; install Yosys, or install Ingot again',
      );
    case 'missing-output':
      // Yosys may end well without having written a thing (abc that died, for one).
      throw fail('TOOL-022', `${where} ended well but wrote no ${verdict.missing.join(', ')}`);
    default: {
      const { tail } = end.log;
      const said =
        tail.findLast((line) => /\bERROR\b/.test(line)) ??
        tail.findLast((line) => /ERROR|Assert|abort|memory/i.test(line));
      throw fail('TOOL-021', `${where} ${describeVerdict(verdict)}${said === undefined ? '' : `: ${said}`}`);
    }
  }
}
