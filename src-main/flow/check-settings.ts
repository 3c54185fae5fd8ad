/**
 * Checks settings before anything runs. Values come as text (`--set key=value`) or as JSON (project file,
 * app); all complaints are collected. SETTING-001 unknown key, 002 wrong type, 003 outside the range,
 * 004 impossible combination.
 */
import { IngotError, type Diagnostic } from '../base/diagnostic.ts';
import { didYouMean } from '../base/did-you-mean.ts';
import {
  RULES,
  SETTINGS,
  type NumberSpec,
  type SettingKey,
  type Settings,
  type SettingSpec,
} from './settings.ts';

const SPECS: Readonly<Record<string, SettingSpec>> = SETTINGS;
const KEYS = Object.keys(SETTINGS) as SettingKey[];

export function defaultSettings(): Settings {
  return Object.fromEntries(KEYS.map((key) => [key, SETTINGS[key].default])) as unknown as Settings;
}

/** Settings from layers of given values, later ones winning, over the defaults; with all complaints. */
export function checkSettings(...layers: readonly Readonly<Record<string, unknown>>[]): {
  readonly settings: Settings;
  readonly complaints: readonly Diagnostic[];
} {
  const complaints: Diagnostic[] = [];
  const values: Record<string, unknown> = { ...defaultSettings() };
  for (const [key, given] of Object.entries(Object.assign({}, ...layers) as Record<string, unknown>)) {
    const checked = checkValue(key, given);
    if ('complaint' in checked) complaints.push(checked.complaint);
    else values[key] = checked.value;
  }
  const settings = values as unknown as Settings;
  if (complaints.length === 0) complaints.push(...checkRules(settings));
  return { settings, complaints };
}

/** As checkSettings, but throws: the first complaint's code, all messages. */
export function resolveSettings(...layers: readonly Readonly<Record<string, unknown>>[]): Settings {
  const { settings, complaints } = checkSettings(...layers);
  const [first] = complaints;
  if (!first) return settings;
  throw new IngotError(first.code, complaints.map((c) => c.message).join('; '), {
    ...(first.place === undefined ? {} : { place: first.place }),
    ...(first.remedy === undefined ? {} : { remedy: first.remedy }),
  });
}

/** The values that differ from the defaults, for keeping in the project. */
export function changedSettings(settings: Settings): Partial<Record<SettingKey, unknown>> {
  return Object.fromEntries(
    KEYS.filter((key) => settings[key] !== SETTINGS[key].default).map((key) => [key, settings[key]]),
  );
}

/** `--set key=value` texts as a record; SETTING-002 when there is no `=`. */
export function parseAssignments(assignments: readonly string[]): Record<string, string> {
  const result: Record<string, string> = {};
  for (const text of assignments) {
    const at = text.indexOf('=');
    if (at < 1) {
      throw new IngotError('SETTING-002', `--set ${text} is not of the form key=value`, {
        place: text,
        remedy: 'write for example --set chip.rows=4',
      });
    }
    result[text.slice(0, at).trim()] = text.slice(at + 1).trim();
  }
  return result;
}

/** Range and unit in words, as help and messages show them. */
export function describeSpec(spec: SettingSpec): string {
  if (spec.type === 'boolean') return 'true or false';
  if (spec.type === 'choice') return spec.values.join(' | ');
  if (spec.type === 'text') return 'text';
  const kind = spec.type === 'integer' ? 'whole number' : 'number';
  return `${kind} ${spec.min} to ${spec.max}${spec.unit ? ` ${spec.unit}` : ''}`;
}

type Checked = { readonly value: unknown } | { readonly complaint: Diagnostic };

function checkValue(key: string, given: unknown): Checked {
  const spec = Object.hasOwn(SPECS, key) ? SPECS[key] : undefined;
  if (!spec) {
    const guess = didYouMean(key, KEYS);
    return complain('SETTING-001', key, `unknown setting ${key}`, {
      remedy: guess === undefined ? '`ingot settings` lists them all' : `did you mean ${guess}?`,
    });
  }
  switch (spec.type) {
    case 'boolean':
      if (given === true || given === 'true' || given === '1' || given === 'yes') return { value: true };
      if (given === false || given === 'false' || given === '0' || given === 'no') return { value: false };
      return wrongType(key, given, spec);
    case 'text':
      return typeof given === 'string' ? { value: given } : wrongType(key, given, spec);
    case 'choice':
      if (typeof given !== 'string') return wrongType(key, given, spec);
      if (spec.values.includes(given)) return { value: given };
      return complain('SETTING-003', key, `${key} cannot be ${JSON.stringify(given)}`, {
        remedy: `it is one of ${spec.values.join(', ')}`,
      });
    default:
      return checkNumber(key, given, spec);
  }
}

function checkNumber(key: string, given: unknown, spec: NumberSpec): Checked {
  const isText = typeof given === 'string' && /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(given);
  const value = typeof given === 'number' ? given : isText ? Number(given) : NaN;
  if (!Number.isFinite(value)) return wrongType(key, given, spec);
  if (spec.type === 'integer' && !Number.isInteger(value)) return wrongType(key, given, spec);
  if (value >= spec.min && value <= spec.max) return { value };
  return complain('SETTING-003', key, `${key} = ${value} is outside its range`, {
    remedy: `it is a ${describeSpec(spec)}`,
  });
}

function wrongType(key: string, given: unknown, spec: SettingSpec): Checked {
  return complain('SETTING-002', key, `${key} cannot be ${JSON.stringify(given)}`, {
    remedy: `it is ${describeSpec(spec)}`,
  });
}

function complain(code: string, place: string, message: string, details: { remedy: string }): Checked {
  return { complaint: { code, severity: 'error', message, place, ...details } };
}

function checkRules(settings: Settings): Diagnostic[] {
  const complaints: Diagnostic[] = [];
  for (const rule of RULES) {
    const message = rule.fails(settings);
    if (message === undefined) continue;
    complaints.push({
      code: 'SETTING-004',
      severity: 'error',
      message,
      place: rule.keys.join(', '),
      remedy: rule.remedy,
    });
  }
  return complaints;
}
