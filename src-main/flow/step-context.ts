/** The context a step runs in, on the side of its process: reads the store, tells the engine. */
import { assert } from '../base/diagnostic.ts';
import { artefactPath, readArtefact, storeArtefact } from '../project/artefact-store.ts';
import { writeLivePicture } from '../project/live-picture.ts';
import type { FromStep, StartMessage } from './process-protocol.ts';
import type { AnyStep, Proof, StepContext } from './step.ts';

/** Pictures of the step at work: as often at most, and not more than this share of the time goes into them. */
const PICTURE_PERIOD_MS = 500;
const PICTURE_SHARE = 0.04;

/** Progress is sent at most this often, however often a step reports it. */
const PROGRESS_PERIOD_MS = 100;

export interface ServedContext {
  readonly context: StepContext;
  /** Outputs written so far. */
  readonly written: ReadonlySet<string>;
  readonly failedProofs: readonly Proof[];
}

export function makeContext(
  step: AnyStep,
  start: StartMessage,
  signal: AbortSignal,
  send: (message: FromStep) => void,
): ServedContext {
  const inputs = new Map(start.inputs.map((input) => [input.name, input]));
  const files = new Map(start.files.map((file) => [file.role, file]));
  const written = new Set<string>();
  const failedProofs: Proof[] = [];
  let sentAtMs = -Infinity;
  let nextPictureMs = -Infinity;

  const input = (name: string): string => {
    const found = inputs.get(name);
    assert(found, `step ${step.name} reads ${name}, which is not among its inputs`);
    return found.digest;
  };
  const read = (name: string): Uint8Array => readArtefact(start.projectDir, name, input(name));

  const context: StepContext = {
    readArtefact: read,
    readText: (name) => new TextDecoder().decode(read(name)),
    artefactPath: (name) => artefactPath(start.projectDir, input(name)),
    readFile(role) {
      const file = files.get(role);
      assert(file, `step ${step.name} reads file ${role}, which it does not declare or was not imported`);
      return { role, name: file.name, bytes: readArtefact(start.projectDir, `file ${role}`, file.digest) };
    },
    hasFile: (role) => files.has(role),
    writeArtefact(name, content) {
      const outputs = [...step.outputs, ...(step.optionalOutputs ?? [])];
      assert(outputs.includes(name), `step ${step.name} writes ${name}, which is not among its outputs`);
      assert(!written.has(name), `step ${step.name} writes ${name} twice`);
      const artefact = { name, ...storeArtefact(start.projectDir, name, content) };
      written.add(name);
      send({ type: 'artefact', artefact });
      return artefact;
    },
    settings: guarded(step.name, start.settings) as StepContext['settings'],
    run: start.run,
    log: (diagnostic) => send({ type: 'log', diagnostic, atMs: Date.now() }),
    progress(fraction, message = '') {
      const nowMs = performance.now();
      if (nowMs - sentAtMs < PROGRESS_PERIOD_MS) return;
      sentAtMs = nowMs;
      send({ type: 'progress', fraction: Math.min(1, Math.max(0, fraction)), message });
    },
    picture(make) {
      const startMs = performance.now();
      if (startMs < nextPictureMs) return;
      writeLivePicture(start.projectDir, step.name, make());
      const endMs = performance.now();
      nextPictureMs = endMs + Math.max(PICTURE_PERIOD_MS, (endMs - startMs) / PICTURE_SHARE);
    },
    metric(name, value, unit = '') {
      assert(Number.isFinite(value), `metric ${name} is ${value}`);
      send({ type: 'metric', metric: { name, value, unit } });
    },
    proof(proof) {
      if (proof.result === 'fail') failedProofs.push(proof);
      send({ type: 'proof', proof });
    },
    workDir: start.workDir,
    cacheDir: start.cacheDir,
    signal,
  };
  return { context, written, failedProofs };
}

/** Reading a setting that is not declared would escape the cache key: it throws. */
function guarded(step: string, settings: Readonly<Record<string, unknown>>): object {
  return new Proxy(settings, {
    get(target, key) {
      assert(typeof key === 'symbol' || Object.hasOwn(target, key), `step ${step} reads ${String(key)}`);
      return Reflect.get(target, key) as unknown;
    },
  });
}
