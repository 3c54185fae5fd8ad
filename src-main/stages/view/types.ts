import type { IrDropReport, PowerReport } from '../power/types.ts';
import type { LayoutDesign } from '../layout/types.ts';
import type { TimingReport } from '../timing/types.ts';

/** A finished chip and what is known of it; null = the step that finds it was not run. */
export interface ViewInput extends LayoutDesign {
  readonly timing: TimingReport | null;
  readonly power: PowerReport | null;
  readonly irDrop: IrDropReport | null;
}
