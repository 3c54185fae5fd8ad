/** What a run tells those who watch it. Plain data: goes over IPC and as JSON lines as it is. */
import type { Diagnostic } from '../base/diagnostic.ts';

export type FlowEvent =
  | { readonly type: 'run-started'; readonly runId: number; readonly steps: readonly StepLabel[] }
  | {
      readonly type: 'step-started';
      readonly step: string;
      readonly title: string;
      /** From 1. */
      readonly number: number;
      readonly count: number;
      /** Wall seconds of this step's last execution, where there was one. */
      readonly expectedS?: number;
    }
  | {
      readonly type: 'step-progress';
      readonly step: string;
      readonly fraction: number;
      readonly message: string;
      readonly elapsedS: number;
      /** Of the step and its tools, now. */
      readonly memoryMiB: number;
      /** Seconds until the end of the step, of the run: from earlier executions, where known. */
      readonly stepRemainingS?: number;
      readonly runRemainingS?: number;
    }
  | { readonly type: 'step-log'; readonly step: string; readonly diagnostic: Diagnostic }
  | {
      readonly type: 'step-finished';
      readonly step: string;
      readonly status: 'done' | 'cached' | 'failed' | 'cancelled';
      /** Measured; of a cached step, those of the execution that is reused. */
      readonly wallS: number;
      readonly cpuS: number;
      readonly peakMiB: number;
      readonly error?: Diagnostic;
    }
  | {
      readonly type: 'run-finished';
      readonly runId: number;
      readonly status: 'done' | 'failed' | 'cancelled';
      readonly error?: Diagnostic;
    };

export interface StepLabel {
  readonly name: string;
  readonly title: string;
}

export type FlowObserver = (event: FlowEvent) => void;
