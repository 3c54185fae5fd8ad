/**
 * Something asked of main that a view shows: the newest question's answer counts. Large answers are for this, not for
 * `{#await}`: Svelte 5.57 keeps what such a block waited for after the block is gone (in its list of untracked writes).
 */
import type { Diagnostic } from '../../src-main/base/diagnostic.ts';
import { troubleOf } from '../api/client.ts';

export class Loaded<T> {
  value = $state.raw<T | null>(null);
  trouble = $state.raw<Diagnostic | null>(null);
  isAsking = $state(false);
  /** Some answer came, or why there is none. */
  isAnswered = $state(false);
  #asked = 0;

  async ask(question: () => Promise<T>): Promise<void> {
    const mine = ++this.#asked;
    this.isAsking = true;
    try {
      const value = await question();
      if (mine !== this.#asked) return;
      this.value = value;
      this.trouble = null;
    } catch (error) {
      if (mine === this.#asked) this.trouble = troubleOf(error);
    } finally {
      if (mine === this.#asked) {
        this.isAsking = false;
        this.isAnswered = true;
      }
    }
  }
}
