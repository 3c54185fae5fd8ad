/** The only file that touches window.ingot. */
import type { Diagnostic } from '../../src-main/base/diagnostic.ts';
import type { Chosen, MenuCommand, Requests } from '../../src-main/ipc/contract.ts';

class RequestError extends Error {
  readonly trouble: Diagnostic;
  constructor(trouble: Diagnostic) {
    super(trouble.message);
    this.trouble = trouble;
  }
}

export async function request<K extends keyof Requests>(
  name: K,
  args: Requests[K]['args'],
): Promise<Requests[K]['result']> {
  const answer = await window.ingot.request(name, args);
  if (!answer.ok) throw new RequestError(answer.trouble);
  return answer.value;
}

export function troubleOf(error: unknown): Diagnostic {
  if (error instanceof RequestError) return error.trouble;
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'DESK-001', severity: 'error', message };
}

/** Calls back with the directory of a project that changed; returns the function that stops it. */
export const onChange = (listener: (directory: string) => void): (() => void) =>
  window.ingot.onChange(listener);

/** Calls back with what was chosen in the menu; returns the function that stops it. */
export const onCommand = (listener: (command: MenuCommand) => void): (() => void) =>
  window.ingot.onCommand(listener);

/** A dropped file as main knows it. */
export const offer = (file: File): Promise<Chosen | null> => window.ingot.offer(file);
