/** Entry of the threads that route beside the main one, started by tools/route-pool.ts. */
import { workerData } from 'node:worker_threads';
import { serveBatches } from './stages/routing/index.ts';
import type { RouteWorkerData } from './tools/route-pool.ts';

const { setup, port, answered } = workerData as RouteWorkerData;
const serve = serveBatches(setup);

port.on('message', (message: Int32Array) => {
  let answer: Int32Array | string;
  try {
    answer = serve(message);
  } catch (error) {
    answer = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  port.postMessage(answer, typeof answer === 'string' ? [] : [answer.buffer as ArrayBuffer]);
  Atomics.add(answered, 0, 1);
  Atomics.notify(answered, 0);
});
