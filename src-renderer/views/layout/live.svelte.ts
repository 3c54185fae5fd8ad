/** The picture of the step at work, asked for again and again while a run goes on. */
import type { LivePicture } from '../../../src-main/base/live-picture.ts';
import { unpack } from '../../../src-main/base/pack.ts';
import { request } from '../../api/client.ts';

const ASK_MS = 400;

export class Live {
  picture = $state.raw<LivePicture | null>(null);
  #afterMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  /** Pictures of earlier runs are older than `startedAtMs`. */
  constructor(directory: string, startedAtMs: number) {
    this.#afterMs = startedAtMs;
    const ask = async (): Promise<void> => {
      try {
        const found = await request('run.live', { directory, afterMs: this.#afterMs });
        if (found && !this.#isOver) {
          this.#afterMs = found.madeAtMs;
          this.picture = unpack<LivePicture>(found.bytes);
        }
      } catch {
        // The next one tells.
      }
      if (!this.#isOver) this.#timer = setTimeout(() => void ask(), ASK_MS);
    };
    void ask();
  }

  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }
}
