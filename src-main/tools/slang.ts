/**
 * SystemVerilog read by slang (M. Popoloski, https://sv-lang.com) through yosys-slang's `read_slang` (M. Povišer): packages,
 * interfaces, structs and the rest of IEEE 1800-2017 that Yosys's own reader does not know. The elaborated design goes on
 * to the mapper as plain Verilog: RTLIL holds for one version of Yosys only. Native where it can, else WebAssembly.
 */
import { stripVTControlCharacters } from 'node:util';
import { IngotError, type Diagnostic } from '../base/diagnostic.ts';
import type { SourceFile } from '../stages/rtl/types.ts';
import { findTool, toolVersion } from './registry/index.ts';
import { slangDiagnostics } from './slang-messages.ts';
import { runYosys, type YosysEngine, type YosysRun, type YosysRunOptions } from './yosys-engine.ts';

/** `auto`: slang where a file is SystemVerilog by its name. */
export type Frontend = 'auto' | 'yosys' | 'slang';

export interface SlangInput {
  readonly top: string;
  readonly sources: readonly SourceFile[];
  /** False keeps modules apart where slang can. */
  readonly flatten: boolean;
}

export interface Elaborated {
  /** The whole design in one file of plain Verilog; `src` attributes name the lines of the sources. */
  readonly source: SourceFile;
  readonly engine: YosysEngine;
  readonly version: string;
  /** What slang warns of, code SLANG-001, place `file:line:column` of the source. */
  readonly warnings: readonly Diagnostic[];
}

const OUTPUT = 'elaborated.v';

export const wantsSlang = (frontend: Frontend, sources: readonly Pick<SourceFile, 'name'>[]): boolean =>
  frontend === 'slang' || (frontend === 'auto' && sources.some(({ name }) => /\.svh?$/i.test(name)));

/** Who would read, for the key of a cache. */
export async function slangVersion(tool: YosysRunOptions['tool'] = 'auto'): Promise<string> {
  if (await isNative(tool)) return (await toolVersion('yosys'))!;
  const { version } = await import('yosys-slang');
  return `@yowasp/yosys ${version}`;
}

/** A native Yosys that can; `native` asks for the mapper, and most builds lack slang. */
const isNative = async (tool: YosysRunOptions['tool']): Promise<boolean> =>
  tool !== 'wasm' && (await findTool('yosys')).capabilities.includes('read_slang');

/** Throws SLANG-002 what is wrong in the sources, with file, line and column; else as runYosys. */
export async function elaborate(input: SlangInput, options: YosysRunOptions): Promise<Elaborated> {
  const tool: YosysEngine = (await isNative(options.tool)) ? 'native' : 'wasm';
  const messages = slangDiagnostics();
  const onLine = (said: string): void => {
    // slang colours what it says, whoever reads it.
    const line = stripVTControlCharacters(said);
    messages.read(line);
    options.onLine?.(line);
  };
  try {
    const { outputs, engine, version } = await runYosys(slangRun(input), {
      ...options,
      tool,
      build: 'slang',
      onLine,
    });
    const source = { name: `${input.top}.v`, text: outputs.get(OUTPUT)! };
    return { source, engine, version, warnings: messages.warnings() };
  } catch (error) {
    const wrong = messages.errors();
    if (!(error instanceof IngotError && error.diagnostic.code === 'TOOL-021') || wrong.length === 0)
      throw error;
    throw new IngotError('SLANG-002', wrong.map(({ message }) => message).join('; '), {
      place: wrong[0]!.place!,
      remedy: 'correct the source; synthesis.frontend = yosys tries the reader of Yosys instead',
    });
  }
}

function slangRun({ top, sources, flatten }: SlangInput): YosysRun {
  if (!/^[A-Za-z_]\w*$/.test(top))
    throw new IngotError('NETLIST-040', `"${top}" cannot stand in a synthesis script`, {
      place: 'netlist.top',
      remedy: 'name a module of letters, digits and _ as the top',
    });
  const files = sources.map(({ name, text }, i) => ({
    name: `${i}.sv`,
    // slang speaks of the file by the name that the user gave it.
    text: `\`line 1 "${name.replace(/["\\\n]/g, '_')}" 0\n${text}`,
  }));
  const read = [
    'read_slang',
    // There are no threads in WebAssembly; what is read does not depend on them.
    '--threads 1',
    `--top ${top}`,
    // As other synthesis tools are: warnings for what the standard forbids and everybody writes.
    '--compat vcs',
    '--ignore-assertions',
    ...(flatten ? [] : ['--best-effort-hierarchy']),
    ...files.map((file) => file.name),
  ];
  const script = [
    read.join(' '),
    `hierarchy -check -top ${top}`,
    'delete t:$scopeinfo t:$print t:$check',
    `write_verilog ${OUTPUT}`,
    '',
  ].join('\n');
  return { script, files, outputs: [OUTPUT] };
}
