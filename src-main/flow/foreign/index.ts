/** Projects of other flows as projects of ours: OpenROAD-flow-scripts (`config.mk`) and LibreLane (JSON). */
import { basename } from 'node:path';
import { IngotError, type Diagnostic } from '../../base/diagnostic.ts';
import type { FileToImport } from '../../project/project-file.ts';
import { SETTINGS } from '../settings.ts';
import { DISK } from './disk.ts';
import { isLibreLane, readLibreLane } from './librelane.ts';
import { readOrfs } from './orfs.ts';
import { bundleRtl, packRtlBundle, type RtlFiles } from './rtl-bundle.ts';
import type { ForeignFormat, ImportRecord } from './types.ts';

export { readRtlBundle, type RtlBundle, type RtlFiles } from './rtl-bundle.ts';
export type { ForeignFormat, ImportRecord, KeyRecord } from './types.ts';

export interface ForeignProject {
  readonly name: string;
  /** Roles `rtl`, `constraints`, `import` and perhaps `def`. */
  readonly files: readonly FileToImport[];
  readonly settings: Readonly<Record<string, unknown>>;
  readonly record: ImportRecord;
  readonly diagnostics: readonly Diagnostic[];
}

/** By name and words; null when the file is of no other flow. FOREIGN-001 for a form of theirs that is not read. */
export function foreignFormat(path: string): ForeignFormat | null {
  if (path.endsWith('.mk')) return 'orfs';
  if (/(^|[/\\])config\.(tcl|ya?ml)$/.test(path))
    throw new IngotError('FOREIGN-001', 'of LibreLane, configurations in JSON are read', {
      place: path,
      remedy: 'take config.json, or resolved.json of a finished run',
    });
  if (!path.endsWith('.json')) return null;
  const text = DISK.readText(path);
  return text !== null && isLibreLane(text) ? 'librelane' : null;
}

/** Reads a project of another flow with all files it names. `kit`: map the design on this kit, whatever it was made for. */
export function readForeignProject(path: string, kit: string | null = null): ForeignProject {
  const options = { kit, kits: SETTINGS['kit.name'].values };
  if (!DISK.exists(path))
    throw new IngotError('FILE-001', 'there is no such file', { place: path, remedy: 'check the path' });
  const design =
    foreignFormat(path) === 'orfs' ? readOrfs(path, DISK, options) : readLibreLane(path, DISK, options);
  const { bundle, diagnostics } = bundleRtl(design, DISK);
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  const { sdc, def, record } = design;
  const files: FileToImport[] = [
    { role: 'rtl', path: `${design.top}.rtl.json`, bytes: packRtlBundle(bundle) },
    'path' in sdc
      ? { role: 'constraints', path: sdc.path }
      : { role: 'constraints', path: sdc.name, bytes: encode(sdc.text) },
    { role: 'import', path: 'import.json', bytes: encode(`${JSON.stringify(record, null, 2)}\n`) },
    ...(def === null ? [] : [{ role: 'def', path: def }]),
  ];
  const settings = { ...design.settings, 'netlist.top': design.top };
  return { name: design.top, files, settings, record, diagnostics: [...diagnostics, ...tell(record)] };
}

/** One message for each key that nothing was done about, and for those without a counterpart. */
export function tell(record: ImportRecord): Diagnostic[] {
  return record.keys.flatMap(({ key, value, place, verdict, note }): Diagnostic[] => {
    if (verdict === 'unknown')
      return [
        {
          code: 'FOREIGN-020',
          severity: 'warning',
          message: `${key} = ${short(value)} is not known here; nothing was done about it`,
          place,
        },
      ];
    if (verdict === 'ignored')
      return [
        {
          code: 'FOREIGN-021',
          severity: 'info',
          message: `${key} = ${short(value)} has no effect here: ${note}`,
          place,
        },
      ];
    return [];
  });
}

const short = (value: string): string => (value.length > 60 ? `${value.slice(0, 57)}...` : value);

/** Verilog files from the command line as one file of a project. */
export function rtlFile(files: RtlFiles): {
  file: FileToImport;
  top: string;
  diagnostics: readonly Diagnostic[];
} {
  const { bundle, diagnostics } = bundleRtl(files, DISK);
  const name = files.verilog.length === 1 ? basename(files.verilog[0]!) : bundle.top;
  return {
    file: { role: 'rtl', path: `${name}.rtl.json`, bytes: packRtlBundle(bundle) },
    top: bundle.top,
    diagnostics,
  };
}
