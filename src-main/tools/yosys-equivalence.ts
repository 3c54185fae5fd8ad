/**
 * Proof by Yosys that two mapped netlists of one design are the same machine: cells become their functions from the
 * Liberty, points of the same name are paired, and each pair is proved equal by SAT on the logic between them and by
 * induction over time (`equiv_make`, `equiv_simple`, `equiv_induct`).
 */
import { IngotError } from '../base/diagnostic.ts';
import { runYosys, type YosysRunOptions } from './yosys-engine.ts';

export interface EquivalenceInput {
  readonly top: string;
  /** Mapped netlists as Verilog. */
  readonly gold: string;
  readonly gate: string;
  /** Functions of the cells. */
  readonly liberty: string;
}

export interface Equivalence {
  readonly isProved: boolean;
  /** Pairs of points, and those of them that were proved. */
  readonly points: number;
  readonly proved: number;
  readonly version: string;
}

/** Names that Yosys gave (`_0123_`) mean nothing across two netlists: the second one's are made others. */
const OWN_NAME = /(?<![\w$.])_(\d+)_(?![\w$])/g;

const half = (top: string, side: string): string[] => [
  'read_liberty -ignore_miss_func cells.lib',
  `read_verilog ${side}.v`,
  `prep -top ${top} -flatten`,
  'splitnets -ports',
  'opt_clean',
  `design -stash ${side}`,
];

const script = (top: string): string =>
  [
    ...half(top, 'gold'),
    ...half(top, 'gate'),
    `design -copy-from gold -as gold ${top}`,
    `design -copy-from gate -as gate ${top}`,
    'equiv_make gold gate both',
    'hierarchy -top both',
    'equiv_struct',
    'equiv_simple',
    'equiv_induct',
    'tee -o status.txt equiv_status',
    '',
  ].join('\n');

/**
 * A point that was not proved may be equal all the same: the answer is then not `different` but `not proved`. Throws
 * as runYosys; TOOL-027 when no points were paired, or the answer is not understood.
 */
export async function proveEquivalent(
  input: EquivalenceInput,
  options: YosysRunOptions = {},
): Promise<Equivalence> {
  const { top, gold, gate, liberty } = input;
  if (!/^[A-Za-z_]\w*$/.test(top)) throw unusable(`top module ${top} is no plain name`);
  const run = {
    script: script(top),
    files: [
      { name: 'cells.lib', text: liberty },
      { name: 'gold.v', text: gold },
      { name: 'gate.v', text: gate.replace(OWN_NAME, '_other_$1_') },
    ],
    outputs: ['status.txt'],
  };
  const { outputs, version } = await runYosys(run, options);
  return { ...parseStatus(outputs.get('status.txt')!), version };
}

/** Pure: `Found 12 $equiv cells in both:` and `Of those cells 12 are proven and 0 are unproven.` */
export function parseStatus(text: string): Omit<Equivalence, 'version'> {
  const found = /Found (\d+) \$equiv cells/.exec(text);
  const counts = /Of those cells (\d+) are proven and (\d+) are unproven/.exec(text);
  if (!found || !counts) throw unusable('its answer is not understood');
  const [points, proved, unproved] = [found[1], counts[1], counts[2]].map(Number) as [number, number, number];
  if (points === 0) throw unusable('no points were compared');
  return { isProved: unproved === 0 && proved === points, points, proved };
}

const unusable = (why: string): IngotError =>
  new IngotError('TOOL-027', `the proof of equivalence cannot be used: ${why}`, {
    place: 'yosys',
    remedy: 'see the log of Yosys',
  });
