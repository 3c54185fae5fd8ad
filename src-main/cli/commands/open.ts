import { IngotError } from '../../base/diagnostic.ts';
import { openProject, prepareOpen } from '../../flow/index.ts';
import { openDetached, VIEWERS, type Viewer } from '../../tools/handover.ts';
import { JSON_OPTION, PROJECT_OPTION, type Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { parseRunId } from '../parse.ts';

export const openCommand: Command = {
  name: 'open',
  usage: '[RUN] --with klayout|gtkwave|surfer|openroad [--print] [--project DIR] [--json]',
  summary: 'show a run in another program, which goes on by itself',
  positionalsMin: 0,
  positionalsMax: 1,
  options: {
    with: { type: 'string', value: 'PROGRAM', help: VIEWERS.join(', ') },
    print: { type: 'boolean', help: 'only say what would be started' },
    ...PROJECT_OPTION,
    ...JSON_OPTION,
  },
  async run(given, shell) {
    const viewer = parseViewer(given.text('with'));
    const project = openProject(given.text('project') ?? '.');
    try {
      const runId = parseRunId(given.positionals[0]);
      const start = await prepareOpen(project, { runId, viewer, flow: shell.flow?.steps });
      if (given.flag('json')) shell.print(JSON.stringify(start));
      else shell.print([start.command, ...start.args].join(' '));
      if (!given.flag('print')) await openDetached(start);
    } finally {
      project.close();
    }
    return EXIT.ok;
  },
};

function parseViewer(text: string | undefined): Viewer {
  const viewer = VIEWERS.find((name) => name === text);
  if (viewer !== undefined) return viewer;
  throw new IngotError('CLI-004', `open needs --with ${VIEWERS.join(', ')}`, {
    place: 'open',
    remedy: 'usage: ingot open --with klayout',
  });
}
