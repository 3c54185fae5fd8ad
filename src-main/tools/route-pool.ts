/**
 * Threads for the router (stages/routing, RoutePool): workers on shared memory that get their share of a batch as a
 * message and answer while the caller routes its own. The caller waits without its event loop, as the stage is
 * synchronous.
 */
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads';
import { BugError } from '../base/diagnostic.ts';
import type { RoutePool, WorkerSetup } from '../stages/routing/index.ts';
import { ownProgram } from './own-files.ts';

/** A batch takes seconds; a worker that is silent for so long is dead. */
const SILENCE_MAX_MS = 30 * 60_000;

/** What route-worker.ts is started with. */
export interface RouteWorkerData {
  readonly setup: WorkerSetup;
  readonly port: MessagePort;
  /** [1] answers given so far */
  readonly answered: Int32Array<SharedArrayBuffer>;
}

interface Hand {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly answered: Int32Array<SharedArrayBuffer>;
  asked: number;
}

export interface ClosablePool extends RoutePool {
  readonly close: () => Promise<void>;
}

function startWorker(setup: WorkerSetup): Hand {
  const { port1, port2 } = new MessageChannel();
  const answered = new Int32Array(new SharedArrayBuffer(4));
  const data: RouteWorkerData = { setup, port: port2, answered };
  const worker = new Worker(ownProgram('route-worker'), { workerData: data, transferList: [port2] });
  worker.unref();
  port1.unref();
  return { worker, port: port1, answered, asked: 0 };
}

/** Waits for the answer to the last message. */
function answerOf(hand: Hand): Int32Array {
  const end = Date.now() + SILENCE_MAX_MS;
  while (Atomics.load(hand.answered, 0) < hand.asked) {
    Atomics.wait(hand.answered, 0, hand.asked - 1, 1000);
    if (Date.now() > end) throw new BugError('a thread of the router does not answer');
  }
  const answer: unknown = receiveMessageOnPort(hand.port)?.message;
  if (answer instanceof Int32Array) return answer;
  throw new BugError(`a thread of the router failed: ${String(answer)}`);
}

/** `threads` in all, the caller's among them. Workers start when the router asks for them; close ends them. */
export function makeRoutePool(threads: number): ClosablePool {
  let hands: Hand[] = [];
  return {
    threads,
    buffer: (bytes) => new SharedArrayBuffer(bytes),
    start: (setups) => {
      hands = setups.map(startWorker);
    },
    run: (messages, own) => {
      messages.forEach((message, k) => {
        hands[k]!.asked++;
        hands[k]!.port.postMessage(message, [message.buffer as ArrayBuffer]);
      });
      own();
      return messages.map((_, k) => answerOf(hands[k]!));
    },
    close: async () => {
      await Promise.all(hands.map((h) => h.worker.terminate()));
      hands = [];
    },
  };
}
