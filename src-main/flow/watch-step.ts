import { identify } from '../project/process-identity.ts';
import { readRunLock, setRunLockChild } from '../project/queries/run-lock.ts';
import { updateProgress } from '../project/queries/steps.ts';
import { worldError } from '../project/world.ts';
import { stepRemainingS, type Estimate } from './estimate.ts';
import type { StartMessage } from './process-protocol.ts';
import type { Run } from './run-steps.ts';
import { runChild, type ChildOutcome } from './step-child.ts';

/** How often progress, memory and the wish to cancel go from and to other processes. */
const TICK_MS = 500;

/** A step's process from start to end: tells the observer and the database how far it is, hears of a wish to cancel. */
export async function watchStep(
  { project: { db }, observe, abort }: Run,
  id: number,
  start: StartMessage,
  estimate: Estimate,
): Promise<ChildOutcome> {
  const { step } = start;
  const startMs = performance.now();
  let fraction = 0;
  let message = '';
  let memoryMiB = 0;
  const report = (): void => {
    const elapsedS = (performance.now() - startMs) / 1000;
    const toGoS = stepRemainingS(estimate.expectedS, fraction, elapsedS);
    const runToGoS =
      toGoS === undefined || estimate.laterS === undefined ? undefined : toGoS + estimate.laterS;
    observe?.({
      type: 'step-progress',
      step,
      fraction,
      message,
      elapsedS,
      memoryMiB,
      ...(toGoS !== undefined && { stepRemainingS: toGoS }),
      ...(runToGoS !== undefined && { runRemainingS: runToGoS }),
    });
  };
  const ticker = setInterval(() => {
    report();
    if (!db.open) return abort.abort();
    // Only for those who watch: a busy or full database must not end a run here.
    try {
      updateProgress(db, id, fraction, message);
      if (readRunLock(db)?.isCancelRequested) abort.abort();
    } catch (error) {
      if (!worldError(error)) throw error;
    }
  }, TICK_MS);
  try {
    return await runChild(start, abort.signal, {
      started: (pid) => setRunLockChild(db, identify(pid)),
      progress(nextFraction, nextMessage) {
        fraction = nextFraction;
        message = nextMessage;
        report();
      },
      log: (diagnostic) => observe?.({ type: 'step-log', step, diagnostic }),
      memory: (nowMiB) => (memoryMiB = nowMiB),
    });
  } finally {
    clearInterval(ticker);
  }
}
