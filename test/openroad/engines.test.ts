/** Where OpenROAD's steps stand in a flow, and what is said when it is not there. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { FLOW, createProject, pnrFlow, previewRun, runFlow } from '../../src-main/flow/index.ts';
import { checkFlow } from '../../src-main/flow/plan-run.ts';
import { OPENROAD_STEPS, withEngines } from '../../src-main/flow/steps/openroad/index.ts';
import { exampleFolder } from '../../src-main/tools/own-files.ts';
import { codeOf } from '../support/code-of.ts';

const folder = mkdtempSync(join(tmpdir(), 'ingot-openroad-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

const engines = (place: string, route: string) => ({ 'place.engine': place, 'route.engine': route });
const namesOf = (place: string, route: string): string[] =>
  withEngines(pnrFlow('size'), engines(place, route)).map((s) => s.name);

test('every mix is a sound flow, of the product and of a netlist', () => {
  for (const flow of [FLOW, pnrFlow('size')])
    for (const place of ['ingot', 'openroad'])
      for (const route of ['ingot', 'openroad'])
        expect(() => checkFlow(withEngines(flow, engines(place, route)))).not.toThrow();
  expect(() => checkFlow(withEngines(pnrFlow('route'), engines('openroad', 'openroad')))).not.toThrow();
});

test('an engine’s steps stand where the other’s stood', () => {
  expect(withEngines(FLOW, engines('ingot', 'ingot')).map((s) => s.name)).toEqual(FLOW.map((s) => s.name));
  const whole = namesOf('openroad', 'openroad');
  for (const name of ['floorplan', 'place', 'clock', 'repair', 'route', 'fill'])
    expect(whole).not.toContain(name);
  expect(whole).not.toContain('openroad-load');
  const ours = namesOf('ingot', 'openroad');
  expect(ours.indexOf('repair')).toBeLessThan(ours.indexOf('openroad-load'));
  expect(ours).not.toContain('openroad-place');
  const theirs = namesOf('openroad', 'ingot');
  expect(theirs.indexOf('placement-of-openroad')).toBeLessThan(theirs.indexOf('route'));
  expect(theirs).not.toContain('openroad-detailed-route');
  const all = new Set(OPENROAD_STEPS.map((s) => s.name));
  expect(all.size).toBe(OPENROAD_STEPS.length);
});

test('a DEF’s floorplan is not for OpenROAD’s placement; its routing takes it', () => {
  expect(codeOf(() => withEngines(pnrFlow('def'), engines('openroad', 'ingot')))).toMatchObject({
    code: 'SETTING-004',
  });
  expect(withEngines(pnrFlow('def'), engines('ingot', 'openroad')).map((s) => s.name)).toContain(
    'openroad-detailed-route',
  );
});

test('without OpenROAD: refused before anything runs, with what to do', async () => {
  vi.stubEnv('PATH', folder);
  vi.stubEnv('INGOT_TOOLS', '');
  vi.stubEnv('INGOT_CONFIG', folder);
  const project = createProject(join(folder, 'project'), { from: exampleFolder('digits') });
  try {
    const settings = engines('openroad', 'openroad');
    for (const refused of [runFlow(project, { settings }), previewRun(project, settings)]) {
      const error = await refused.then(
        () => null,
        (e: { diagnostic: { code: string; remedy: string } }) => e.diagnostic,
      );
      expect(error).toMatchObject({ code: 'TOOL-050' });
      expect(error!.remedy).toContain('route.engine = ingot');
    }
  } finally {
    project.close();
  }
});
