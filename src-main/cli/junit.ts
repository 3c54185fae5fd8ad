/** A run as JUnit XML (the common subset: testsuites, testsuite, testcase, failure, error, skipped), for CI servers. */
import { formatDiagnostic } from '../base/diagnostic.ts';
import type { GateVerdict, RunDetail } from '../flow/index.ts';

interface Case {
  readonly name: string;
  readonly group: string;
  readonly seconds?: number;
  readonly outcome?: {
    readonly tag: 'failure' | 'error' | 'skipped';
    readonly message: string;
    readonly text?: string;
  };
  readonly note?: string;
}

/** Suites: steps (with their times), proofs, gates. */
export function junitXml(project: string, run: RunDetail, gates: readonly GateVerdict[]): string {
  const suites: [string, Case[]][] = [
    ['steps', run.steps.map(stepCase)],
    ['proofs', run.steps.flatMap(proofCases)],
    ['gates', gates.map(gateCase)],
  ];
  const all = suites.flatMap(([, cases]) => cases);
  const body = suites.filter(([, cases]) => cases.length > 0).map(([name, cases]) => suite(name, cases));
  const name = `${project} run ${run.id}`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${escape(name)}" ${counts(all)}>`,
    ...body,
    '</testsuites>',
    '',
  ].join('\n');
}

type Step = RunDetail['steps'][number];

function stepCase(step: Step): Case {
  const base = { name: step.name, group: 'steps', seconds: step.wallS ?? 0 };
  if (step.status === 'done') return base;
  if (step.status === 'cached') return { ...base, seconds: 0, note: 'kept from an earlier run' };
  const text = step.error ? formatDiagnostic(step.error) : '';
  if (step.status === 'failed')
    return { ...base, outcome: { tag: 'error', message: step.error?.message ?? 'failed', text } };
  return { ...base, outcome: { tag: 'skipped', message: step.status } };
}

const proofCases = (step: Step): Case[] =>
  step.proofs.map(({ name, judge, result, detail }) => ({
    name,
    group: `proofs.${step.name}`,
    note: `${judge}: ${detail}`,
    ...(result === 'pass'
      ? {}
      : { outcome: { tag: result === 'fail' ? 'failure' : 'skipped', message: detail } as const }),
  }));

const gateCase = ({ metric, verdict, message }: GateVerdict): Case => ({
  name: metric,
  group: 'gates',
  note: verdict === 'warn' ? `warning: ${message}` : message,
  ...(verdict === 'fail' ? { outcome: { tag: 'failure', message } as const } : {}),
  ...(verdict === 'not-measured' ? { outcome: { tag: 'skipped', message } as const } : {}),
});

function counts(cases: readonly Case[]): string {
  const of = (tag: string): number => cases.filter((c) => c.outcome?.tag === tag).length;
  const seconds = cases.reduce((sum, c) => sum + (c.seconds ?? 0), 0);
  return `tests="${cases.length}" failures="${of('failure')}" errors="${of('error')}" skipped="${of('skipped')}" time="${seconds.toFixed(3)}"`;
}

const suite = (name: string, cases: readonly Case[]): string =>
  [`  <testsuite name="${escape(name)}" ${counts(cases)}>`, ...cases.map(testCase), '  </testsuite>'].join(
    '\n',
  );

function testCase({ name, group, seconds = 0, outcome, note }: Case): string {
  const head = `    <testcase classname="ingot.${escape(group)}" name="${escape(name)}" time="${seconds.toFixed(3)}"`;
  const inner = [
    ...(outcome
      ? [
          `      <${outcome.tag} message="${escape(outcome.message)}">${escape(outcome.text ?? '')}</${outcome.tag}>`,
        ]
      : []),
    ...(note === undefined ? [] : [`      <system-out>${escape(note)}</system-out>`]),
  ];
  return inner.length === 0 ? `${head}/>` : [`${head}>`, ...inner, '    </testcase>'].join('\n');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** XML 1.0 has no place for most control characters and for halves of pairs, not even escaped. */
const escape = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[&<>"]/g, (c) => ENTITIES[c]!)
    .replace(/\p{Cc}/gu, (c) => (/[\t\n\r]/.test(c) ? `&#${c.charCodeAt(0)};` : '?'))
    .replace(/[\ufffe\uffff]/g, '?');
