import { cancelRun, openProject } from '../../flow/index.ts';
import { JSON_OPTION, PROJECT_OPTION, type Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';

export const cancelCommand: Command = {
  name: 'cancel',
  usage: '[--project DIR] [--json]',
  summary: 'stop the run that is going on, in whatever process; finished steps are kept',
  positionalsMin: 0,
  positionalsMax: 0,
  options: { ...PROJECT_OPTION, ...JSON_OPTION },
  async run(given, shell) {
    const project = openProject(given.text('project') ?? '.');
    try {
      const isAsked = cancelRun(project);
      if (given.flag('json')) shell.print(JSON.stringify({ isAsked }));
      else shell.print(isAsked ? 'asked the run to stop' : 'no run is going on');
    } finally {
      project.close();
    }
    return EXIT.ok;
  },
};
