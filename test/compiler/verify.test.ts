/** The judge of programs on every mode: a change of one field is found or changes no answer; false certificates fall. */
import { describe, expect, test } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import { chipOfShape, decode, encode, type Chip } from '../../src-main/stages/chip/index.ts';
import {
  compilePlan,
  unpackOutputs,
  verifyProgram,
  type EngineSegment,
  type Program,
  type ScheduleRecord,
} from '../../src-main/stages/compiler/index.ts';
import { simulate } from '../../src-main/stages/simulator/index.ts';
import { randomNet } from '../support/random-nets.ts';

function programOf(seed: number, chip: Chip): Program | undefined {
  const plan = compilePlan(randomNet(seed, { engineOnly: true }), chip);
  return plan.segments.find((s): s is EngineSegment => s.kind === 'engine')?.program;
}

/** Fields that set the arithmetic of a legal program, not its legality. */
const FREE = new Set([
  ...['zeroPoint', 'clampLo', 'clampHi', 'padByte', 'tag', 'weight', 'param', 'zero1', 'zero2', 'rnd'],
]);

describe('verifyProgram', () => {
  const chips: readonly [string, Chip][] = [
    ['depthwise, additions, queues', { ...chipOfShape(2, 4, 4), activationBytes: 4096 }],
    ['macros, no queues', { ...chipOfShape(3, 8, 2), activationBytes: 8192, memory: 'macro', queueDepth: 0 }],
    [
      'weights from the stream',
      { ...chipOfShape(2, 4, 2), activationBytes: 4096, weightWords: 150, parameterBlocks: 8 },
    ],
  ];
  test.for(chips)('%s: no change of a field that changes an answer passes', ([, chip]) => {
    const random = makeRng(5);
    let found = 0;
    let tried = 0;
    for (let seed = 0; seed < 16; seed++) {
      const program = programOf(seed, chip);
      if (!program) continue;
      const input = Int8Array.from({ length: program.inputBytes }, () => Math.floor(random() * 256) - 128);
      const valuesOf = (p: Program): Int8Array[] =>
        unpackOutputs(program.outputs, simulate(p, chip, [input]).outputs[0]!);
      const want = valuesOf(program);
      for (let i = 0; i < 20; i++) {
        const mutant = mutate(program, random);
        if (!mutant) continue;
        tried++;
        if (verifyProgram(mutant.program, chip).diagnostics.length > 0) {
          found++;
          continue;
        }
        expect(valuesOf(mutant.program), `${seed}: ${mutant.what}`).toEqual(want);
      }
    }
    expect(found).toBeGreaterThan(tried / 2);
  });

  test('races: a token less is found wherever it orders anything', () => {
    let found = 0;
    for (let seed = 0; seed < 8; seed++)
      for (const [, chip] of chips) {
        const program = programOf(seed, chip);
        if (!program) continue;
        const instructions = decode(program.words);
        instructions.forEach((x, at) => {
          if (x.wait === 0) return;
          const producer = instructions.findLastIndex((y, i) => i < at && (y.signal & x.wait) !== 0);
          const loose = instructions.map((y, i) =>
            i === at ? { ...y, wait: 0 } : i === producer ? { ...y, signal: y.signal & ~x.wait } : y,
          );
          const codes = verifyProgram({ ...program, words: encode(loose) }, chip).diagnostics.map(
            (d) => d.code,
          );
          expect(codes, `${seed}: ${x.op} ${at}`).toContain('VERIFY-104');
          found++;
        });
      }
    expect(found).toBeGreaterThan(40);
  });

  test('a certificate that hides something cheaper is refused', () => {
    const chip = chipOfShape(4, 16);
    const program = programOf(4, chip)!;
    const refused = (schedule: Partial<ScheduleRecord>, more: Partial<Program> = {}): boolean =>
      verifyProgram(
        { ...program, ...more, schedule: { ...program.schedule, ...schedule } },
        chip,
      ).diagnostics.some((d) => d.code === 'VERIFY-116');
    expect(refused({})).toBe(false);
    const { variants, groups, chosen } = program.schedule;
    const cheaper = { ...variants[chosen]!.cycles!, latency: 1 };
    expect(
      refused({ variants: [...variants, { name: 'x', by: 'cycles', cycles: cheaper, reason: null }] }),
    ).toBe(true);
    const [first, ...rest] = groups;
    const own = first!.candidates[first!.chosen]!;
    const hidden = { ...first!, candidates: [...first!.candidates, { ...own, cycles: own.cycles - 1 }] };
    expect(refused({ groups: [hidden, ...rest] })).toBe(true);
    const dearer = { ...first!, candidates: first!.candidates.map((c) => ({ ...c, cycles: c.cycles + 1 })) };
    expect(refused({ groups: [dearer, ...rest] })).toBe(true);
    expect(refused({}, { layers: program.layers.slice(1) })).toBe(true);
  });
});

/** The program with one field of one instruction changed by one; undefined if it does not fit its field. */
function mutate(program: Program, random: () => number): { program: Program; what: string } | undefined {
  const instructions = decode(program.words).map((x) => ({ ...x, fields: { ...x.fields } }));
  const target = instructions[Math.floor(random() * instructions.length)]!;
  const names = Object.keys(target.fields).filter((n) => !FREE.has(n));
  const name = names[Math.floor(random() * names.length)];
  if (name === undefined) return undefined;
  target.fields[name] = target.fields[name]! + (random() < 0.5 ? 1 : -1);
  try {
    const what = `${target.op}.${name} to ${target.fields[name]} in ${instructions.indexOf(target)}`;
    return { program: { ...program, words: encode(instructions) }, what };
  } catch {
    return undefined;
  }
}
