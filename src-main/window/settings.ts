/** The settings of a project, and what changing them would do. */
import { IngotError } from '../base/diagnostic.ts';
import * as engine from '../flow/index.ts';
import type { ChipPreset, Preview, SettingRow, SettingValues, SettingsTable } from '../ipc/contract.ts';
import { PRESETS } from '../stages/chip/index.ts';
import { otherFlow } from './other-flow.ts';
import { withKnownProject } from './projects.ts';

export async function settingsTable(): Promise<SettingsTable> {
  const flow = (await otherFlow())?.steps ?? engine.FLOW;
  const rows = Object.entries(engine.SETTINGS).map(([key, given]): SettingRow => {
    const spec: engine.SettingSpec = given;
    const isNumber = spec.type === 'integer' || spec.type === 'number';
    return {
      key,
      type: spec.type,
      default: spec.default,
      min: isNumber ? spec.min : null,
      max: isNumber ? spec.max : null,
      values: spec.type === 'choice' ? spec.values : [],
      unit: spec.unit ?? '',
      help: spec.help,
      range: engine.describeSpec(spec),
      steps: flow
        .filter((step) => (step.settings as readonly string[]).includes(key))
        .map((step) => step.title),
    };
  });
  return { rows, presets: presets() };
}

/** The settings that a preset's chip differs by; only those that the engine has. */
function presets(): ChipPreset[] {
  return Object.entries(PRESETS).map(([name, chip]) => ({
    name,
    values: {
      'chip.rows': chip.rows,
      'chip.columns': chip.columns,
      'chip.lanes': chip.lanes,
      'chip.requantizeCycles': chip.requantizeCycles,
      'chip.accumulatorBits': chip.accumulatorBits,
    },
  }));
}

export const projectSettings = (
  project: engine.Project,
): { settings: SettingValues; changed: readonly string[] } => {
  const kept = engine.readProject(project.db)?.settings ?? {};
  // Settings of a newer Ingot are complained of where they are shown; here they must not hide the project.
  const { settings } = engine.checkSettings(kept);
  return { settings: settings as unknown as SettingValues, changed: Object.keys(kept) };
};

export async function preview(directory: string, values: SettingValues): Promise<Preview> {
  const flow = (await otherFlow())?.steps;
  const project = engine.openProject(directory);
  try {
    const kept = engine.readProject(project.db)?.settings ?? {};
    const { complaints } = engine.checkSettings(kept, values);
    if (complaints.length > 0) return { complaints, steps: [] };
    return { complaints: [], steps: await engine.previewRun(project, values, flow) };
  } finally {
    project.close();
  }
}

export const saveSettings = (directory: string, values: SettingValues): void =>
  withKnownProject(directory, (project) => engine.setProjectSettings(project, values));

export function settingsWith(directory: string, values: SettingValues): engine.Settings {
  return withKnownProject(directory, (project) => {
    const { settings, complaints } = engine.checkSettings(
      engine.readProject(project.db)?.settings ?? {},
      values,
    );
    const [first] = complaints;
    if (!first) return settings;
    const { place, remedy } = first;
    throw new IngotError(first.code, first.message, {
      ...(place !== undefined && { place }),
      ...(remedy !== undefined && { remedy }),
    });
  });
}
