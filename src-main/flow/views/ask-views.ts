/** The app's side of the process that computes views: started when asked, ended when idle; its crash ends one answer. */
import { spawn, type ChildProcess } from 'node:child_process';
import { IngotError } from '../../base/diagnostic.ts';
import { compileCacheDir } from '../../tools/cache-dir.ts';
import { ownProgram } from '../../tools/own-files.ts';
import type { ViewAnswer, ViewName, ViewQuestion, ViewRequests } from './protocol.ts';

const IDLE_MS = 60_000;

interface Waiting {
  readonly done: (value: unknown) => void;
  readonly failed: (error: Error) => void;
}

let child: ChildProcess | null = null;
let idle: NodeJS.Timeout | undefined;
let questions = 0;
const waiting = new Map<number, Waiting>();

/** Throws the trouble that the view had; VIEW-002 when its process died. */
export function askView<K extends ViewName>(
  view: K,
  args: ViewRequests[K]['args'],
): Promise<ViewRequests[K]['result']> {
  const id = ++questions;
  const asked = (child ??= start());
  clearTimeout(idle);
  return new Promise((done, failed) => {
    waiting.set(id, { done: done as (value: unknown) => void, failed });
    const question: ViewQuestion = { id, view, args };
    asked.send(question, (error) => error && asked.kill());
  });
}

function start(): ChildProcess {
  const started = spawn(process.execPath, [ownProgram('view-process')], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      NODE_COMPILE_CACHE: compileCacheDir(),
      ...process.env,
      ...(process.versions.electron ? { ELECTRON_RUN_AS_NODE: '1' } : {}),
    },
  });
  started.on('message', take);
  started.once('error', () => end(started));
  started.once('exit', () => end(started));
  return started;
}

function take(answer: ViewAnswer): void {
  const asker = waiting.get(answer.id);
  waiting.delete(answer.id);
  if (waiting.size === 0) rest();
  if ('value' in answer) return asker?.done(answer.value);
  if (answer.stack !== null) console.error(answer.stack);
  const { code, message, place, remedy } = answer.trouble;
  asker?.failed(
    new IngotError(code, message, {
      ...(place !== undefined && { place }),
      ...(remedy !== undefined && { remedy }),
    }),
  );
}

function rest(): void {
  clearTimeout(idle);
  idle = setTimeout(() => child?.disconnect(), IDLE_MS);
  idle.unref();
}

function end(ended: ChildProcess): void {
  if (child !== ended) return;
  child = null;
  const lost = [...waiting.values()];
  waiting.clear();
  const remedy = 'try again; if it happens again, please report it with the model';
  for (const { failed } of lost)
    failed(new IngotError('VIEW-002', 'the process that computes this view ended', { remedy }));
}
