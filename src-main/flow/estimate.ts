/** Time to go, from the last execution of each step in this project. */
import type { ReadDb } from '../project/database.ts';
import { lastWallS } from '../project/queries/steps.ts';

export interface Estimate {
  readonly expectedS: number | undefined;
  /** Of the steps after it; undefined when one of them never ran here. */
  readonly laterS: number | undefined;
}

/** For each step of a run, in order. */
export function estimateSteps(db: ReadDb, names: readonly string[]): Estimate[] {
  const walls = names.map((name) => lastWallS(db, name));
  const estimates: Estimate[] = [];
  let laterS: number | undefined = 0;
  for (let i = names.length - 1; i >= 0; i--) {
    const expectedS = walls[i];
    estimates.unshift({ expectedS, laterS });
    laterS = laterS === undefined || expectedS === undefined ? undefined : laterS + expectedS;
  }
  return estimates;
}

/**
 * Seconds to the end of a step: by its fraction once that says something, else by its last execution,
 * unless that is already outrun.
 */
export function stepRemainingS(
  expectedS: number | undefined,
  fraction: number,
  elapsedS: number,
): number | undefined {
  if (expectedS !== undefined && elapsedS < expectedS) return expectedS - elapsedS;
  if (fraction >= 0.05) return (elapsedS * (1 - fraction)) / fraction;
  return undefined;
}
