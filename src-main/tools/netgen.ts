/**
 * Netgen (`netgen-lvs`) as one more judge of layout versus schematic: it compares two netlists by their connections
 * and the names of the ports. It reads no layout: the netlist of the GDS is KLayout's.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IngotError } from '../base/diagnostic.ts';
import { findProgram } from './find-program.ts';
import { SPICE_TOP } from './reference-spice.ts';
import { describeVerdict, runToExit } from './runner/index.ts';

export interface NetgenResult {
  readonly isSame: boolean;
  readonly instances: number;
  readonly nets: number;
  /** Its last words on it. */
  readonly answer: string;
}

const TIME_LIMIT_MS = 600_000;

/**
 * Both are SPICE with the top circuit of reference-spice.ts. Writes its files into `workDir`. TOOL-046 no Netgen, -047 it failed or its
 * answer is not understood.
 */
export async function runNetgen(
  input: { readonly layout: string; readonly reference: string },
  workDir: string,
  signal?: AbortSignal,
): Promise<NetgenResult> {
  const command = findProgram('netgen');
  if (command === null)
    throw new IngotError('TOOL-046', 'Netgen is not on the PATH', {
      place: 'netgen',
      remedy: 'install the package netgen-lvs, or go without this check',
    });
  const job = {
    tool: 'netgen',
    command,
    args: [
      '-batch',
      'lvs',
      `layout.spice ${SPICE_TOP}`,
      `reference.spice ${SPICE_TOP}`,
      'setup.tcl',
      'answer.txt',
    ],
    folder: workDir,
    isShared: true,
    inputs: [
      { name: 'layout.spice', contents: input.layout },
      { name: 'reference.spice', contents: input.reference },
      // Cells are compared pin by pin and one by one: none may be swapped, and diodes side by side stay as many as they are.
      { name: 'setup.tcl', contents: '# nothing is permuted\nproperty parallel none\n' },
    ],
    outputs: ['answer.txt'],
    limits: { timeMs: TIME_LIMIT_MS },
    bundle: join(workDir, 'repro'),
  };
  const { end, log } = await runToExit(job, { signal });
  if (end.error) throw failed(workDir, describeVerdict(end.verdict));
  return parseNetgen(
    log,
    await readFile(join(workDir, 'answer.txt'), 'utf8'),
    [input.layout, input.reference].map((text) => text.match(/^X/gm)?.length ?? 0),
    workDir,
  );
}

/**
 * Pure: counts from what it says, the answer from the end of its report. It dissolves cells that only one side uses, and
 * ports of other names are nothing but a remark: `given`, the instances of both sides, and the remark are looked at.
 */
export function parseNetgen(
  log: string,
  report: string,
  given: readonly number[],
  place = 'netgen',
): NetgenResult {
  const counts = (what: string): number[] => {
    const found = new RegExp(`Circuit 1 contains (\\d+) ${what}, +Circuit 2 contains (\\d+) ${what}`).exec(
      log,
    );
    if (!found) throw failed(place, `it did not count the ${what}`);
    return [Number(found[1]), Number(found[2])];
  };
  const [instances, otherInstances] = counts('devices');
  const [nets, otherNets] = counts('nets');
  const answer = report.trimEnd().split('\n').at(-1) ?? '';
  const isSame =
    /^Circuits match (uniquely|correctly)\.$/.test(answer) &&
    /^Cell pin lists are equivalent\.$/m.test(report) &&
    !/\*\*Mismatch\*\*/.test(report) &&
    instances === given[0] &&
    otherInstances === given[1] &&
    instances === otherInstances &&
    nets === otherNets &&
    instances! > 0 &&
    nets! > 0;
  return { isSame, instances: instances!, nets: nets!, answer };
}

const failed = (place: string, why: string): IngotError =>
  new IngotError('TOOL-047', `Netgen: ${why}`, {
    place,
    remedy: 'see the files in that folder, or go without this check',
  });
