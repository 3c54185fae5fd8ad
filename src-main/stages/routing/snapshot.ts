/** Routes as they stand, to be taken back should what follows not help. Costs a reference for each net. */
import { markRoute, type NetRoute, type RouterState } from './state.ts';
import type { RoutableNet } from './terminals.ts';

export interface Saved {
  readonly n: RoutableNet;
  readonly route: NetRoute;
  readonly isComplete: boolean;
}

export const save = (nets: readonly RoutableNet[]): Saved[] =>
  nets.map((n) => ({ n, route: n.route, isComplete: n.isComplete }));

export function restore(state: RouterState, saved: readonly Saved[]): void {
  for (const s of saved) {
    if (s.n.route !== s.route) {
      markRoute(state, s.n.route, -1);
      markRoute(state, s.route, 1);
      s.n.route = s.route;
    }
    s.n.isComplete = s.isComplete;
  }
}
