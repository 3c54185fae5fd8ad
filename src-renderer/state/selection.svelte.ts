/** What is chosen in one view and shown in all: the cross-probe. One for the window. */
export type SelectionKind = 'layer' | 'block' | 'cell' | 'net' | 'path';
export interface Selected {
  readonly kind: SelectionKind;
  /** Of a layer its name in the program, of a block, cell or net its path, of a path its number. */
  readonly id: string;
  /** Path of the block that a cell is in. */
  readonly block?: string;
}

class Selection {
  current = $state.raw<Selected | null>(null);
  select(kind: SelectionKind, id: string, block?: string): void {
    this.current = { kind, id, ...(block !== undefined && { block }) };
  }
  clear(): void {
    this.current = null;
  }
  is(kind: SelectionKind, id: string): boolean {
    return this.current?.kind === kind && this.current.id === id;
  }
}
export const selection = new Selection();
