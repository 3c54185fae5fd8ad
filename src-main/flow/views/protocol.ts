/** Messages between the app and the process that computes views (JSON over Node's IPC channel). */
import type { Diagnostic } from '../../base/diagnostic.ts';
import type { Settings } from '../settings.ts';
import type { ChipEstimate, ModelView, PerformanceView } from '../../base/view-models.ts';

/** Digests by artefact name. */
export type Artefacts = Readonly<Record<string, string>>;

export interface ViewRequests {
  model: { args: { readonly dir: string; readonly artefacts: Artefacts }; result: ModelView };
  performance: { args: { readonly dir: string; readonly artefacts: Artefacts }; result: PerformanceView };
  estimate: {
    args: { readonly dir: string; readonly artefacts: Artefacts; readonly settings: Settings };
    result: ChipEstimate;
  };
}
export type ViewName = keyof ViewRequests;

export interface ViewQuestion {
  readonly id: number;
  readonly view: ViewName;
  readonly args: unknown;
}
export type ViewAnswer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly trouble: Diagnostic; readonly stack: string | null };
