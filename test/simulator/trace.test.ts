/** Traces read back: what they say is when the clock says it happened. */
import { describe, expect, it } from 'vitest';
import { TOKENS } from '../../src-main/stages/chip/index.ts';
import { simulate, timeProgram, traceProgram } from '../../src-main/stages/simulator/index.ts';
import { randomCases } from '../support/random-cases.ts';
import { RANDOM_CHIPS } from '../support/random-chips.ts';

/** A reader of value change dumps: per signal `scope.name`, its changes. */
function readVcd(text: string): Map<string, [cycle: number, value: number][]> {
  const signals = new Map<string, [number, number][]>();
  const byId = new Map<string, [number, number][]>();
  const scopes: string[] = [];
  let now = -1;
  for (const line of text.trim().split('\n')) {
    const words = line.split(' ');
    if (words[0] === '$scope') scopes.push(words[2]!);
    else if (words[0] === '$upscope') scopes.pop();
    else if (words[0] === '$var') {
      const changes: [number, number][] = [];
      expect(byId.has(words[3]!)).toBe(false);
      byId.set(words[3]!, changes);
      signals.set(`${scopes.at(-1)}.${words[4]}`, changes);
    } else if (line.startsWith('#')) {
      expect(Number(line.slice(1))).toBeGreaterThan(now);
      now = Number(line.slice(1));
    } else if (line.startsWith('b')) byId.get(words[1]!)!.push([now, parseInt(words[0]!.slice(1), 2)]);
    else if (/^[01]/.test(line)) byId.get(line.slice(1))!.push([now, Number(line[0])]);
    else expect(line).toMatch(/^\$/);
  }
  expect(scopes).toEqual([]);
  return signals;
}

/** Cycles in which the signal is not 0. */
function activeCycles(changes: readonly [number, number][], end: number): number {
  return changes.reduce((n, [at, v], i) => n + (v === 0 ? 0 : (changes[i + 1]?.[0] ?? end) - at), 0);
}

describe.each(RANDOM_CHIPS.slice(0, 6).map((chip, i) => ({ chip, i })))('traces of chip $i', ({ chip }) => {
  const cases = randomCases(chip, 12, 900);

  it('as value changes: engines are busy for as long as they work, tokens and queues end empty', () => {
    for (const { program, gaps } of cases) {
      const { text, isCut, cycles } = traceProgram(program, chip, { format: 'vcd', inferences: 2 }, { gaps });
      const timing = timeProgram(program, chip, { gaps });
      const signals = readVcd(text);
      expect(isCut).toBe(false);
      const layers = timing.layers.reduce((n, l) => n + l.cycles, 0);
      expect(activeCycles(signals.get('exec.busy')!, cycles)).toBe(2 * layers);
      const quiet = [...TOKENS.map((t) => `tokens.${t}`), 'load.queued', 'exec.queued', 'store.queued'];
      for (const name of [...quiet, 'load.busy', 'exec.busy', 'store.busy'])
        expect(signals.get(name)!.at(-1)![1], name).toBe(0);
      expect(signals.get('sequencer.pass')!.at(-1)![1]).toBe(2);
      for (const [name, changes] of signals)
        if (name.endsWith('queued'))
          for (const [, value] of changes) expect(value).toBeLessThanOrEqual(chip.queueDepth);
    }
  });

  it('as events: one a piece of work, none of an engine over another, tokens in order', () => {
    for (const { program, gaps } of cases) {
      const { text } = traceProgram(program, chip, { format: 'events' }, { gaps });
      const { traceEvents } = JSON.parse(text) as {
        traceEvents: {
          ph: string;
          tid: number;
          ts: number;
          dur: number;
          id: string;
          args: { account?: object };
        }[];
      };
      const spans = traceEvents.filter((e) => e.ph === 'X');
      for (const tid of [0, 1, 2]) {
        const own = spans.filter((e) => e.tid === tid);
        own.slice(1).forEach((e, i) => expect(e.ts).toBeGreaterThanOrEqual(own[i]!.ts + own[i]!.dur));
      }
      expect(spans.filter((e) => e.args.account).length).toBe(program.layers.length);
      for (const from of traceEvents.filter((e) => e.ph === 's')) {
        const to = traceEvents.find((e) => e.ph === 'f' && e.id === from.id)!;
        expect(to.ts).toBeGreaterThan(from.ts);
      }
    }
  });
});

describe('trace option', () => {
  const { program, inputs } = randomCases(RANDOM_CHIPS[1]!, 1, 900)[0]!;
  it('of simulate is bounded and says when it is cut', () => {
    const short = simulate(program, program.chip, inputs, { trace: { format: 'vcd', most: 5 } }).trace!;
    expect(short.isCut).toBe(true);
    expect(short.text.length).toBeLessThan(4000);
    readVcd(short.text);
    expect(simulate(program, program.chip, inputs).trace).toBeUndefined();
    const events = simulate(program, program.chip, inputs, { trace: { format: 'events', most: 1 } }).trace!;
    expect(events.isCut).toBe(true);
  });
});
