import { describe, expect, test } from 'vitest';
import { didYouMean } from '../../src-main/base/did-you-mean.ts';
import {
  checkSettings,
  defaultSettings,
  parseAssignments,
  resolveSettings,
} from '../../src-main/flow/check-settings.ts';
import { checkFlow, planRun } from '../../src-main/flow/plan-run.ts';
import { SETTINGS } from '../../src-main/flow/settings.ts';
import { defineStep } from '../../src-main/flow/step.ts';
import { runToy, statuses, toyProject } from '../support/toy-project.ts';
import { FLOW } from '../support/toy-flow.ts';

const codeOf = (values: Record<string, unknown>): string | undefined =>
  checkSettings(values).complaints[0]?.code;

describe('settings', () => {
  test('the defaults are valid themselves', () => {
    expect(checkSettings(defaultSettings()).complaints).toEqual([]);
    expect(Object.keys(defaultSettings())).toEqual(Object.keys(SETTINGS));
  });

  test.each([
    ['unknown key', { 'chip.row': 4 }, 'SETTING-001'],
    ['key of the prototype', { constructor: 4 }, 'SETTING-001'],
    ['text for a number', { 'chip.rows': 'many' }, 'SETTING-002'],
    ['empty text for a number', { 'chip.rows': '' }, 'SETTING-002'],
    ['trailing blank', { 'chip.rows': '4 ' }, 'SETTING-002'],
    ['hexadecimal', { 'chip.rows': '0x4' }, 'SETTING-002'],
    ['fraction for a whole number', { 'chip.rows': 2.5 }, 'SETTING-002'],
    ['infinite', { 'chip.rows': Infinity }, 'SETTING-002'],
    ['number for a choice', { 'synthesis.tool': 4 }, 'SETTING-002'],
    ['text for a boolean', { 'chip.bake': 'maybe' }, 'SETTING-002'],
    ['null', { 'chip.bake': null }, 'SETTING-002'],
    ['too small', { 'floorplan.utilization': 0 }, 'SETTING-003'],
    ['too large', { 'floorplan.utilization': 0.95 }, 'SETTING-003'],
    ['not a choice', { 'synthesis.tool': 'docker' }, 'SETTING-003'],
    ['impossible together', { 'chip.columns': 4, 'chip.lanes': 8 }, 'SETTING-004'],
  ])('%s', (_name, values, code) => {
    expect(codeOf(values)).toBe(code);
    expect(checkSettings(values).complaints[0]?.remedy).toBeTruthy();
  });

  test('an unknown key gets the nearest one, all complaints are told', () => {
    const { complaints } = checkSettings({ 'chip.row': 4, 'place.sed': 'x', 'place.seed': -1 });
    expect(complaints.map((c) => [c.code, c.place, c.remedy])).toEqual([
      ['SETTING-001', 'chip.row', 'did you mean chip.rows?'],
      ['SETTING-001', 'place.sed', 'did you mean place.seed?'],
      ['SETTING-003', 'place.seed', expect.stringContaining('0 to 2147483647')],
    ]);
  });

  test('later layers win, text becomes values', () => {
    const settings = resolveSettings(
      { 'route.seed': 8, 'place.seed': 3 },
      parseAssignments(['route.seed=2', 'chip.bake=false', 'floorplan.utilization=.5']),
    );
    expect(settings).toMatchObject({
      'route.seed': 2,
      'place.seed': 3,
      'chip.bake': false,
      'floorplan.utilization': 0.5,
    });
    expect(() => parseAssignments(['chip.rows'])).toThrow('key=value');
  });

  test('nothing runs with a wrong setting', async () => {
    const project = toyProject();
    await expect(runToy(project, { settings: { 'chip.row': 4 } })).rejects.toMatchObject({
      diagnostic: { code: 'SETTING-001' },
    });
    expect(project.db.prepare('SELECT count(*) FROM runs').pluck().get()).toBe(0);
  });
});

test('did you mean', () => {
  expect(didYouMean('staus', ['status', 'report'])).toBe('status');
  expect(didYouMean('rows', ['chip.rows', 'chip.columns'])).toBe('chip.rows');
  expect(didYouMean('sattus', ['status'])).toBe('status');
  expect(didYouMean('completely-else', ['status', 'run'])).toBeUndefined();
});

describe('planning', () => {
  const code = (range: Parameters<typeof planRun>[1]): string => {
    try {
      planRun(FLOW, range);
      return 'fine';
    } catch (error) {
      return (error as { diagnostic: { code: string } }).diagnostic.code;
    }
  };
  test('ranges', () => {
    expect(code({})).toBe('fine');
    expect(code({ from: 'uper' })).toBe('FLOW-001');
    expect(code({ to: 'nothing' })).toBe('FLOW-001');
    expect(code({ from: 'mark', to: 'upper' })).toBe('FLOW-002');
  });

  test('a flow that does not fit together is our bug', () => {
    const step = (name: string, inputs: string[], outputs: string[]) =>
      defineStep({
        name,
        title: name,
        version: 1,
        inputs,
        outputs,
        settings: [],
        run: async () => undefined,
      });
    expect(() => checkFlow([step('a', [], ['x']), step('b', ['x'], ['y'])])).not.toThrow();
    expect(() => checkFlow([step('a', ['x'], ['x'])])).toThrow('no step makes it');
    expect(() => checkFlow([step('a', [], ['x']), step('b', [], ['x'])])).toThrow('earlier step');
    expect(() => checkFlow([step('a', [], ['x']), step('a', [], ['y'])])).toThrow('two steps');
  });

  test('what a step does not declare it cannot see', async () => {
    const project = toyProject();
    expect(Object.values(statuses(await runToy(project)))).not.toContain('failed');
    const missing = toyProject();
    missing.db.exec('DELETE FROM files');
    await expect(runToy(missing)).rejects.toMatchObject({ diagnostic: { code: 'FLOW-003' } });
  });
});
