/** What is read of a project of another flow, before it becomes a project of ours. */

/** A setting of the other flow as it stands in its file. */
export interface ForeignValue {
  readonly key: string;
  readonly value: string;
  /** `file:line`. */
  readonly place: string;
}

export type ForeignFormat = 'orfs' | 'librelane';

/**
 * What became of a key. `taken`: it is a file, a name or a setting here. `met`: it holds here without a setting.
 * `ignored`: understood and without a counterpart. `unknown`: not understood; nothing was done about it.
 */
export type KeyVerdict = 'taken' | 'met' | 'ignored' | 'unknown';

export interface KeyRecord extends ForeignValue {
  readonly verdict: KeyVerdict;
  /** What it became, or why nothing. */
  readonly note: string;
}

/** Kept in the project under the role `import` and written beside the results. */
export interface ImportRecord {
  readonly format: ForeignFormat;
  /** Base name of the file. */
  readonly file: string;
  readonly design: string;
  readonly variant: string;
  readonly keys: readonly KeyRecord[];
}

/** Paths as the other flow names them, resolved to where the files are. */
export interface ForeignDesign {
  readonly top: string;
  readonly verilog: readonly string[];
  readonly includeDirs: readonly string[];
  /** `NAME` or `NAME=value`. */
  readonly defines: readonly string[];
  /** Path of the constraints, or their text where the flow makes them itself. */
  readonly sdc: { readonly path: string } | { readonly text: string; readonly name: string };
  readonly def: string | null;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly record: ImportRecord;
}

/** How the readers see the disk. */
export interface ForeignDisk {
  /** null when there is no such file. */
  readText(path: string): string | null;
  /** Absolute paths that match a pattern of *, ? and ** in its last parts, sorted. */
  glob(pattern: string): readonly string[];
  exists(path: string): boolean;
}
