/** What a job says: to its log, to who listens, and as messages that are counted. */
import { logPathOf } from './folder.ts';
import { lineReader } from './lines.ts';
import { openLog } from './log-file.ts';
import { readMessage } from './messages.ts';
import { progressReader } from './progress.ts';
import type { Job, JobLog, JobOptions, ToolMessage } from './types.ts';

const LINE_BYTES = 16 * 1024;
const LOG_PART_BYTES = 8 * 2 ** 20;
const LISTENED_LINES = 200_000;
const MESSAGES_MAX = 1000;
/** Different codes that are counted; more than any tool has. */
const CODES_MAX = 10_000;
const TAIL_LINES = 100;

export interface JobOutput {
  /** Throws what the system says when the log cannot be written. */
  readonly take: (chunk: Buffer, stream: 'stdout' | 'stderr') => void;
  /** Lines without an end, at the end. */
  readonly flush: () => void;
  readonly close: () => JobLog;
  /** Bytes so far, for who watches. */
  readonly bytes: () => number;
  readonly messages: readonly ToolMessage[];
  readonly messageCounts: ReadonlyMap<string, number>;
  readonly errorCount: number;
  readonly warningCount: number;
}

export function jobOutput(job: Job, options: JobOptions): JobOutput {
  const { lineBytes = LINE_BYTES, logPartBytes = LOG_PART_BYTES } = job.limits ?? {};
  const path = logPathOf(job);
  const log = openLog(path, logPartBytes);
  const progressOf = progressReader(job.tool);
  const messages: ToolMessage[] = [];
  const counts = new Map<string, number>();
  const tail: string[] = [];
  let [lines, bytes, errorCount, warningCount] = [0, 0, 0, 0];
  let batch: string[] = [];

  const takeMessage = (message: ToolMessage): void => {
    const { severity, code } = message;
    const key = code ?? severity;
    if (counts.has(key) || counts.size < CODES_MAX) counts.set(key, (counts.get(key) ?? 0) + 1);
    if (severity === 'error') errorCount++;
    if (severity === 'warning') warningCount++;
    if (severity !== 'info' && messages.length < MESSAGES_MAX) messages.push(message);
    options.onMessage?.(message);
  };
  const takeLine = (line: string, stream: 'stdout' | 'stderr'): void => {
    lines++;
    batch.push(line);
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
    if (lines <= LISTENED_LINES) options.onLine?.(line, stream);
    const message = readMessage(job.tool, line, lines);
    if (message) takeMessage(message);
    const progress = progressOf(line);
    if (progress) options.onProgress?.(progress);
  };
  const writeBatch = (): void => {
    if (batch.length === 0) return;
    const text = batch.join('\n');
    batch = [];
    log.write(text);
  };
  const readers = {
    stdout: lineReader(lineBytes, (line) => takeLine(line, 'stdout')),
    stderr: lineReader(lineBytes, (line) => takeLine(line, 'stderr')),
  };
  return {
    take(chunk, stream) {
      bytes += chunk.length;
      readers[stream].push(chunk);
      writeBatch();
    },
    flush() {
      readers.stdout.end();
      readers.stderr.end();
      writeBatch();
    },
    close() {
      log.close();
      return { path, lines, bytes, isCut: log.isCut(), tail };
    },
    bytes: () => bytes,
    messages,
    messageCounts: counts,
    get errorCount() {
      return errorCount;
    },
    get warningCount() {
      return warningCount;
    },
  };
}
