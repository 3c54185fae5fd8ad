/** The texts in the locale that is chosen. */
import { en, type TextKey } from './en.ts';
import { zh } from './zh.ts';

export type { TextKey };
export const LOCALES = { en: 'English', zh: '中文' } as const;
export type Locale = keyof typeof LOCALES;

const TEXTS: Readonly<Record<Locale, Partial<Record<TextKey, string>>>> = { en, zh };

class Language {
  locale = $state<Locale>('en');
}
export const language = new Language();

/** `{name}` in the text is replaced by the value of that name. Keys that a locale lacks are shown in English. */
export function t(key: TextKey, values: Readonly<Record<string, string | number>> = {}): string {
  const text = TEXTS[language.locale][key] ?? en[key];
  return text.replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all));
}

/** For keys that are made up of data, such as a role; the fallback when there is no such text. */
export const textOr = (key: string, fallback: string): string =>
  Object.hasOwn(en, key) ? t(key as TextKey) : fallback;
