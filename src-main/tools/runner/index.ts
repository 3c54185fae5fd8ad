/** Runs foreign programs: see README.md. */
export { GUARD_TITLE } from './processes.ts';
export { runJob, requireOk } from './run-job.ts';
export { readMessage, type MessageReader } from './messages.ts';
export { runToExit, type OwnEnd } from './run-to-exit.ts';
export { progressReader } from './progress.ts';
export { describeVerdict, judge, type EndFacts } from './verdict.ts';
export type {
  Job,
  JobEnd,
  JobInput,
  JobLimits,
  JobLog,
  JobOptions,
  JobUsage,
  MessageSeverity,
  ToolMessage,
  ToolProgress,
  Verdict,
  VerdictKind,
} from './types.ts';
