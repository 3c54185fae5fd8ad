/** The views' data of the run that was looked at last: unpacked once, shared by layout and timing. */
import { unpack } from '../../../src-main/base/pack.ts';
import type { LayoutView } from '../../../src-main/base/layout-view.ts';
import type { TimingView } from '../../../src-main/base/timing-view.ts';
import { request } from '../../api/client.ts';

interface Kept {
  readonly key: string;
  readonly data: Promise<unknown>;
}
const kept = new Map<string, Kept>();

function load<T>(directory: string, run: number, view: 'layout' | 'timing'): Promise<T | null> {
  const key = `${run} ${directory}`;
  const known = kept.get(view);
  if (known?.key === key) return known.data as Promise<T | null>;
  const asked = performance.now();
  const data = request('run.view', { directory, run, view }).then((bytes) => {
    performance.measure(`${view}.read`, { start: asked });
    return bytes ? unpack<T>(bytes) : null;
  });
  // One run at a time: what was shown before may go. What could not be read is asked for again.
  kept.set(view, { key, data });
  const forget = (): void => {
    if (kept.get(view)?.data === data) kept.delete(view);
  };
  data.then((found) => found === null && forget(), forget);
  return data;
}

export const loadLayout = (directory: string, run: number): Promise<LayoutView | null> =>
  load<LayoutView>(directory, run, 'layout');
export const loadTiming = (directory: string, run: number): Promise<TimingView | null> =>
  load<TimingView>(directory, run, 'timing');
export const forgetViews = (): void => kept.clear();
