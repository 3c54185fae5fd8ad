/** Help texts, from the commands themselves. */
import type { Command, OptionSpec } from './command.ts';
import { EXIT_TEXTS } from './exit-codes.ts';

export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((c) => c.name.length));
  return [
    'Ingot takes an AI model and hands back a chip.',
    '',
    'usage: ingot COMMAND [OPTIONS]',
    '',
    ...commands.map((c) => `  ${c.name.padEnd(width)}  ${c.summary}`),
    '',
    'ingot help COMMAND tells more about one.',
    '',
    exitCodes(),
  ].join('\n');
}

export function commandHelp(command: Command): string {
  const options = Object.entries(command.options);
  const heads = options.map(([name, spec]) => optionHead(name, spec));
  const width = Math.max(0, ...heads.map((head) => head.length));
  return [
    `usage: ingot ${command.name} ${command.usage}`.trimEnd(),
    '',
    command.summary,
    '',
    ...options.map(([, spec], i) => `  ${heads[i]!.padEnd(width)}  ${spec.help}`),
    '',
    exitCodes(),
  ].join('\n');
}

const optionHead = (name: string, spec: OptionSpec): string =>
  `--${name}${spec.value ? ` ${spec.value}` : ''}${spec.multiple ? ' ...' : ''}`;

const exitCodes = (): string =>
  ['exit codes:', ...EXIT_TEXTS.map(([code, text]) => `  ${String(code).padStart(3)}  ${text}`)].join('\n');
