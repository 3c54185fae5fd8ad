/**
 * Verilog of a design as one file of a project (role `rtl`): each source with its includes and definitions written
 * into it, so that no path outside the project is left. `line directives keep the files' own lines in messages.
 */
import { basename, dirname, resolve } from 'node:path';
import { z } from 'zod';
import { IngotError, type Diagnostic } from '../../base/diagnostic.ts';
import type { ForeignDisk } from './types.ts';

export interface RtlBundle {
  readonly top: string;
  readonly sources: readonly { readonly name: string; readonly text: string }[];
}

const Shape = z.object({
  top: z.string(),
  sources: z.array(z.object({ name: z.string(), text: z.string() })).min(1),
});

export interface RtlFiles {
  /** Empty: the only module that no other names. */
  readonly top: string;
  readonly verilog: readonly string[];
  readonly includeDirs: readonly string[];
  readonly defines: readonly string[];
}

const INCLUDE_DEPTH_MAX = 30;

/** FOREIGN-006 a file is missing, is no Verilog, or no top module is to be told; FOREIGN-007 a definition has no name. */
export function bundleRtl(
  files: RtlFiles,
  disk: ForeignDisk,
): { bundle: RtlBundle; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const prologue = files.defines.map(defineLine).join('');
  if (files.verilog.length === 0) throw noRtl('the design names no Verilog file', files.top);
  const sources = files.verilog.map((path) => {
    const text = disk.readText(path);
    if (text === null) throw noRtl('there is no such Verilog file', path);
    if (/\.(vhd|vhdl)$/i.test(path)) throw noRtl('VHDL is not read', path);
    const name = basename(path);
    const body = inline(text, path, files.includeDirs, disk, diagnostics, 0);
    return { name, text: prologue === '' && body === text ? text : `${prologue}${lineMark(name, 1)}${body}` };
  });
  const top = files.top === '' ? onlyTop(sources.map((s) => s.text)) : files.top;
  if (!sources.some((s) => modulesOf(s.text).includes(top)))
    throw noRtl(`no file has a module ${top}`, files.verilog.map((f) => basename(f)).join(', '));
  // A header that many files include is told of once.
  const told = new Map(diagnostics.map((d) => [`${d.place} ${d.message}`, d]));
  return { bundle: { top, sources }, diagnostics: [...told.values()] };
}

/** FOREIGN-006 when the bytes are no bundle. */
export function readRtlBundle(bytes: Uint8Array): RtlBundle {
  try {
    return Shape.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw new IngotError('FOREIGN-006', 'the RTL of the project cannot be read', {
      place: 'rtl',
      remedy: 'import the design again',
      cause,
    });
  }
}

export const packRtlBundle = (bundle: RtlBundle): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify(bundle, null, 1)}\n`);

const noRtl = (message: string, place: string): IngotError =>
  new IngotError('FOREIGN-006', message, {
    place,
    remedy: 'name all Verilog files of the design, and its top module where several could be it',
  });

/** `NAME` or `NAME=value`, also as -DNAME=value. */
function defineLine(given: string): string {
  const match = /^(?:-D)?\s*([A-Za-z_]\w*)(?:=([^\n]*))?$/.exec(given.trim());
  if (!match)
    throw new IngotError('FOREIGN-007', `"${given}" defines no Verilog macro`, {
      place: 'VERILOG_DEFINES',
      remedy: 'write NAME or NAME=value',
    });
  return `\`define ${match[1]} ${match[2] ?? '1'}\n`;
}

/** Yosys takes no blanks in the name. */
const lineMark = (name: string, line: number): string => `\`line ${line} "${name.replace(/\s/g, '_')}" 0\n`;

/** `include replaced by what it names; one that is nowhere is left, as it may stand in a branch that is not taken. */
function inline(
  text: string,
  path: string,
  includeDirs: readonly string[],
  disk: ForeignDisk,
  diagnostics: Diagnostic[],
  depth: number,
): string {
  if (!text.includes('`include')) return text;
  if (depth > INCLUDE_DEPTH_MAX) throw noRtl('the file includes itself', path);
  const name = basename(path);
  let isComment = false;
  return text
    .split('\n')
    .map((line, i) => {
      const { code, endsInside } = withoutComments(line, isComment);
      const wasComment = isComment;
      isComment = endsInside;
      const match = wasComment ? null : /^\s*`include\s+"([^"]+)"\s*$/.exec(code);
      if (!match) return line;
      const found = [dirname(path), ...includeDirs]
        .map((folder) => resolve(folder, match[1]!))
        .find((p) => disk.exists(p));
      if (found === undefined) {
        diagnostics.push({
          code: 'FOREIGN-010',
          severity: 'warning',
          message: `the included file ${match[1]} is not there; the line was left`,
          place: `${name}:${i + 1}`,
          remedy: 'name its folder among the include folders',
        });
        return line;
      }
      const inner = inline(disk.readText(found) ?? '', found, includeDirs, disk, diagnostics, depth + 1);
      return `${lineMark(basename(found), 1)}${inner.replace(/\n?$/, '\n')}${lineMark(name, i + 2).trimEnd()}`;
    })
    .join('\n');
}

function withoutComments(line: string, isInside: boolean): { code: string; endsInside: boolean } {
  let code = '';
  let inside = isInside;
  for (let i = 0; i < line.length; i++) {
    if (inside) {
      if (line.startsWith('*/', i)) {
        inside = false;
        i++;
      }
    } else if (line.startsWith('//', i)) break;
    else if (line.startsWith('/*', i)) {
      inside = true;
      i++;
    } else code += line[i];
  }
  return { code, endsInside: inside };
}

const bare = (text: string): string =>
  text
    .replace(/\/\*[^]*?\*\//g, ' ')
    .replace(/\/\/[^\n]*/g, '')
    .replace(/"(\\.|[^"\\\n])*"/g, '""')
    .replace(/\bendmodule\s*:\s*[\w$]+/g, 'endmodule');

const modulesOf = (text: string): string[] =>
  [...bare(text).matchAll(/\bmodule\s+(?:automatic\s+|static\s+)?([A-Za-z_][\w$]*)/g)].map((m) => m[1]!);

function onlyTop(texts: readonly string[]): string {
  const names = [...new Set(texts.flatMap(modulesOf))];
  const all = texts.map(bare).join('\n');
  // A module that is named nowhere but where it is described is instanced by none.
  const tops = names.filter(
    (name) =>
      [...all.matchAll(new RegExp(`(?<![\\w$])${name.replace(/\$/g, '\\$')}(?![\\w$])`, 'g'))].length === 1,
  );
  const found = tops.length > 0 ? tops : names.length === 1 ? names : [];
  if (found.length === 1) return found[0]!;
  throw noRtl(
    found.length === 0
      ? 'no top module was found'
      : `the top module could be ${found.slice(0, 5).join(', ')}`,
    'top module',
  );
}
