import { examine } from '../../tools/doctor.ts';
import { JSON_OPTION, type Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { table } from '../format.ts';

export const doctorCommand: Command = {
  name: 'doctor',
  usage: '[--json]',
  summary: 'the tools on this machine: where, which version, what each adds',
  positionalsMin: 0,
  positionalsMax: 0,
  options: { ...JSON_OPTION },
  async run(given, shell) {
    const tools = await examine();
    if (given.flag('json')) {
      shell.print(JSON.stringify({ tools }));
      return EXIT.ok;
    }
    const rows = tools.map((t) => [
      t.isFound ? 'found' : 'missing',
      t.name,
      t.version ?? '',
      t.adds,
      t.path ?? '',
    ]);
    shell.print(table([['', 'tool', 'version', 'adds', 'path'], ...rows]));
    return EXIT.ok;
  },
};
