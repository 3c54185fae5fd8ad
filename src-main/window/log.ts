/** A run's log as one list of lines that only grows: starts, notes, proofs and ends of its steps. */
import type { LogRow as Note, RunDetail, StepDetail } from '../flow/index.ts';
import { formatMiB, formatSeconds } from '../cli/format.ts';
import type { LogRow } from '../ipc/contract.ts';
import type { LiveStep } from './jobs.ts';

export function runLog(run: RunDetail, live: LiveStep | null): readonly LogRow[] {
  const own = live?.run === run.id ? live : null;
  return run.steps.flatMap((step) => {
    if (step.status === 'planned' || step.status === 'skipped') return [];
    if (step.status !== 'running') return [startOf(step), ...notes(step, step.log), ...endOf(step)];
    return [startOf(step), ...notes(step, own?.step === step.name ? own.log : [])];
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
    kind: 'note',
    severity,
    code,
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
