/** Names by index, decoded when first asked; search over a million of them in one pass. */
export class Names {
  readonly #bytes: Uint8Array;
  #list: readonly string[] | null = null;
  #index: Map<string, number> | null = null;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get list(): readonly string[] {
    this.#list ??= this.#bytes.length === 0 ? [] : new TextDecoder().decode(this.#bytes).split('\n');
    return this.#list;
  }

  of(index: number): string {
    return this.list[index] ?? '';
  }

  find(name: string): number {
    this.#index ??= new Map(this.list.map((n, i) => [n, i]));
    return this.#index.get(name) ?? -1;
  }
}

export interface Found {
  readonly kind: 'cell' | 'net' | 'port' | 'module';
  readonly index: number;
  readonly name: string;
}

/** Exact matches first, then names that start with the text, then names that hold it; `*` stands for anything. */
export function search(
  text: string,
  lists: readonly { readonly kind: Found['kind']; readonly names: readonly string[] }[],
  max: number,
): { readonly found: readonly Found[]; readonly total: number } {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return { found: [], total: 0 };
  const pattern = wanted.includes('*')
    ? new RegExp(
        `^${wanted
          .split('*')
          .map((s) => s.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
          .join('.*')}$`,
      )
    : null;
  const ranks: Found[][] = [[], [], []];
  let total = 0;
  for (const { kind, names } of lists)
    names.forEach((name, index) => {
      const lower = name.toLowerCase();
      const at = pattern ? (pattern.test(lower) ? 0 : -1) : lower.indexOf(wanted);
      if (at < 0) return;
      total++;
      const rank = lower === wanted ? 0 : at === 0 ? 1 : 2;
      if (ranks[rank].length < max) ranks[rank].push({ kind, index, name });
    });
  return { found: ranks.flat().slice(0, max), total };
}
