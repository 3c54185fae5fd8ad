/** What slang says, `file:line:column: severity: text`, as diagnostics. */
import type { Diagnostic } from '../base/diagnostic.ts';

const MESSAGE = /^(?<place>.+?:\d+:\d+): (?<severity>fatal error|error|warning): (?<text>.*)$/;
/** As many errors as one message tells. */
const TOLD = 5;

export interface SlangDiagnostics {
  read(line: string): void;
  warnings(): readonly Diagnostic[];
  errors(): readonly Diagnostic[];
}

/** A message is told once; of errors the first few, each but the first with its place in the words. */
export function slangDiagnostics(): SlangDiagnostics {
  const found = new Map<string, Diagnostic>();
  const of = (severity: Diagnostic['severity']): Diagnostic[] =>
    [...found.values()].filter((d) => d.severity === severity);
  return {
    read(line) {
      const { place, severity, text } = MESSAGE.exec(line)?.groups ?? {};
      if (place === undefined || found.has(line)) return;
      const isWarning = severity === 'warning';
      found.set(line, {
        code: isWarning ? 'SLANG-001' : 'SLANG-002',
        severity: isWarning ? 'warning' : 'error',
        message: text!,
        place,
      });
    },
    warnings: () => of('warning'),
    errors: () => {
      const errors = of('error');
      const told = errors
        .slice(0, TOLD)
        .map((e, i) => (i === 0 ? e : { ...e, message: `${e.place}: ${e.message}` }));
      const rest = errors.length - told.length;
      if (rest > 0) told.push({ ...errors[TOLD]!, message: `and ${rest} more` });
      return told;
    },
  };
}
