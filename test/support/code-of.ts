import { IngotError } from '../../src-main/base/diagnostic.ts';

/** Code and place of the error that `run` throws; anything else is thrown on. */
export function codeOf(run: () => unknown): { code: string; place: string | undefined } {
  try {
    run();
  } catch (e) {
    if (e instanceof IngotError) return { code: e.diagnostic.code, place: e.diagnostic.place };
    throw e;
  }
  return { code: 'none', place: undefined };
}
