import { IngotError } from '../../base/diagnostic.ts';

/** `name:line:column`, both counted from 1, of a character offset. Computed only when something is wrong. */
function placeOf(name: string, text: string, offset: number): string {
  const end = Math.min(offset, text.length);
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) {
    line++;
    lineStart = at + 1;
  }
  return `${name}:${line}:${end - lineStart + 1}`;
}

/** A source text that knows its name, so that every refusal can say where. */
export class SourceText {
  readonly name: string;
  readonly text: string;

  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
  }

  place(offset: number): string {
    return placeOf(this.name, this.text, offset);
  }

  refuse(code: string, message: string, offset: number, remedy?: string): never {
    throw new IngotError(code, message, {
      place: this.place(offset),
      ...(remedy === undefined ? {} : { remedy }),
    });
  }
}

/** Nearly every refusal of a kit file has the same cure. */
export const FRESH_KIT = 'fetch the kit again; if the file is as published, Ingot does not support it yet';
