/**
 * Simulated trouble, for tests: `INGOT_FAULT=kind:point`. Kinds: `enospc`, `eacces`, `eio` (the call fails
 * as if the system had refused), `kill` (this process dies at once, as by kill -9), `bug` (throws).
 * Points: an artefact's name (half of it is written), `start/<step>` and `commit/<step>` in the engine,
 * just before a step starts and before its success is recorded.
 */
export function fault(point: string): void {
  const wanted = process.env.INGOT_FAULT;
  if (wanted === undefined) return;
  const colon = wanted.indexOf(':');
  if (wanted.slice(colon + 1) !== point) return;
  const kind = wanted.slice(0, colon);
  if (kind === 'kill') process.kill(process.pid, 'SIGKILL');
  if (kind === 'bug') throw new TypeError(`simulated bug at ${point}`);
  throw Object.assign(new Error(`simulated ${kind} at ${point}`), { code: kind.toUpperCase() });
}
