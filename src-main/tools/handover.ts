/**
 * "Open in ...": the command line with which a program of the user's shows what a run exported. No shell; the program
 * goes on when Ingot ends.
 */
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IngotError } from '../base/diagnostic.ts';
import { findProgram } from './find-program.ts';

export const VIEWERS = ['klayout', 'gtkwave', 'surfer', 'openroad'] as const;
export type Viewer = (typeof VIEWERS)[number];

export interface HandoverInput {
  readonly viewer: Viewer;
  /** A folder with exported files; small files for the viewer may be added. */
  readonly folder: string;
  /** LEF files that a DEF needs, technology first. */
  readonly lefs?: readonly string[];
}

export interface Handover {
  readonly command: string;
  readonly args: readonly string[];
}

const WAVES = ['waves.fst', 'waves.vcd', 'trace.vcd', 'chip.vcd'];

/** Files of which each shows one. */
const SHOWN: Readonly<Record<Viewer, readonly string[]>> = {
  klayout: ['chip.gds'],
  gtkwave: WAVES,
  surfer: WAVES,
  openroad: ['chip.def'],
};

/** The viewers that are on this machine and find something to show among these files. */
export const viewersOf = (files: ReadonlySet<string>): readonly Viewer[] =>
  VIEWERS.filter((viewer) => SHOWN[viewer].some((name) => files.has(name)) && findProgram(viewer) !== null);

/** TOOL-070 the viewer is not there, -071 the run has nothing for it. */
export function handover(input: HandoverInput): Handover {
  const command = findProgram(input.viewer);
  if (command === null)
    throw new IngotError('TOOL-070', `${input.viewer} was not found`, {
      place: input.viewer,
      remedy: `install ${input.viewer}, or tell where it is: ingot doctor --tool ${input.viewer}=PATH`,
    });
  return { command, args: argsFor(input) };
}

function argsFor({ viewer, folder, lefs = [] }: HandoverInput): string[] {
  const file = (name: string): string => join(folder, name);
  const required = (names: readonly string[]): string => {
    const name = names.find((candidate) => existsSync(file(candidate)));
    if (name !== undefined) return file(name);
    throw new IngotError('TOOL-071', `${viewer} has nothing to show: there is no ${names.join(', no ')}`, {
      place: folder,
      remedy: 'run the steps that make it, then open again',
    });
  };
  const ifThere = (name: string, option: string): string[] =>
    existsSync(file(name)) ? [option, file(name)] : [];
  switch (viewer) {
    case 'klayout':
      // -l takes layer properties, -m marks.
      return [required(SHOWN[viewer]), ...ifThere('klayout.lyp', '-l'), ...ifThere('drc.lyrdb', '-m')];
    case 'gtkwave':
    case 'surfer':
      return [required(SHOWN[viewer])];
    case 'openroad': {
      const def = required(SHOWN[viewer]);
      const script = file('open-openroad.tcl');
      writeFileSync(script, [...lefs.map((lef) => `read_lef {${lef}}`), `read_def {${def}}`, ''].join('\n'));
      return ['-gui', '-no_init', script];
    }
  }
}

/** Starts it on its own; TOOL-072 when it cannot be started. */
export async function openDetached({ command, args }: Handover): Promise<void> {
  const child = spawn(command, args, { detached: true, stdio: 'ignore', shell: false });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) =>
      reject(
        new IngotError('TOOL-072', `${command} could not be started: ${String(cause)}`, {
          place: command,
          remedy: 'run `ingot doctor`',
          cause,
        }),
      ),
    );
  });
  child.unref();
}
