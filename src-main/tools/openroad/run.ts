/** One step of OpenROAD as one job of the runner: script and files into a folder, database, metrics and log out. */
import { readFile } from 'node:fs/promises';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { IngotError } from '../../base/diagnostic.ts';
import { requireTool } from '../registry/index.ts';
import { runJob, type JobInput, type ToolMessage, type ToolProgress } from '../runner/index.ts';
import type { OpenRoadPlan } from './plan.ts';
import { readOpenRoadMetrics, readOwnValues } from './metrics.ts';
import { FILES, openRoadScript, type StepScript } from './script.ts';

export interface OpenRoadJob {
  readonly script: StepScript;
  readonly plan: OpenRoadPlan;
  /** Beside the script; names as in FILES. */
  readonly inputs: readonly JobInput[];
  /** That must be there beside the database. */
  readonly outputs: readonly string[];
  readonly threads: number;
  /** Made anew. */
  readonly folder: string;
}

export interface OpenRoadWatch {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ToolProgress) => void;
  readonly onMessage?: (message: ToolMessage) => void;
}

export interface OpenRoadResult {
  readonly database: Uint8Array;
  readonly metrics: ReadonlyMap<string, number>;
  readonly values: ReadonlyMap<string, number>;
  /** What it said, line by line. */
  readonly lines: readonly string[];
  read(name: string): Promise<Uint8Array>;
  /** Empty when there is no such file. */
  readText(name: string): Promise<string>;
}

/** A step that failed; the design as it was then, where OpenROAD could still write it. */
export class OpenRoadError extends IngotError {
  readonly failedDatabase: Uint8Array | null;

  constructor(
    cause: IngotError,
    message: string,
    place: string,
    remedy: string,
    database: Uint8Array | null,
  ) {
    super(cause.diagnostic.code, message, { place, remedy });
    this.failedDatabase = database;
  }
}

/** Said wherever OpenROAD is asked for and is not there. */
const REMEDY =
  'install OpenROAD and put it on the PATH, or tell where it is: ingot doctor --tool openroad=PATH; or go with the embedded engine: place.engine and route.engine = ingot';

/** Version and build, for the cache key: a build from source often has no version, so the file's size is in it. */
export async function openRoadFingerprint(): Promise<string> {
  const tool = await needOpenRoad();
  const size = existsSync(tool.path) ? statSync(tool.path).size : 0;
  return `${tool.version ?? 'no version'}, ${tool.capabilities.length} of ${tool.capabilities.length + tool.lacks.length} commands, ${size} bytes`;
}

/** TOOL-050 or -051 with what to do. */
export async function needOpenRoad(): ReturnType<typeof requireTool> {
  try {
    return await requireTool('openroad');
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    const { code, message, place } = error.diagnostic;
    throw new IngotError(code, message, { place: place ?? 'openroad', remedy: REMEDY });
  }
}

/** Throws OpenRoadError, or what the runner says of a job that could not start. */
export async function runOpenRoad(job: OpenRoadJob, watch: OpenRoadWatch = {}): Promise<OpenRoadResult> {
  const tool = await needOpenRoad();
  const { script, plan, folder } = job;
  const [tcl, database] = [`${script.name}.tcl`, `${script.name}.odb`];
  const lines: string[] = [];
  let failure = '';
  const end = await runJob(
    {
      tool: 'openroad',
      command: tool.path,
      args: [
        '-exit',
        '-no_init',
        '-no_splash',
        '-threads',
        String(job.threads),
        '-metrics',
        FILES.metrics,
        tcl,
      ],
      folder,
      inputs: [...job.inputs, { name: tcl, contents: openRoadScript(script, plan) }],
      outputs: [database, ...job.outputs],
      // No window, whatever the machine has.
      env: { QT_QPA_PLATFORM: 'offscreen' },
      version: tool.version,
      capabilities: tool.capabilities,
    },
    {
      signal: watch.signal,
      onProgress: watch.onProgress,
      onMessage: watch.onMessage,
      onLine: (line) => {
        lines.push(line);
        failure = /^INGOT failed: (.*)/.exec(line)?.[1] ?? failure;
      },
    },
  );
  if (end.error) {
    watch.signal?.throwIfAborted();
    const failed = join(folder, `${script.name}-failed.odb`);
    const said = end.messages.findLast((m) => m.severity === 'error');
    const why = said ? `${said.code === null ? '' : `${said.code} `}${said.text}` : failure;
    const { message, place, remedy } = end.error.diagnostic;
    throw new OpenRoadError(
      end.error,
      why === '' ? message : `OpenROAD in ${script.name}: ${why}`,
      end.bundle ?? place ?? folder,
      end.bundle === null
        ? (remedy ?? 'see the log')
        : 'the folder named above has script, inputs and log; the step’s artefact is the database at that moment',
      await readFile(failed).catch(() => null),
    );
  }
  const read = (name: string): Promise<Uint8Array> => readFile(join(folder, name));
  const readText = (name: string): Promise<string> => readFile(join(folder, name), 'utf8').catch(() => '');
  return {
    database: await read(database),
    metrics: readOpenRoadMetrics(await readText(FILES.metrics)),
    values: readOwnValues(lines),
    lines,
    read,
    readText,
  };
}
