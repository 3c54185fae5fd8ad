import { IngotError, type Diagnostic } from '../base/diagnostic.ts';
import { worldError } from '../flow/index.ts';

/** What the window shows of an error. A fault of ours also goes to stderr, with its stack. */
export function troubleOf(error: unknown): Diagnostic {
  if (error instanceof IngotError) return error.diagnostic;
  const world = worldError(error);
  if (world) return world.diagnostic;
  console.error(error);
  return {
    code: 'DESK-999',
    severity: 'error',
    message: `internal error: ${error instanceof Error ? error.message : String(error)}`,
    remedy: 'this is a fault of Ingot: please report it',
  };
}
