/** Slacks in bins of a round width, stacked by path group. */
export interface Bins {
  readonly firstPs: number;
  readonly stepPs: number;
  readonly groups: number;
  /** [bins * groups] */
  readonly counts: Int32Array;
}

export function slackBins(slacks: Float32Array, group: Uint8Array, groups: number, binsMax = 40): Bins {
  let [low, high] = [Infinity, -Infinity];
  for (const s of slacks) {
    if (s < low) low = s;
    if (s > high) high = s;
  }
  if (low > high) return { firstPs: 0, stepPs: 1, groups, counts: new Int32Array(groups) };
  const raw = Math.max(1, (high - low) / binsMax);
  const power = 10 ** Math.floor(Math.log10(raw));
  const stepPs = ([1, 2, 5, 10].find((m) => m * power >= raw) ?? 10) * power;
  // Zero lies between two bins, so that a bin is met or missed as a whole.
  const first = Math.floor(low / stepPs);
  const bins = Math.floor(high / stepPs) - first + 1;
  const counts = new Int32Array(bins * groups);
  slacks.forEach((s, e) => {
    if (!Number.isNaN(s)) counts[(Math.floor(s / stepPs) - first) * groups + group[e]]++;
  });
  return { firstPs: first * stepPs, stepPs, groups, counts };
}
