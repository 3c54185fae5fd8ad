/** Liberty expressions over 0, 1 and unknown: what tie cells make constant, and which `when` can never hold. */
import type { Expression } from '../kit/function.ts';

export type Logic = 0 | 1 | 2;
export const UNKNOWN: Logic = 2;

export function evaluateLogic(e: Expression, valueOf: (name: string) => Logic): Logic {
  if (e.op === 'const') return e.value;
  if (e.op === 'var') return valueOf(e.name);
  if (e.op === 'not') {
    const a = evaluateLogic(e.arg, valueOf);
    return a === UNKNOWN ? UNKNOWN : a === 1 ? 0 : 1;
  }
  let result: Logic = e.op === 'and' ? 1 : 0;
  for (const arg of e.args) {
    const a = evaluateLogic(arg, valueOf);
    if (e.op === 'and') {
      if (a === 0) return 0;
      if (a === UNKNOWN) result = UNKNOWN;
    } else if (e.op === 'or') {
      if (a === 1) return 1;
      if (a === UNKNOWN) result = UNKNOWN;
    } else if (a === UNKNOWN || result === UNKNOWN) result = UNKNOWN;
    else result = a === result ? 0 : 1;
  }
  return result;
}
