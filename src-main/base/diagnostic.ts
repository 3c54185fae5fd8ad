/**
 * The three kinds of trouble. A bug of ours throws BugError; trouble with what the user gave (a model, a
 * setting, a netlist) is a Diagnostic with a stable code; trouble with the world (a missing tool, a full
 * disk) is an IngotError that carries the diagnostic to the shell, which reports it once per job.
 */
export type Severity = 'error' | 'warning' | 'info';

export interface Diagnostic {
  /** Stable, e.g. `MODEL-004`: stage prefix, dash, three digits. Tests assert codes, never prose. */
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  /** Where: `file:line:column`, a node's, layer's or net's name. */
  readonly place?: string;
  /** What the user can do about it. */
  readonly remedy?: string;
}

export interface Diagnosed<T> {
  readonly value: T;
  readonly diagnostics: readonly Diagnostic[];
}

/** Expected failure with code, place and remedy. Shown to the user as it is; never as a stack trace. */
export class IngotError extends Error {
  readonly diagnostic: Diagnostic;
  constructor(
    code: string,
    message: string,
    details: { place?: string; remedy?: string; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'IngotError';
    this.diagnostic = {
      code,
      severity: 'error',
      message,
      ...(details.place === undefined ? {} : { place: details.place }),
      ...(details.remedy === undefined ? {} : { remedy: details.remedy }),
    };
  }
}

/** A broken invariant of ours: never reachable from user input. */
export class BugError extends Error {
  constructor(message: string) {
    super(`internal error: ${message}`);
    this.name = 'BugError';
  }
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new BugError(message);
}

/** `error MODEL-004 at conv1: message (remedy)`: the one text form used by the CLI and logs. */
export function formatDiagnostic(d: Diagnostic): string {
  const place = d.place ? ` at ${d.place}` : '';
  const remedy = d.remedy ? `\n  remedy: ${d.remedy}` : '';
  return `${d.severity} ${d.code}${place}: ${d.message}${remedy}`;
}
