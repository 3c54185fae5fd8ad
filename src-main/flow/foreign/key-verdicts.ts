import type { KeyVerdict } from './types.ts';

export interface Verdict {
  readonly verdict: KeyVerdict;
  /** What the key became, or why nothing. */
  readonly note: string;
}

type Notes = Readonly<Record<string, string>>;

/** What becomes of each key of a project: said while it is read, else by tables, else it is unknown. */
export class KeyVerdicts {
  readonly #said = new Map<string, Verdict>();
  readonly #met: Notes;
  readonly #ignored: Notes;

  /** Key to note: what holds here without a setting, and what is understood and has no counterpart. */
  constructor(met: Notes, ignored: Notes) {
    this.#met = met;
    this.#ignored = ignored;
  }

  taken(key: string, note: string): void {
    this.#said.set(key, { verdict: 'taken', note });
  }

  ignored(key: string, note: string): void {
    this.#said.set(key, { verdict: 'ignored', note });
  }

  /** `otherwise`: what else may be known of a key that is in no table. */
  of(key: string, otherwise: (key: string) => Verdict | null): Verdict {
    const said = this.#said.get(key);
    if (said) return said;
    if (Object.hasOwn(this.#met, key)) return { verdict: 'met', note: this.#met[key]! };
    if (Object.hasOwn(this.#ignored, key)) return { verdict: 'ignored', note: this.#ignored[key]! };
    return otherwise(key) ?? { verdict: 'unknown', note: 'not known here; nothing was done about it' };
  }
}
