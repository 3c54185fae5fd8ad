/** When the user is told of a run's end: after a long one, and only while they look elsewhere. */
export const LONG_RUN_MS = 10_000;

export interface RunEnded {
  readonly status: string;
  readonly wallMs: number;
  readonly isFocused: boolean;
}

/** A cancel is the user's own doing. */
export const isWorthTelling = ({ status, wallMs, isFocused }: RunEnded): boolean =>
  status !== 'cancelled' && !isFocused && wallMs >= LONG_RUN_MS;
