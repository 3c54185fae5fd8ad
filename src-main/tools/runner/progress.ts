/** How far a tool is, from the lines it prints on its way. Patterns by tool; what is not said is not guessed. */
import type { ToolProgress } from './types.ts';

interface Milestone {
  readonly pattern: RegExp;
  /** From the match and what was seen before; values are kept for the lines to come. */
  readonly read: (groups: Readonly<Record<string, string>>, seen: Readonly<Record<string, number>>) => Step;
}

interface Step {
  readonly text: string;
  readonly values: Readonly<Record<string, number>>;
  readonly fraction?: number;
}

const drtText = (v: Readonly<Record<string, number>>): string =>
  `detailed routing, iteration ${v.iteration ?? 0}: ${v.percent ?? 0} %, ${v.violations ?? 0} violations`;

const OPENROAD: readonly Milestone[] = [
  {
    // TritonRoute: `[INFO DRT-0195] Start 3rd optimization iteration.`
    pattern: /Start (?<iteration>\d+)(?:st|nd|rd|th) [\w ]*iteration/,
    read: (g, seen) => {
      const values = { ...seen, iteration: Number(g.iteration), percent: 0 };
      return { text: drtText(values), values };
    },
  },
  {
    pattern: /Completing (?<percent>\d+)% with (?<violations>\d+) violations/,
    read: (g, seen) => {
      const values = { ...seen, percent: Number(g.percent), violations: Number(g.violations) };
      return { text: drtText(values), values };
    },
  },
  {
    // Global placement until 2024: `[NesterovSolve] Iter:  120 overflow: 0.512 HPWL: 1234567`
    pattern: /^\[NesterovSolve\] Iter: *(?<iteration>\d+) overflow: *(?<overflow>[\d.]+) HPWL: *(?<hpwl>\d+)/,
    read: placement,
  },
  {
    // and since then a table: `      120 |  0.5120 |  1.2345e+06 | ...`
    pattern: /^ *(?<iteration>\d+) \| +(?<overflow>\d\.\d+) \| +(?<hpwl>[\d.e+]+) \|/,
    read: placement,
  },
];

function placement(g: Readonly<Record<string, string>>): Step {
  const values = { iteration: Number(g.iteration), overflow: Number(g.overflow), hpwl: Number(g.hpwl) };
  return {
    text: `global placement, iteration ${values.iteration}: overflow ${values.overflow}`,
    values,
  };
}

const YOSYS: readonly Milestone[] = [
  {
    // `12.3.1. Executing OPT_EXPR pass (perform const folding).`
    pattern: /^(?<pass>\d+)(?:\.\d+)*\. (?:Executing (?<name>.*?)|(?<title>[A-Z].*?))\.?$/,
    read: (g) => ({ text: g.name ?? g.title!, values: { pass: Number(g.pass) } }),
  },
];

const KLAYOUT: readonly Milestone[] = [
  // DRC scripts in verbose mode: `"input" in: rules.drc:12`
  { pattern: /^"(?<operation>\w+)" in: /, read: (g) => ({ text: g.operation!, values: {} }) },
];

const MILESTONES: Readonly<Record<string, readonly Milestone[]>> = {
  openroad: OPENROAD,
  yosys: YOSYS,
  klayout: KLAYOUT,
};

/** For one job: keeps the numbers of earlier lines. Null for a line that says nothing of progress. */
export function progressReader(tool: string): (line: string) => ToolProgress | null {
  const milestones = MILESTONES[tool] ?? [];
  let seen: Readonly<Record<string, number>> = {};
  return (line) => {
    for (const { pattern, read } of milestones) {
      const groups = pattern.exec(line)?.groups;
      if (!groups) continue;
      const { text, values, fraction } = read(groups, seen);
      seen = values;
      return { fraction: fraction ?? null, text, values };
    }
    return null;
  };
}
