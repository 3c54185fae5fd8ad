/** What `new` and `import` say of a project of another flow. */
import type { Diagnostic } from '../../base/diagnostic.ts';
import { formatDiagnostic } from '../../base/diagnostic.ts';
import { readForeignProject, type ForeignProject } from '../../flow/index.ts';
import type { Given, OptionSpec, Shell } from '../command.ts';

export const KIT_OPTION = {
  kit: {
    type: 'string',
    value: 'NAME',
    help: 'map a design of config.mk or LibreLane on this kit, whatever it was made for',
  },
} as const satisfies Record<string, OptionSpec>;

export const readForeign = (given: Given, path: string): ForeignProject =>
  readForeignProject(path, given.text('kit') ?? null);

/** Every key of the other flow and what became of it. */
export function tellForeign({ record, diagnostics }: ForeignProject, shell: Shell): void {
  const of = (verdict: string): number => record.keys.filter((key) => key.verdict === verdict).length;
  shell.print(
    `${record.design} of ${record.file}: ${record.keys.length} keys, ${of('taken')} taken, ${of('met')} hold already, ${of('ignored')} without effect, ${of('unknown')} unknown`,
  );
  for (const { key, value, verdict, note } of record.keys)
    if (verdict === 'taken') shell.print(`  ${key} = ${value.slice(0, 60)}: ${note}`);
  diagnostics.forEach((diagnostic: Diagnostic) => shell.say(formatDiagnostic(diagnostic)));
}
