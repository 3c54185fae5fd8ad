/** Exceptions in the order of an SDC text: later ones for the same paths replace earlier ones, as tools have it. */
import type { Constraints, Multicycle, PathException, PathPoints } from './types.ts';

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const isEmpty = (p: PathPoints): boolean => p.clocks.length + p.pins.length + p.cells.length === 0;

const without = (p: PathPoints, gone: PathPoints): PathPoints => ({
  clocks: p.clocks.filter((x) => !gone.clocks.includes(x)),
  pins: p.pins.filter((x) => !gone.pins.includes(x)),
  cells: p.cells.filter((x) => !gone.cells.includes(x)),
});

/** What is left of an exception behind one that follows; null = nothing. */
function leftOf(old: PathException, later: PathException): PathException | null {
  if (old.kind !== later.kind || old.check !== later.check || !same(old.through, later.through)) return old;
  if (same(old.from, later.from)) {
    if (same(old.to, later.to)) return null;
    if (old.to === null || later.to === null) return old;
    const to = without(old.to, later.to);
    return isEmpty(to) ? null : { ...old, to };
  }
  if (!same(old.to, later.to) || old.from === null || later.from === null) return old;
  const from = without(old.from, later.from);
  return isEmpty(from) ? null : { ...old, from };
}

export function addException(list: readonly PathException[], later: PathException): PathException[] {
  return [...list.flatMap((old) => leftOf(old, later) ?? []), later];
}

const isPinsOnly = (p: PathPoints | null): p is PathPoints =>
  p !== null && p.clocks.length === 0 && p.cells.length === 0;

/** Only pins and ports as ends, and nothing else, which the plain fields of Constraints can say. */
const isPlainTo = (e: PathException): boolean =>
  e.from === null && e.through.length === 0 && isPinsOnly(e.to);

const isPlainFalse = (e: PathException, isInput: (name: string) => boolean): boolean =>
  e.kind === 'false' &&
  e.check === 'both' &&
  e.through.length === 0 &&
  ((e.from === null && isPinsOnly(e.to)) ||
    (e.to === null && isPinsOnly(e.from) && e.from.pins.every(isInput)));

type ExceptionFields = Pick<Constraints, 'falsePathsFrom' | 'falsePathsTo' | 'multicycles'> &
  Partial<Pick<Constraints, 'exceptions'>>;

/** `given`: every exception as it stands in the text; `isOneClock`: multicycles count one period. */
export function exceptionFields(given: readonly PathException[], isOneClock: boolean): ExceptionFields {
  const isPort = (name: string): boolean => !name.includes('/');
  const isPlainCycles = (e: PathException): boolean => e.kind !== 'multicycle' || isPlainTo(e);
  const hasPlainCycles = isOneClock && given.every(isPlainCycles);
  const isPlain = (e: PathException): boolean =>
    isPlainFalse(e, isPort) || (e.kind === 'multicycle' && hasPlainCycles);
  // A plain and a general one can meet at an end: then all must be weighed alike.
  const isAllPlain = given.every((e) => e.kind === 'false' || isPlain(e));
  const plain = given.filter((e) => isPlain(e) && (e.kind === 'false' || isAllPlain));
  const rest = given.filter((e) => !plain.includes(e)).reduce(addException, [] as PathException[]);
  return {
    falsePathsFrom: plain.flatMap((e) => (e.kind === 'false' && e.from ? e.from.pins : [])),
    falsePathsTo: plain.flatMap((e) => (e.kind === 'false' && e.to ? e.to.pins : [])),
    multicycles: plain.flatMap((e): Multicycle[] =>
      e.kind === 'multicycle' && e.to
        ? [
            {
              to: e.to.pins,
              // Without an option SDC sets setup alone; hold follows one cycle before it.
              setup: e.check === 'hold' ? null : e.value,
              hold: e.check === 'hold' ? e.value : null,
            },
          ]
        : [],
    ),
    ...(rest.length > 0 ? { exceptions: rest } : {}),
  };
}
