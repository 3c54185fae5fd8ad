import { NO_SLACK } from './types.ts';
import type { SlackSummary } from './types.ts';

export function summarize(slacks: Iterable<number>): SlackSummary {
  let worstSlackPs = NO_SLACK;
  let tnsPs = 0;
  let violatingEndpoints = 0;
  for (const s of slacks) {
    if (s < worstSlackPs) worstSlackPs = s;
    if (s >= 0) continue;
    tnsPs += s;
    violatingEndpoints++;
  }
  if (worstSlackPs === NO_SLACK) worstSlackPs = 0;
  return { worstSlackPs, wnsPs: Math.min(worstSlackPs, 0), tnsPs, violatingEndpoints };
}
