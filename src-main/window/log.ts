/**
 * A run's log as one list of lines that only grows: starts, notes, proofs and ends of its steps, by the time they
 * started. What runs beside the oldest running step is shown once that has ended.
 */
import type { LogRow as Note, RunDetail, StepDetail } from '../flow/index.ts';
import { COMMAND_CODE } from '../tools/commands.ts';
import { formatMiB, formatSeconds } from '../cli/format.ts';
import type { LogRow } from '../ipc/contract.ts';
import type { LiveRun } from './jobs.ts';

export function runLog(run: RunDetail, live: LiveRun | null): readonly LogRow[] {
  const own = live?.run === run.id ? live : null;
  const started = run.steps
    .filter(({ status }) => status !== 'planned' && status !== 'skipped')
    .sort((a, b) => (a.startedAtMs ?? 0) - (b.startedAtMs ?? 0) || a.position - b.position);
  const oldest = started.findIndex((step) => step.status === 'running');
  return started.slice(0, oldest < 0 ? undefined : oldest + 1).flatMap((step) => {
    if (step.status !== 'running') return [startOf(step), ...notes(step, step.log), ...endOf(step)];
    return [startOf(step), ...notes(step, own?.steps.get(step.name)?.log ?? [])];
  });
}

const startOf = (step: StepDetail): LogRow => ({
  step: step.name,
  atMs: step.startedAtMs,
  kind: 'start',
  severity: 'info',
  code: '',
  text: step.title,
});

function notes(step: StepDetail, log: readonly Note[]): LogRow[] {
  return log.map(({ code, severity, message, place, remedy, atMs }) => ({
    step: step.name,
    atMs: step.status === 'cached' ? null : atMs,
    kind: code === COMMAND_CODE ? 'command' : 'note',
    severity,
    code: code === COMMAND_CODE ? '' : code,
    text: `${place === undefined ? '' : `${place}: `}${message}${remedy === undefined ? '' : `\n${remedy}`}`,
  }));
}

function endOf(step: StepDetail): LogRow[] {
  const proofs = step.proofs.map(({ name, judge, result, detail }): LogRow => ({
    step: step.name,
    atMs: null,
    kind: 'proof',
    severity: result === 'fail' ? 'error' : result === 'skipped' ? 'warning' : 'info',
    code: result,
    text: `${name}: ${detail} (${judge})`,
  }));
  const cost = [
    step.wallS === null ? '' : formatSeconds(step.wallS),
    step.cpuS === null ? '' : `cpu ${formatSeconds(step.cpuS)}`,
    step.peakMiB === null ? '' : `peak ${formatMiB(step.peakMiB)}`,
  ].filter((text) => text !== '');
  const verdict = step.status === 'cached' ? 'kept from an earlier run' : step.status;
  const end: LogRow = {
    ...startOf(step),
    atMs: step.finishedAtMs,
    kind: 'end',
    severity: step.status === 'failed' ? 'error' : 'info',
    text: [verdict, ...cost].join(', '),
  };
  return [...proofs, end];
}
