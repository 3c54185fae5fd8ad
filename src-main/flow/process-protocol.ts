/** Messages between the engine and a step's process, over Node's IPC channel (JSON). */
import type { Diagnostic } from '../base/diagnostic.ts';
import type { ArtefactRef, Metric, Proof, RunFacts } from './step.ts';

export interface StartMessage {
  readonly type: 'start';
  readonly step: string;
  /** Module that exports FLOW; without it, the product's flow. */
  readonly flowModule: string | undefined;
  readonly projectDir: string;
  readonly workDir: string;
  readonly cacheDir: string;
  readonly inputs: readonly ArtefactRef[];
  readonly files: readonly { readonly role: string; readonly name: string; readonly digest: string }[];
  readonly settings: Readonly<Record<string, unknown>>;
  readonly run: RunFacts | undefined;
}

export type ToStep = StartMessage | { readonly type: 'cancel' };

export type FromStep =
  | { readonly type: 'log'; readonly diagnostic: Diagnostic; readonly atMs: number }
  | { readonly type: 'progress'; readonly fraction: number; readonly message: string }
  | { readonly type: 'metric'; readonly metric: Metric }
  | { readonly type: 'proof'; readonly proof: Proof }
  | { readonly type: 'artefact'; readonly artefact: ArtefactRef }
  | {
      readonly type: 'end';
      /** Undefined on success. */
      readonly error: Diagnostic | undefined;
      /** For a bug of ours: goes to a file, not to the user's eyes. */
      readonly stack: string | undefined;
      readonly cpuS: number;
      /** Of the process alone. */
      readonly peakMiB: number;
    };

/** Environment variable that tells the step process whose death it must not survive. */
export const ENGINE_PID = 'INGOT_ENGINE_PID';
