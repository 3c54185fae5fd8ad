/** Command line -> command and checked options, by node:util's parseArgs. Wrong use is CLI-001..005. */
import { parseArgs } from 'node:util';
import { IngotError } from '../base/diagnostic.ts';
import { suggestion } from '../base/did-you-mean.ts';
import type { Command, Given } from './command.ts';

export function findCommand(commands: readonly Command[], name: string): Command {
  const command = commands.find((c) => c.name === name);
  if (command) return command;
  const names = commands.map((c) => c.name);
  throw new IngotError('CLI-001', `there is no command ${name}${suggestion(name, names)}`, {
    place: name,
    remedy: '`ingot help` lists the commands',
  });
}

export function parseGiven(command: Command, args: readonly string[]): Given {
  const remedy = `usage: ingot ${command.name} ${command.usage}`;
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(command.options).map(([name, { type, multiple }]) => [
        name,
        { type, multiple: multiple ?? false },
      ]),
    ),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const spec = Object.hasOwn(command.options, token.name) ? command.options[token.name] : undefined;
    if (!spec) {
      const guess = suggestion(token.name, Object.keys(command.options));
      throw new IngotError('CLI-002', `${command.name} has no option ${token.rawName}${guess}`, {
        place: token.rawName,
        remedy,
      });
    }
    if (spec.type === 'string' && token.value === undefined) {
      throw new IngotError('CLI-003', `${token.rawName} needs a value: ${spec.value}`, {
        place: token.rawName,
        remedy,
      });
    }
    if (spec.type === 'boolean' && token.value !== undefined) {
      throw new IngotError('CLI-003', `${token.rawName} takes no value`, { place: token.rawName, remedy });
    }
  }
  if (positionals.length < command.positionalsMin) {
    throw new IngotError('CLI-004', `${command.name} needs more arguments`, {
      place: command.name,
      remedy,
    });
  }
  if (positionals.length > command.positionalsMax) {
    const extra = positionals[command.positionalsMax];
    throw new IngotError('CLI-005', `${command.name} does not know what to do with ${extra}`, {
      place: extra!,
      remedy,
    });
  }
  const value = (name: string): unknown => values[name];
  return {
    positionals,
    text: (name) => value(name) as string | undefined,
    texts: (name) => (value(name) as string[] | undefined) ?? [],
    flag: (name) => value(name) === true,
  };
}

/** A run's number from text; CLI-003 when it is none. */
export function parseRunId(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new IngotError('CLI-003', `--run ${text} is not the number of a run`, {
    place: '--run',
    remedy: '`ingot status` lists the runs',
  });
}
