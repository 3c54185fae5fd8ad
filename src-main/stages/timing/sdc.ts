/**
 * The subset of Synopsys Design Constraints that Ingot understands; anything else is refused by line and
 * column, never skipped. Time is in ns and capacitance in fF, the units of NanGate45's Liberty.
 */
import { IngotError } from '../../base/diagnostic.ts';
import { defaultConstraints } from './constraints.ts';
import type { Constraints, PortDelay } from './types.ts';

interface Word {
  readonly text: string;
  /** [ ... ] in the source: a command in place of a word. */
  readonly command: readonly Word[] | null;
  readonly line: number;
  readonly column: number;
}

const PS_PER_NS = 1000;

function fail(word: { line: number; column: number }, message: string, code = 'TIMING-001'): IngotError {
  return new IngotError(code, message, {
    place: `sdc:${word.line}:${word.column}`,
    remedy: 'see the list of commands in stages/timing/README.md',
  });
}

/** Splits text to commands of words: braces, quotes, brackets, comments, `;` and line continuation. */
function tokenize(text: string): Word[][] {
  let at = 0;
  let line = 1;
  let lineStart = 0;
  const place = (): { line: number; column: number } => ({ line, column: at - lineStart + 1 });
  const step = (): string => {
    const c = text[at++];
    if (c === '\n') {
      line++;
      lineStart = at;
    }
    return c;
  };
  function enclosed(open: string, close: string): string {
    const start = place();
    let depth = 0;
    let out = '';
    for (;;) {
      if (at >= text.length) throw fail(start, `${open} without ${close}`);
      const c = step();
      if (c === open && open !== close) depth++;
      else if (c === close && (open !== close || depth > 0)) {
        depth--;
        if (depth === 0) return out.slice(1);
      } else if (open === close && depth === 0) depth = 1;
      out += c;
    }
  }
  function commandWords(end: string): Word[] {
    const words: Word[] = [];
    for (;;) {
      while (at < text.length && (text[at] === ' ' || text[at] === '\t' || text[at] === '\r')) at++;
      if (text[at] === '\\' && (text[at + 1] === '\n' || text.startsWith('\r\n', at + 1))) {
        step();
        while (text[at] === '\r' || text[at] === '\n') step();
        continue;
      }
      if (at >= text.length) {
        if (end === ']') throw fail(place(), '[ without ]');
        return words;
      }
      const here = place();
      const c = text[at];
      if (end === ']' ? c === ']' : c === '\n' || c === ';') {
        step();
        return words;
      }
      if (end === ']' && c === '\n') {
        step();
        continue;
      }
      if (c === '#' && words.length === 0 && end !== ']') {
        while (at < text.length && text[at] !== '\n') at++;
        continue;
      }
      if (c === '{') words.push({ text: enclosed('{', '}'), command: null, ...here });
      else if (c === '"') words.push({ text: enclosed('"', '"'), command: null, ...here });
      else if (c === '[') {
        at++;
        words.push({ text: '[', command: commandWords(']'), ...here });
      } else {
        let word = '';
        let depth = 0;
        while (
          at < text.length &&
          !/[\s;]/.test(text[at]) &&
          !(end === ']' && text[at] === ']' && depth === 0)
        ) {
          if (text[at] === '$') throw fail(here, 'Tcl variables are not supported');
          if (text[at] === '[') depth++;
          if (text[at] === ']') depth--;
          if (text[at] === '\\' && /[[\]\\]/.test(text[at + 1] ?? '')) at++;
          word += text[at++];
        }
        if (word === '') throw fail(here, 'this character cannot stand here');
        words.push({ text: word, command: null, ...here });
      }
    }
  }
  const commands: Word[][] = [];
  while (at < text.length) {
    const words = commandWords('\n');
    if (words.length > 0) commands.push(words);
  }
  return commands;
}

interface Arguments {
  readonly head: Word;
  readonly options: ReadonlyMap<string, Word | null>;
  readonly operands: readonly Word[];
}

/** `spec`: option name to whether it takes a value. */
function parseArguments(words: readonly Word[], spec: Record<string, boolean>): Arguments {
  const options = new Map<string, Word | null>();
  const operands: Word[] = [];
  for (let i = 1; i < words.length; i++) {
    const word = words[i];
    if (word.command || !/^-[a-z_]/i.test(word.text)) {
      operands.push(word);
      continue;
    }
    if (!(word.text in spec)) throw fail(word, `${words[0].text} has no option ${word.text} here`);
    if (spec[word.text] && i + 1 >= words.length) throw fail(word, `${word.text} needs a value`);
    options.set(word.text, spec[word.text] ? words[++i] : null);
  }
  return { head: words[0], options, operands };
}

function number(word: Word | undefined, head: Word): number {
  if (!word) throw fail(head, `${head.text} needs a number`);
  const value = Number(word.text);
  if (word.command || word.text.trim() === '' || !Number.isFinite(value))
    throw fail(word, `${word.text} is not a number`);
  return value;
}

/** Port names of a word: `[get_ports {a b}]`, `[all_inputs]` (null), or plain names. */
function portsOf(
  word: Word | undefined,
  head: Word,
  all: 'all_inputs' | 'all_outputs',
): readonly string[] | null {
  if (!word) throw fail(head, `${head.text} needs ports`);
  if (!word.command) return word.text.split(/\s+/).filter((n) => n !== '');
  const [name, ...rest] = word.command;
  if (name?.text === 'all_inputs' || name?.text === 'all_outputs') {
    if (name.text !== all) throw fail(name, `${head.text} does not apply to ${name.text}`);
    if (rest.length > 0 && !(rest.length === 1 && rest[0].text === '-no_clocks'))
      throw fail(rest[0], `${name.text} takes only -no_clocks here`);
    return null;
  }
  if (name?.text !== 'get_ports') throw fail(name ?? word, `cannot read [${name?.text ?? ''} ...] as ports`);
  const names = rest.flatMap((w) => w.text.split(/\s+/)).filter((n) => n !== '');
  if (names.length === 1 && names[0] === '*') return null;
  const pattern = names.find((n) => /[*?]/.test(n));
  if (pattern) throw fail(rest[0], `port pattern ${pattern} is not supported; name the ports`);
  return names;
}

function clockName(word: Word | undefined, head: Word): string | null {
  if (!word) throw fail(head, `${head.text} needs a clock`);
  if (!word.command) return word.text;
  if (word.command[0]?.text === 'all_clocks') return null;
  if (word.command[0]?.text === 'get_clocks' && word.command.length === 2) return word.command[1].text;
  throw fail(word, 'cannot read this as a clock');
}

/** Endpoints by name: ports and pins, `[get_ports ..]`, `[get_pins ..]` or bare. */
function endpointsOf(word: Word | undefined, head: Word): readonly string[] {
  if (!word) throw fail(head, `${head.text} needs -to endpoints`);
  const name = word.command?.[0] ?? null;
  const rest = word.command ? word.command.slice(1) : [word];
  if (name && name.text !== 'get_pins' && name.text !== 'get_ports')
    throw fail(name, `cannot read [${name.text} ...] as endpoints`);
  const names = rest.flatMap((w) => w.text.split(/\s+/)).filter((n) => n !== '');
  if (names.length === 0) throw fail(word, 'no endpoint is named');
  const pattern = names.find((n) => /[*?]/.test(n));
  if (pattern) throw fail(word, `pattern ${pattern} is not supported; name the endpoints`);
  return names;
}

/** `LIMIT [current_design]` */
function designLimit(words: readonly Word[]): number {
  const a = parseArguments(words, {});
  const value = number(a.operands[0], a.head);
  if (!(value > 0)) throw fail(a.operands[0], 'a limit must be positive');
  const on = a.operands[1];
  if (!on?.command || on.command[0]?.text !== 'current_design' || a.operands.length > 2)
    throw fail(on ?? a.head, `${a.head.text} is understood for [current_design] only`);
  return value;
}

type Draft = { -readonly [K in keyof Constraints]: Constraints[K] };

function addDelay(list: readonly PortDelay[], a: Arguments, ports: readonly string[] | null): PortDelay[] {
  const value = number(a.operands[0], a.head) * PS_PER_NS;
  const isMin = a.options.has('-min');
  const isMax = a.options.has('-max');
  if (isMin === isMax) return [...list, { ports, minPs: value, maxPs: value }];
  // -max and -min come as two commands for the same ports: the second one completes the first.
  const same = list.findIndex((d) => String(d.ports) === String(ports));
  const old = same < 0 ? { ports, minPs: value, maxPs: value } : list[same];
  const merged = isMin ? { ...old, minPs: value } : { ...old, maxPs: value };
  return [...list.filter((_, i) => i !== same), merged];
}

type Handler = (draft: Draft, words: readonly Word[], known: { clock: boolean }) => void;

function requireClock(draft: Draft, known: { clock: boolean }, word: Word | undefined, head: Word): void {
  if (!known.clock) throw fail(head, `${head.text} comes before create_clock`);
  const name = clockName(word, head);
  if (name !== null && name !== draft.clockName) throw fail(word ?? head, `there is no clock ${name}`);
}

const delayOptions = { '-clock': true, '-min': false, '-max': false, '-add_delay': false };

const HANDLERS: Record<string, Handler> = {
  create_clock(draft, words, known) {
    const a = parseArguments(words, { '-name': true, '-period': true });
    if (known.clock) throw fail(a.head, 'only one clock is supported', 'TIMING-002');
    const ports = portsOf(a.operands[0], a.head, 'all_inputs');
    if (ports?.length !== 1) throw fail(a.head, 'create_clock needs one port');
    known.clock = true;
    draft.clockPort = ports[0];
    draft.clockName = a.options.get('-name')?.text ?? ports[0];
    draft.periodPs = number(a.options.get('-period') ?? undefined, a.head) * PS_PER_NS;
    if (!(draft.periodPs > 0)) throw fail(a.head, 'the period must be positive');
  },
  set_propagated_clock(draft, words, known) {
    requireClock(draft, known, parseArguments(words, {}).operands[0], words[0]);
    draft.isClockPropagated = true;
  },
  set_clock_uncertainty(draft, words, known) {
    const a = parseArguments(words, { '-setup': false, '-hold': false });
    requireClock(draft, known, a.operands[1], a.head);
    const value = number(a.operands[0], a.head) * PS_PER_NS;
    if (!a.options.has('-hold') || a.options.has('-setup')) draft.setupUncertaintyPs = value;
    if (!a.options.has('-setup') || a.options.has('-hold')) draft.holdUncertaintyPs = value;
  },
  set_clock_transition(draft, words, known) {
    const a = parseArguments(words, {});
    requireClock(draft, known, a.operands[1], a.head);
    draft.clockSlewPs = number(a.operands[0], a.head) * PS_PER_NS;
  },
  set_input_delay(draft, words, known) {
    const a = parseArguments(words, delayOptions);
    requireClock(draft, known, a.options.get('-clock') ?? undefined, a.head);
    draft.inputDelays = addDelay(draft.inputDelays, a, portsOf(a.operands[1], a.head, 'all_inputs'));
  },
  set_output_delay(draft, words, known) {
    const a = parseArguments(words, delayOptions);
    requireClock(draft, known, a.options.get('-clock') ?? undefined, a.head);
    draft.outputDelays = addDelay(draft.outputDelays, a, portsOf(a.operands[1], a.head, 'all_outputs'));
  },
  set_input_transition(draft, words) {
    const a = parseArguments(words, {});
    const value = number(a.operands[0], a.head) * PS_PER_NS;
    draft.inputSlewsPs = [
      ...draft.inputSlewsPs,
      { ports: portsOf(a.operands[1], a.head, 'all_inputs'), value },
    ];
  },
  set_load(draft, words) {
    const a = parseArguments(words, { '-pin_load': false });
    const value = number(a.operands[0], a.head);
    draft.outputLoadsFf = [
      ...draft.outputLoadsFf,
      { ports: portsOf(a.operands[1], a.head, 'all_outputs'), value },
    ];
  },
  set_driving_cell(draft, words) {
    const a = parseArguments(words, { '-lib_cell': true, '-pin': true });
    const master = a.options.get('-lib_cell')?.text;
    const pin = a.options.get('-pin')?.text;
    if (!master || !pin) throw fail(a.head, 'set_driving_cell needs -lib_cell and -pin');
    const ports = portsOf(a.operands[0], a.head, 'all_inputs');
    draft.drivingCells = [...draft.drivingCells, { ports, master, pin }];
  },
  set_false_path(draft, words) {
    const a = parseArguments(words, { '-from': true, '-to': true });
    const from = a.options.get('-from');
    const to = a.options.get('-to');
    if (!from === !to) throw fail(a.head, 'set_false_path needs -from ports or -to endpoints, not both');
    if (from) {
      const ports = portsOf(from, a.head, 'all_inputs');
      if (ports === null) throw fail(a.head, 'name the ports of a false path');
      draft.falsePathsFrom = [...draft.falsePathsFrom, ...ports];
    } else draft.falsePathsTo = [...draft.falsePathsTo, ...endpointsOf(to ?? undefined, a.head)];
  },
  set_multicycle_path(draft, words, known) {
    if (!known.clock) throw fail(words[0], `${words[0].text} comes before create_clock`);
    const a = parseArguments(words, { '-setup': false, '-hold': false, '-to': true });
    const cycles = number(a.operands[0], a.head);
    if (!Number.isInteger(cycles) || cycles < 0) throw fail(a.operands[0], 'cycles are a whole number');
    const isHoldOnly = a.options.has('-hold') && !a.options.has('-setup');
    const isSetupOnly = a.options.has('-setup') && !a.options.has('-hold');
    const to = endpointsOf(a.options.get('-to') ?? undefined, a.head);
    // Without an option SDC sets setup alone; hold follows one cycle before it.
    const setup = isHoldOnly ? null : cycles;
    const hold = isHoldOnly ? cycles : isSetupOnly || !a.options.has('-hold') ? null : cycles;
    draft.multicycles = [...draft.multicycles, { to, setup, hold }];
  },
  set_max_transition(draft, words) {
    draft.limits = { ...draft.limits, maxSlewPs: designLimit(words) * PS_PER_NS };
  },
  set_max_capacitance(draft, words) {
    draft.limits = { ...draft.limits, maxLoadFf: designLimit(words) };
  },
  set_max_fanout(draft, words) {
    draft.limits = { ...draft.limits, maxFanout: designLimit(words) };
  },
  current_design(_draft, words) {
    parseArguments(words, {});
  },
};

/** Throws TIMING-001 (unknown or malformed), TIMING-002 (second clock), TIMING-003 (no clock). */
export function readSdc(text: string): Constraints {
  const draft: Draft = { ...defaultConstraints('clk', 1), inputDelays: [], outputDelays: [] };
  const known = { clock: false };
  for (const words of tokenize(text)) {
    const handler = Object.hasOwn(HANDLERS, words[0].text) ? HANDLERS[words[0].text] : undefined;
    if (!handler || words[0].command) throw fail(words[0], `unknown command ${words[0].text}`);
    handler(draft, words, known);
  }
  if (!known.clock)
    throw new IngotError('TIMING-003', 'the constraints define no clock', { place: 'sdc:1:1' });
  return draft;
}

/** Port names to write in place of `[all_inputs]` and `[all_outputs]`. */
export interface PortNames {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/**
 * The constraints as SDC. Without `names`, delays of all inputs are set on `[all_inputs]`, the clock's port
 * included, which tools ignore with a warning; with names every port is named and the clock's left out.
 */
export function writeSdc(c: Constraints, names: PortNames | null = null): string {
  const list = (ports: readonly string[] | null, all: 'inputs' | 'outputs', isDelay = false): string => {
    if (!ports && !names) return `[all_${all}]`;
    const chosen = ports ?? names![all].filter((name) => !(isDelay && name === c.clockPort));
    return `[get_ports {${chosen.join(' ')}}]`;
  };
  const hasPorts = (ports: readonly string[] | null, all: 'inputs' | 'outputs'): boolean =>
    ports ? ports.length > 0 : !names || names[all].length > 0;
  const ns = (ps: number): string => String(ps / PS_PER_NS);
  const clock = `[get_clocks {${c.clockName}}]`;
  const lines = [
    `create_clock -name {${c.clockName}} -period ${ns(c.periodPs)} [get_ports {${c.clockPort}}]`,
  ];
  if (c.isClockPropagated) lines.push(`set_propagated_clock ${clock}`);
  else if (c.clockSlewPs > 0) lines.push(`set_clock_transition ${ns(c.clockSlewPs)} ${clock}`);
  if (c.setupUncertaintyPs !== 0)
    lines.push(`set_clock_uncertainty -setup ${ns(c.setupUncertaintyPs)} ${clock}`);
  if (c.holdUncertaintyPs !== 0)
    lines.push(`set_clock_uncertainty -hold ${ns(c.holdUncertaintyPs)} ${clock}`);
  const delays = (command: string, given: readonly PortDelay[], all: 'inputs' | 'outputs'): void => {
    for (const d of given) {
      if (!hasPorts(d.ports, all)) continue;
      for (const [option, value] of [
        ['-max', d.maxPs],
        ['-min', d.minPs],
      ] as const)
        lines.push(`${command} ${option} ${ns(value)} -clock ${clock} ${list(d.ports, all, true)}`);
    }
  };
  delays('set_input_delay', c.inputDelays, 'inputs');
  delays('set_output_delay', c.outputDelays, 'outputs');
  for (const v of c.inputSlewsPs)
    if (hasPorts(v.ports, 'inputs'))
      lines.push(`set_input_transition ${ns(v.value)} ${list(v.ports, 'inputs')}`);
  for (const v of c.outputLoadsFf)
    if (hasPorts(v.ports, 'outputs')) lines.push(`set_load ${v.value} ${list(v.ports, 'outputs')}`);
  for (const d of c.drivingCells)
    if (hasPorts(d.ports, 'inputs'))
      lines.push(`set_driving_cell -lib_cell ${d.master} -pin ${d.pin} ${list(d.ports, 'inputs')}`);
  if (c.falsePathsFrom.length > 0) lines.push(`set_false_path -from ${list(c.falsePathsFrom, 'inputs')}`);
  const endpoints = (all: readonly string[]): string[] => {
    const pins = all.filter((name) => name.includes('/'));
    const ports = all.filter((name) => !name.includes('/'));
    return [
      ...(ports.length > 0 ? [`[get_ports {${ports.join(' ')}}]`] : []),
      ...(pins.length > 0 ? [`[get_pins {${pins.join(' ')}}]`] : []),
    ];
  };
  for (const to of endpoints(c.falsePathsTo)) lines.push(`set_false_path -to ${to}`);
  for (const m of c.multicycles)
    for (const to of endpoints(m.to)) {
      if (m.setup !== null) lines.push(`set_multicycle_path -setup ${m.setup} -to ${to}`);
      if (m.hold !== null) lines.push(`set_multicycle_path -hold ${m.hold} -to ${to}`);
    }
  const { maxSlewPs, maxLoadFf, maxFanout } = c.limits;
  if (maxSlewPs !== null) lines.push(`set_max_transition ${ns(maxSlewPs)} [current_design]`);
  if (maxLoadFf !== null) lines.push(`set_max_capacitance ${maxLoadFf} [current_design]`);
  if (maxFanout !== null) lines.push(`set_max_fanout ${maxFanout} [current_design]`);
  return lines.join('\n') + '\n';
}
