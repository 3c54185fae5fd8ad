/** The only file that touches window.ingot. */
import type { Diagnostic } from '../../src-main/base/diagnostic.ts';
import type { JobEvent, Requests } from '../../src-main/ipc/contract.ts';

export class RequestError extends Error {
  readonly trouble: Diagnostic;
  constructor(trouble: Diagnostic) {
    super(trouble.message);
    this.trouble = trouble;
  }
}

export async function request<K extends keyof Requests>(
  channel: K,
  args: Requests[K]['args'],
): Promise<Requests[K]['result']> {
  const answer = await window.ingot.request(channel, args);
  if (!answer.ok) throw new RequestError(answer.trouble);
  return answer.value;
}

export function onJob(listener: (event: JobEvent) => void): () => void {
  return window.ingot.onJob(listener);
}
