import {
  checkSettings,
  describeSpec,
  FLOW,
  openProject,
  parseAssignments,
  readProject,
  setProjectSettings,
  SETTINGS,
  type SettingKey,
} from '../../flow/index.ts';
import { JSON_OPTION, PROJECT_OPTION, type Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { table } from '../format.ts';

export const settingsCommand: Command = {
  name: 'settings',
  usage: '[key=value ...] [--project DIR] [--json]',
  summary: 'list all settings, or keep some in the project',
  positionalsMin: 0,
  positionalsMax: Infinity,
  options: { ...PROJECT_OPTION, ...JSON_OPTION },
  async run(given, shell) {
    const dir = given.text('project');
    const assignments = parseAssignments(given.positionals);
    const isChange = given.positionals.length > 0;
    let kept: Readonly<Record<string, unknown>> = {};
    // The list of settings needs no project.
    if (isChange || dir !== undefined) {
      const project = openProject(dir ?? '.');
      try {
        if (isChange) setProjectSettings(project, assignments);
        kept = readProject(project.db)?.settings ?? {};
      } finally {
        project.close();
      }
    }
    const { settings } = checkSettings(kept);
    const flow = shell.flow?.steps ?? FLOW;
    const rows = (Object.keys(SETTINGS) as SettingKey[]).map((key) => ({
      key,
      value: settings[key],
      default: SETTINGS[key].default,
      range: describeSpec(SETTINGS[key]),
      help: SETTINGS[key].help,
      steps: flow.filter((s) => (s.settings as readonly SettingKey[]).includes(key)).map((s) => s.name),
    }));
    if (given.flag('json')) shell.print(JSON.stringify({ settings: rows }));
    else {
      const cells = rows.map((r) => [r.key, String(r.value), r.range, r.help, r.steps.join(' ')]);
      shell.print(table([['setting', 'value', 'range', 'meaning', 'steps'], ...cells]));
    }
    return EXIT.ok;
  },
};
