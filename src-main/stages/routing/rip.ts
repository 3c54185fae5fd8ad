/**
 * Rip-up by connection: only the nodes in conflict go, with the branches that then lead nowhere; the rest of
 * the net's tree stays and is joined again. (The whole-net rip-up of PathFinder makes big nets dear.)
 */
import { emptyRoute, neighbour, type NetRoute, type RouterState } from './state.ts';

const LINKS = [1, 2, 4, 8, 16, 32] as const;
const OPPOSITE = [2, 1, 8, 4, 32, 16] as const;
const DEGREE = Uint8Array.from({ length: 64 }, (_, m) => LINKS.filter((b) => m & b).length);

/**
 * The route without the nodes for which `isBad(i)` holds, dead ends pruned back to a branch or a terminal.
 * A terminal left alone gives up its tap, so that it may choose another access point.
 */
export function ripNodes(state: RouterState, route: NetRoute, isBad: (i: number) => boolean): NetRoute {
  const { nodes, links, taps } = route;
  const { lattice, component } = state;
  const bad: number[] = [];
  for (let i = 0; i < nodes.length; i++) if (isBad(i)) bad.push(i);
  if (bad.length === 0) return route;
  if (bad.length === nodes.length) return emptyRoute(taps.length);
  for (let i = 0; i < nodes.length; i++) component[nodes[i]] = i + 1;
  const left = Uint8Array.from(links);
  const isGone = new Uint8Array(nodes.length);
  const isTap = new Uint8Array(nodes.length);
  for (const t of taps) if (t >= 0) isTap[component[t] - 1] = 1;
  for (const i of bad) isGone[i] = 1;
  const stack = bad;
  const drop = (j: number): void => {
    if (isGone[j]) return;
    const degree = DEGREE[left[j]];
    if (degree > 1 || (degree === 1 && isTap[j])) return;
    isGone[j] = 1;
    stack.push(j);
  };
  while (stack.length > 0) {
    const i = stack.pop() as number;
    for (let b = 0; b < LINKS.length; b++) {
      if (!(left[i] & LINKS[b])) continue;
      const j = component[neighbour(lattice, nodes[i], LINKS[b])] - 1;
      left[j] &= ~OPPOSITE[b];
      drop(j);
    }
    left[i] = 0;
  }
  const keep: number[] = [];
  for (let i = 0; i < nodes.length; i++) if (!isGone[i]) keep.push(i);
  const newTaps = taps.map((t) => (t >= 0 && !isGone[component[t] - 1] ? t : -1));
  for (let i = 0; i < nodes.length; i++) component[nodes[i]] = 0;
  return {
    nodes: Int32Array.from(keep, (i) => nodes[i]),
    links: Uint8Array.from(keep, (i) => left[i]),
    taps: newTaps,
  };
}
