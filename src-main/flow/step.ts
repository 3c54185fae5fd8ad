/**
 * A step of the flow: `artefacts, files, settings -> artefacts, metrics, proofs`. It is data plus one
 * function, and what it declares is all it may see: reading an artefact, file or setting that is not
 * declared is a bug and throws. So the cache key (step name and version, digests of the inputs, values of
 * the settings it reads) says everything that can change the result.
 *
 * Every execution runs in a process of its own (`step-process.ts`), with the scratch folder as current
 * directory. Same inputs, same bytes: no clock, no randomness without a seed, no absolute path in a result.
 */
import type { Diagnostic } from '../base/diagnostic.ts';
import type { SettingKey, Settings } from './settings.ts';

export type ProofResult = 'pass' | 'fail' | 'skipped';

/** One line of the proof sheet: a judge that shares no code with the thing judged. */
export interface Proof {
  /** What was shown, e.g. `placement is legal`. */
  readonly name: string;
  /** Who says so, e.g. `verifyPlacement` or `OpenSTA 2.4.0`. */
  readonly judge: string;
  readonly result: ProofResult;
  /** What was compared and how much of it; for `skipped`, why. */
  readonly detail: string;
}

export interface Metric {
  readonly name: string;
  readonly value: number;
  /** Empty for counts and ratios. */
  readonly unit: string;
}

/** An artefact as recorded: the bytes are in `<project>/artefacts/<digest>`. */
export interface ArtefactRef {
  readonly name: string;
  /** SHA-256 in hex. */
  readonly digest: string;
  readonly sizeBytes: number;
}

/** What earlier steps of the same run did; for steps with `readsRun`, i.e. the report. */
export interface StepFacts {
  readonly name: string;
  readonly title: string;
  /** `cached`: the figures below are those of the execution that was reused. */
  readonly status: 'done' | 'cached';
  readonly wallS: number;
  readonly cpuS: number;
  readonly peakMiB: number;
  readonly artefacts: readonly ArtefactRef[];
  readonly metrics: readonly Metric[];
  readonly proofs: readonly Proof[];
  readonly log: readonly Diagnostic[];
}

export interface RunFacts {
  readonly projectName: string;
  /** All settings of the run, not only those the step reads. */
  readonly settings: Settings;
  /** From the steps' `fingerprint`, e.g. `yosys` -> `native 0.23`. */
  readonly toolVersions: Readonly<Record<string, string>>;
  readonly steps: readonly StepFacts[];
}

export interface ProjectFile {
  readonly role: string;
  /** Base name at import, for messages and to tell formats apart. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface StepContext<K extends SettingKey = SettingKey> {
  /** Bytes of a declared input. Digest-checked; a damaged artefact is a typed error (FLOW-008). */
  readArtefact(name: string): Uint8Array;
  readText(name: string): string;
  /** Path of a declared input, for tools that read files. Read only; its name is the digest. */
  artefactPath(name: string): string;
  /** A declared project file by role. */
  readFile(role: string): ProjectFile;
  /** True when an optional file was imported. */
  hasFile(role: string): boolean;
  /** Stores a declared output: written aside, then renamed to its digest. Once per name. */
  writeArtefact(name: string, content: Uint8Array | string): ArtefactRef;
  /** Validated values of the declared settings only. */
  readonly settings: Pick<Settings, K>;
  /** Present when the step declares `readsRun`. */
  readonly run: RunFacts | undefined;
  log(diagnostic: Diagnostic): void;
  /** fraction 0..1 of this step; cheap to call often (sent at most ten times a second). */
  progress(fraction: number, message?: string): void;
  /**
   * What the window shows of the step at work (base/live-picture.ts, packed): asked for at most twice a second, and
   * less often when making it takes long. Not a result.
   */
  picture(make: () => Uint8Array): void;
  metric(name: string, value: number, unit?: string): void;
  /** A `fail` makes the step fail (FLOW-005) once `run` returns; its artefacts are kept for inspection. */
  proof(proof: Proof): void;
  /** Private scratch folder, empty at start, the current directory, gone after success. */
  readonly workDir: string;
  /** Per-user cache (kits, downloaded packages): `$INGOT_CACHE`, else the system's place for caches. */
  readonly cacheDir: string;
  /** Aborted on cancel; the process group is killed shortly after. Pass it to tools. */
  readonly signal: AbortSignal;
}

export interface Step<K extends SettingKey = SettingKey> {
  /** Kebab-case, unique in the flow, stable: names the step on the command line and in the database. */
  readonly name: string;
  readonly title: string;
  /** Raise when the same inputs may give other bytes. */
  readonly version: number;
  /** Artefacts of earlier steps. */
  readonly inputs: readonly string[];
  /** Project files by role (`model`, `calibration`, `test.images` ...) that must be imported. */
  readonly files?: readonly string[];
  /** Project files used when imported. */
  readonly optionalFiles?: readonly string[];
  /** Artefacts that `run` must write, all of them; unique over the flow. */
  readonly outputs: readonly string[];
  /** Written where the tool for them is there; no step may read them. */
  readonly optionalOutputs?: readonly string[];
  /** Outputs that `ingot export` copies, under the artefact's name (`chip.gds`). */
  readonly exports?: readonly string[];
  readonly settings: readonly K[];
  /** Gets `context.run` and is redone whenever an earlier step was. Not checked for reproducibility. */
  readonly readsRun?: boolean;
  /**
   * Facts of the outside world that can change the result (a tool's version). Part of the key and of the
   * run's record. Called by the engine, in the caller's process: must be quick and asynchronous.
   */
  fingerprint?(settings: Settings): Promise<Readonly<Record<string, string>>>;
  /** Import heavy stages inside (`await import(...)`), so that the CLI's start does not pay for them. */
  run(context: StepContext<K>): Promise<void>;
}

/** A step in a list: what the engine needs of it, whatever settings it reads. */
export type AnyStep = Step<never>;
export type Flow = readonly AnyStep[];

/** Checks nothing at run time; gives `run` a context typed by the declared settings. */
export function defineStep<const K extends SettingKey = never>(step: Step<K>): AnyStep {
  return step as unknown as AnyStep;
}
