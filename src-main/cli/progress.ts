/** Shows a run as it goes: on a terminal one line that changes, elsewhere a line now and then. */
import { formatDiagnostic } from '../base/diagnostic.ts';
import type { FlowEvent, FlowObserver } from '../flow/index.ts';
import { COMMAND_CODE } from '../tools/commands.ts';
import type { Shell } from './command.ts';
import { formatMiB, formatSeconds } from './format.ts';

/** Where lines cannot be overwritten, a step at work says something this often. */
const LINE_PERIOD_S = 10;

export function showProgress(shell: Shell): FlowObserver {
  let names: readonly string[] = [];
  /** In the order in which they started; only the first says how far it is. */
  const running = new Set<string>();
  let saidAtS = 0;
  let hasLine = false;
  const say = (line: string): void => {
    if (hasLine) process.stderr.write('\r\x1b[K');
    hasLine = false;
    shell.say(line);
  };
  const head = (step: string): string => {
    const number = String(names.indexOf(step) + 1).padStart(String(names.length).length);
    return `[${number}/${names.length}] ${step.padEnd(Math.max(...names.map((n) => n.length)))}`;
  };
  return (event) => {
    switch (event.type) {
      case 'run-started':
        names = event.steps.map((step) => step.name);
        break;
      case 'step-started': {
        const expected =
          event.expectedS === undefined ? '' : ` (took ${formatSeconds(event.expectedS)} last)`;
        say(`${head(event.step)}  ${event.title}${expected}`);
        if (running.size === 0) saidAtS = 0;
        running.add(event.step);
        break;
      }
      case 'step-progress': {
        if (running.values().next().value !== event.step) break;
        const line = `${head(event.step)}  ${progressText(event)}`;
        if (shell.isTerminal) {
          process.stderr.write(`\r\x1b[K${line.slice(0, (process.stderr.columns || 80) - 1)}`);
          hasLine = true;
        } else if (event.elapsedS - saidAtS >= LINE_PERIOD_S) {
          saidAtS = event.elapsedS;
          say(line);
        }
        break;
      }
      case 'step-log':
        if (event.diagnostic.code !== COMMAND_CODE) say(formatDiagnostic(event.diagnostic));
        break;
      case 'step-finished':
        running.delete(event.step);
        saidAtS = 0;
        say(`${head(event.step)}  ${finishText(event)}`);
        break;
      case 'run-finished':
        break;
    }
  };
}

function progressText(event: Extract<FlowEvent, { type: 'step-progress' }>): string {
  const parts = [`${Math.floor(event.fraction * 100)} %`, formatSeconds(event.elapsedS)];
  if (event.stepRemainingS !== undefined) parts.push(`${formatSeconds(event.stepRemainingS)} to go`);
  if (event.runRemainingS !== undefined) parts.push(`all: ${formatSeconds(event.runRemainingS)}`);
  if (event.memoryMiB > 0) parts.push(formatMiB(event.memoryMiB));
  return `${parts.join(', ')}${event.message ? `  ${event.message}` : ''}`;
}

function finishText(event: Extract<FlowEvent, { type: 'step-finished' }>): string {
  if (event.status === 'cached') return 'kept from an earlier run';
  const measured = `${formatSeconds(event.wallS)}, cpu ${formatSeconds(event.cpuS)}, peak ${formatMiB(event.peakMiB)}`;
  return `${event.status} (${measured})`;
}
