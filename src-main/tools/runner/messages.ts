/** What tools say, made out by their documented forms: severity, code and text of a line. */
import type { MessageSeverity, ToolMessage } from './types.ts';

interface Form {
  readonly pattern: RegExp;
  /** Fixed, or the group `severity`. */
  readonly severity?: MessageSeverity;
  /** Before a code that is only a number. */
  readonly prefix?: string;
}

/** Groups: severity, code, text. The first form that fits counts. */
const FORMS: Readonly<Record<string, readonly Form[]>> = {
  // [WARNING DRT-0120] text; errors of Tcl itself come as `Error: file.tcl, 12 text`.
  openroad: [
    { pattern: /^\[(?<severity>INFO|WARNING|ERROR|CRITICAL) (?<code>[A-Z]+-\d+)\] ?(?<text>.*)$/ },
    { pattern: /^(?<severity>Error|Warning)(?: (?<code>\d+))?: (?<text>.*)$/, prefix: 'STA' },
  ],
  // `Warning: ...`, `file.v:12: Warning: ...`, `ERROR: ...`, `file.v:3: ERROR: ...`
  yosys: [{ pattern: /^(?<text>(?:\S+:\d+: )?(?<severity>ERROR|Warning): .*)$/ }],
  // `Error: file.tcl line 3, ...`, since 2.6 `Warning 441: ...`, `Error 1520: ...`
  sta: [
    { pattern: /^(?<severity>Error|Warning)(?: (?<code>\d+))?: (?<text>.*)$/, prefix: 'STA' },
    { pattern: /^(?<text>invalid command name .*)$/, severity: 'error' },
  ],
  // Ruby's and Python's exceptions, and KLayout's own `ERROR: ...`
  klayout: [
    { pattern: /^(?<severity>ERROR|Error|WARNING|Warning): (?<text>.*)$/ },
    { pattern: /^(?<text>(?:\w+\.)*\w*(?:Error|Exception)\b: .*)$/, severity: 'error' },
  ],
  // %Warning-WIDTHTRUNC: file.sv:12:3: text; %Error: text
  verilator: [{ pattern: /^%(?<severity>Error|Warning)(?:-(?<code>[A-Z0-9_]+))?: (?<text>.*)$/ }],
  // file.v:3: error: text
  iverilog: [{ pattern: /^(?<text>\S+:\d+: (?<severity>error|warning|syntax error)\b.*)$/ }],
  vvp: [{ pattern: /^(?<severity>ERROR|WARNING|FATAL): (?<text>.*)$/ }],
  magic: [{ pattern: /^(?<severity>Error|Warning)\b:? ?(?<text>.*)$/ }],
  netgen: [{ pattern: /^(?<severity>Error|Warning)\b:? ?(?<text>.*)$/ }],
  python3: [
    { pattern: /^(?<severity>ERROR|WARNING): (?<text>.*)$/ },
    { pattern: /^(?<text>(?:\w+\.)*\w*(?:Error|Exception)\b: .*)$/, severity: 'error' },
  ],
};

/** Of a tool that the table does not know. */
const COMMON: readonly Form[] = [
  { pattern: /^(?<severity>ERROR|Error|error|WARNING|Warning|warning|FATAL)\b:? ?(?<text>.*)$/ },
];

export type MessageReader = (line: string, number: number) => ToolMessage | null;

const severityOf = (word: string): MessageSeverity =>
  /^warn/i.test(word) ? 'warning' : /^info/i.test(word) ? 'info' : 'error';

/** The message in a line, null when there is none. */
export function readMessage(tool: string, line: string, number: number): ToolMessage | null {
  for (const { pattern, severity, prefix } of FORMS[tool] ?? COMMON) {
    const groups = pattern.exec(line)?.groups;
    if (!groups) continue;
    const code = groups.code ?? null;
    return {
      severity: severity ?? severityOf(groups.severity!),
      code: code !== null && prefix !== undefined ? `${prefix}-${code.padStart(4, '0')}` : code,
      text: groups.text!,
      line: number,
    };
  }
  return null;
}
