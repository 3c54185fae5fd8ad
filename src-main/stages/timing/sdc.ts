/**
 * The subset of Synopsys Design Constraints that Ingot understands; anything else is refused by line and
 * column, never skipped. Time is in ns and capacitance in fF, the units of NanGate45's Liberty.
 */
import { IngotError } from '../../base/diagnostic.ts';
import { suggestion } from '../../base/did-you-mean.ts';
import { defaultConstraints } from './constraints.ts';
import { isPattern, matching, SdcEnvironment } from './sdc-objects.ts';
import type { PortNames, SdcValue } from './sdc-objects.ts';
import { literalOf, parseTcl } from './tcl.ts';
import type { Place, TclWord } from './tcl.ts';
import type { Constraints, PortDelay } from './types.ts';

const PS_PER_NS = 1000;

const REMEDY = 'change or remove this; nothing of the constraints is skipped in silence';

function fail(at: Place, message: string, code = 'TIMING-001', remedy = REMEDY): IngotError {
  return new IngotError(code, message, { place: `sdc:${at.line}:${at.column}`, remedy });
}

interface Arguments {
  readonly name: string;
  readonly head: TclWord;
  readonly options: ReadonlyMap<string, SdcValue | null>;
  readonly operands: readonly SdcValue[];
}

/** A clock as it is being described; without a port it is virtual: it only dates port delays. */
interface Clock {
  readonly name: string;
  readonly port: string | null;
  readonly periodPs: number;
  slewPs: number;
  latencyPs: number;
  sourceLatencyPs: number;
  setupUncertaintyPs: number;
  holdUncertaintyPs: number;
}

type Draft = { -readonly [K in keyof Constraints]: Constraints[K] };

interface DatedDelay {
  readonly delay: PortDelay;
  readonly clock: Clock | null;
}

const delayOptions = { '-clock': true, '-min': false, '-max': false, '-add_delay': false };

class SdcReader {
  private readonly environment = new SdcEnvironment(fail);
  private readonly draft: Draft = { ...defaultConstraints('clk', 1), inputDelays: [], outputDelays: [] };
  private readonly clocks: Clock[] = [];
  private inputDelays: DatedDelay[] = [];
  private outputDelays: DatedDelay[] = [];
  private readonly names: PortNames | null;

  constructor(names: PortNames | null) {
    this.names = names;
  }

  read(text: string): Constraints {
    for (const words of parseTcl(text, fail)) {
      const head = words[0]!;
      const name = literalOf(head) ?? '';
      const handler = Object.hasOwn(this.handlers, name) ? this.handlers[name] : undefined;
      if (!handler) {
        const known = Object.keys(this.handlers);
        const message = `unknown command ${name === '' ? 'in brackets' : name}${suggestion(name, known)}`;
        throw fail(head, message, 'TIMING-001', `Ingot knows ${known.join(', ')}`);
      }
      handler(words);
    }
    return this.finish();
  }

  /** `spec`: option name to whether it takes a value. */
  private arguments(words: readonly TclWord[], spec: Record<string, boolean>): Arguments {
    const name = literalOf(words[0])!;
    const options = new Map<string, SdcValue | null>();
    const operands: SdcValue[] = [];
    for (let i = 1; i < words.length; i++) {
      const text = literalOf(words[i]) ?? '';
      if (!/^-[a-z_]/i.test(text)) {
        operands.push(this.environment.value(words[i]!));
        continue;
      }
      if (!Object.hasOwn(spec, text)) throw fail(words[i]!, `${name} has no option ${text} here`);
      if (spec[text] && i + 1 >= words.length) throw fail(words[i]!, `${text} needs a value`);
      options.set(text, spec[text] ? this.environment.value(words[++i]!) : null);
    }
    return { name, head: words[0]!, options, operands };
  }

  private number(value: SdcValue | null | undefined, a: Arguments): number {
    if (!value) throw fail(a.head, `${a.name} needs a number`);
    const number = Number(value.text);
    if (value.objects || value.text.trim() === '' || !Number.isFinite(number))
      throw fail(value, `${value.text} is not a number`);
    return number;
  }

  /** Names of ports, null for all of the direction; the clock's port counts as left out of those. */
  private ports(
    value: SdcValue | null | undefined,
    a: Arguments,
    direction: 'inputs' | 'outputs',
  ): readonly string[] | null {
    if (!value) throw fail(a.head, `${a.name} needs ports`);
    const { objects } = value;
    if (objects && objects.kind !== 'ports') throw fail(value, `these are ${objects.kind}, not ports`);
    if (objects && objects.names === null) {
      if (objects.direction !== direction)
        throw fail(value, `${a.name} does not apply to all_${objects.direction}`);
      const left = objects.except.filter((name) => !this.clocks.some((clock) => clock.port === name));
      if (left.length === 0) return null;
      if (!this.names) throw fail(value, 'all ports but some needs the netlist; name the ports');
      return this.names[direction].filter((name) => !objects.except.includes(name));
    }
    const names = objects?.names ?? value.text.split(/\s+/).filter((n) => n !== '');
    if (names.length === 1 && names[0] === '*') return null;
    return names.flatMap((name) => this.portsLike(name, objects?.at ?? value));
  }

  private portsLike(name: string, at: Place): string[] {
    if (!isPattern(name)) return [name];
    if (!this.names) throw fail(at, `port pattern ${name} is not supported here; name the ports`);
    const found = matching(name, [...this.names.inputs, ...this.names.outputs]);
    if (found.length === 0) throw fail(at, `no port is like ${name}`);
    return found;
  }

  /** Endpoints by name: ports and pins, `[get_ports ..]`, `[get_pins ..]` or bare. */
  private endpoints(value: SdcValue | null | undefined, a: Arguments): readonly string[] {
    if (!value) throw fail(a.head, `${a.name} needs -to endpoints`);
    const { objects } = value;
    if (objects && objects.kind !== 'ports' && objects.kind !== 'pins')
      throw fail(value, `these are ${objects.kind}, not endpoints`);
    const names = objects ? objects.names : value.text.split(/\s+/).filter((n) => n !== '');
    if (names === null && this.names && objects?.direction)
      return this.names[objects.direction].filter((name) => !objects.except.includes(name));
    if (names === null || names.length === 0) throw fail(value, 'no endpoint is named');
    if (objects?.kind === 'ports') return names.flatMap((name) => this.portsLike(name, objects.at));
    const pattern = names.find(isPattern);
    if (pattern) throw fail(value, `pattern ${pattern} is not supported; name the endpoints`);
    return names;
  }

  private clocksOf(value: SdcValue | null | undefined, a: Arguments): readonly Clock[] {
    if (this.clocks.length === 0) throw fail(a.head, `${a.name} comes before create_clock`);
    if (!value) throw fail(a.head, `${a.name} needs a clock`);
    if (value.objects && value.objects.kind !== 'clocks') throw fail(value, 'cannot read this as a clock');
    const names = value.objects ? value.objects.names : value.text.split(/\s+/).filter((n) => n !== '');
    if (names === null || (names.length === 1 && names[0] === '*')) return this.clocks;
    return names.map((name) => {
      const clock = this.clocks.find((c) => c.name === name);
      if (!clock) throw fail(value, `there is no clock ${name}`);
      return clock;
    });
  }

  /** `LIMIT [current_design]` */
  private designLimit(words: readonly TclWord[]): number {
    const a = this.arguments(words, {});
    const value = this.number(a.operands[0], a);
    if (!(value > 0)) throw fail(a.operands[0]!, 'a limit must be positive');
    const on = a.operands[1];
    if (on?.objects?.kind !== 'design' || a.operands.length > 2)
      throw fail(on ?? a.head, `${a.name} is understood for [current_design] only`);
    return value;
  }

  private createClock(words: readonly TclWord[]): void {
    const a = this.arguments(words, { '-name': true, '-period': true, '-waveform': true });
    const target = a.operands[0];
    const ports = target ? this.ports(target, a, 'inputs') : null;
    if (target && ports?.length !== 1) throw fail(a.head, 'create_clock needs one port');
    const port = ports?.[0] ?? null;
    const name = a.options.get('-name')?.text ?? port;
    if (name === null) throw fail(a.head, 'a clock without a port needs -name');
    if (port !== null && this.clocks.some((clock) => clock.port !== null))
      throw fail(a.head, 'only one clock with a port is supported', 'TIMING-002');
    if (this.clocks.some((clock) => clock.name === name)) throw fail(a.head, `clock ${name} stands twice`);
    const periodPs = this.number(a.options.get('-period'), a) * PS_PER_NS;
    if (!(periodPs > 0)) throw fail(a.head, 'the period must be positive');
    if (this.clocks.some((clock) => clock.periodPs !== periodPs))
      throw fail(a.head, 'only clocks of one period are supported', 'TIMING-002');
    const waveform = a.options.get('-waveform');
    const [rise, fall] = (waveform?.text ?? '').split(/\s+/).map((t) => Number(t) * PS_PER_NS);
    if (waveform && (rise !== 0 || Math.abs(fall! - periodPs / 2) > 1e-6 * periodPs))
      throw fail(waveform, 'only a clock that rises at 0 and falls at half its period is supported');
    this.clocks.push({
      name,
      port,
      periodPs,
      slewPs: 0,
      latencyPs: 0,
      sourceLatencyPs: 0,
      setupUncertaintyPs: 0,
      holdUncertaintyPs: 0,
    });
  }

  private addDelay(
    list: readonly DatedDelay[],
    words: readonly TclWord[],
    side: 'inputs' | 'outputs',
  ): DatedDelay[] {
    const a = this.arguments(words, delayOptions);
    const clocks = this.clocksOf(a.options.get('-clock'), a);
    if (clocks.length > 1) throw fail(a.head, `${a.name} needs one clock`);
    const clock = clocks[0]!;
    const ports = this.ports(a.operands[1], a, side);
    const value = this.number(a.operands[0], a) * PS_PER_NS;
    const isMin = a.options.has('-min');
    const isMax = a.options.has('-max');
    if (isMin === isMax) return [...list, { delay: { ports, minPs: value, maxPs: value }, clock }];
    // -max and -min come as two commands for the same ports: the second one completes the first.
    const same = list.findIndex((d) => String(d.delay.ports) === String(ports) && d.clock === clock);
    const old = same < 0 ? { ports, minPs: value, maxPs: value } : list[same]!.delay;
    const delay = isMin ? { ...old, minPs: value } : { ...old, maxPs: value };
    return [...list.filter((_, i) => i !== same), { delay, clock }];
  }

  private falsePath(words: readonly TclWord[]): void {
    const a = this.arguments(words, { '-from': true, '-to': true });
    const from = a.options.get('-from');
    const to = a.options.get('-to');
    if (!from === !to) throw fail(a.head, 'set_false_path needs -from ports or -to endpoints, not both');
    if (from) {
      const ports = this.ports(from, a, 'inputs') ?? this.names?.inputs;
      if (!ports) throw fail(a.head, 'name the ports of a false path');
      this.draft.falsePathsFrom = [...this.draft.falsePathsFrom, ...ports];
    } else this.draft.falsePathsTo = [...this.draft.falsePathsTo, ...this.endpoints(to, a)];
  }

  private multicycle(words: readonly TclWord[]): void {
    if (this.clocks.length === 0) throw fail(words[0]!, 'set_multicycle_path comes before create_clock');
    const a = this.arguments(words, { '-setup': false, '-hold': false, '-to': true });
    const cycles = this.number(a.operands[0], a);
    if (!Number.isInteger(cycles) || cycles < 0) throw fail(a.operands[0]!, 'cycles are a whole number');
    const isHoldOnly = a.options.has('-hold') && !a.options.has('-setup');
    const isSetupOnly = a.options.has('-setup') && !a.options.has('-hold');
    const to = this.endpoints(a.options.get('-to'), a);
    // Without an option SDC sets setup alone; hold follows one cycle before it.
    const setup = isHoldOnly ? null : cycles;
    const hold = isHoldOnly ? cycles : isSetupOnly || !a.options.has('-hold') ? null : cycles;
    this.draft.multicycles = [...this.draft.multicycles, { to, setup, hold }];
  }

  private readonly handlers: Readonly<Record<string, (words: readonly TclWord[]) => void>> = {
    set: (words) => {
      const name = literalOf(words[1]);
      if (name === null || words.length !== 3) throw fail(words[0]!, 'set needs a name and a value');
      this.environment.variables.set(name, this.environment.value(words[2]!));
    },
    set_units: (words) => {
      const a = this.arguments(words, {
        '-time': true,
        '-capacitance': true,
        '-resistance': true,
        '-voltage': true,
        '-current': true,
        '-power': true,
        '-distance': true,
      });
      const time = a.options.get('-time');
      const capacitance = a.options.get('-capacitance');
      if (time && !/^1?(\.0*)?ns$/.test(time.text)) throw fail(time, 'time is in ns here');
      if (capacitance && !/^1?(\.0*)?fF$/i.test(capacitance.text))
        throw fail(capacitance, 'capacitance is in fF here');
    },
    current_design: (words) => void this.arguments(words, {}),
    create_clock: (words) => this.createClock(words),
    set_propagated_clock: (words) => {
      const a = this.arguments(words, {});
      const clocks = this.clocksOf(a.operands[0], a);
      if (clocks.some((clock) => clock.port !== null)) this.draft.isClockPropagated = true;
    },
    set_clock_latency: (words) => {
      const a = this.arguments(words, { '-source': false });
      const value = this.number(a.operands[0], a) * PS_PER_NS;
      for (const clock of this.clocksOf(a.operands[1], a)) {
        if (a.options.has('-source')) clock.sourceLatencyPs = value;
        else clock.latencyPs = value;
        // As in OpenSTA a network latency makes a propagated clock ideal again.
        if (!a.options.has('-source') && clock.port !== null) this.draft.isClockPropagated = false;
      }
    },
    set_clock_uncertainty: (words) => {
      const a = this.arguments(words, { '-setup': false, '-hold': false });
      const clocks = this.clocksOf(a.operands[1], a);
      const value = this.number(a.operands[0], a) * PS_PER_NS;
      for (const clock of clocks) {
        if (!a.options.has('-hold') || a.options.has('-setup')) clock.setupUncertaintyPs = value;
        if (!a.options.has('-setup') || a.options.has('-hold')) clock.holdUncertaintyPs = value;
      }
    },
    set_clock_transition: (words) => {
      const a = this.arguments(words, {});
      const clocks = this.clocksOf(a.operands[1], a);
      const value = this.number(a.operands[0], a) * PS_PER_NS;
      for (const clock of clocks) clock.slewPs = value;
    },
    set_input_delay: (words) => {
      this.inputDelays = this.addDelay(this.inputDelays, words, 'inputs');
    },
    set_output_delay: (words) => {
      this.outputDelays = this.addDelay(this.outputDelays, words, 'outputs');
    },
    set_input_transition: (words) => {
      const a = this.arguments(words, {});
      const value = this.number(a.operands[0], a) * PS_PER_NS;
      const ports = this.ports(a.operands[1], a, 'inputs');
      this.draft.inputSlewsPs = [...this.draft.inputSlewsPs, { ports, value }];
    },
    set_load: (words) => {
      const a = this.arguments(words, { '-pin_load': false });
      const value = this.number(a.operands[0], a);
      const ports = this.ports(a.operands[1], a, 'outputs');
      this.draft.outputLoadsFf = [...this.draft.outputLoadsFf, { ports, value }];
    },
    set_driving_cell: (words) => {
      const a = this.arguments(words, { '-lib_cell': true, '-pin': true });
      const master = a.options.get('-lib_cell')?.text;
      const pin = a.options.get('-pin')?.text;
      if (!master || !pin) throw fail(a.head, 'set_driving_cell needs -lib_cell and -pin');
      const ports = this.ports(a.operands[0], a, 'inputs');
      this.draft.drivingCells = [...this.draft.drivingCells, { ports, master, pin }];
    },
    set_false_path: (words) => this.falsePath(words),
    set_multicycle_path: (words) => this.multicycle(words),
    set_max_transition: (words) => {
      this.draft.limits = { ...this.draft.limits, maxSlewPs: this.designLimit(words) * PS_PER_NS };
    },
    set_max_capacitance: (words) => {
      this.draft.limits = { ...this.draft.limits, maxLoadFf: this.designLimit(words) };
    },
    set_max_fanout: (words) => {
      this.draft.limits = { ...this.draft.limits, maxFanout: this.designLimit(words) };
    },
  };

  private finish(): Constraints {
    const clock = this.clocks.find((c) => c.port !== null);
    if (!clock)
      throw new IngotError('TIMING-003', 'the constraints define no clock', {
        place: 'sdc:1:1',
        remedy: 'add create_clock with a period and the port of the clock',
      });
    return {
      ...this.draft,
      clockName: clock.name,
      clockPort: clock.port!,
      periodPs: clock.periodPs,
      clockSlewPs: clock.slewPs,
      clockLatencyPs: clock.latencyPs,
      clockSourceLatencyPs: clock.sourceLatencyPs,
      setupUncertaintyPs: clock.setupUncertaintyPs,
      holdUncertaintyPs: clock.holdUncertaintyPs,
      inputDelays: this.inputDelays.map((d) => dated(d, clock, false)),
      outputDelays: this.outputDelays.map((d) => dated(d, clock, true)),
    };
  }
}

/**
 * A delay against a virtual clock: its latency stays with the delay; where its uncertainty differs from the
 * chip's clock, which only outputs feel, as only there it captures, the difference is put into the delay.
 */
function dated({ delay, clock }: DatedDelay, own: Clock, isOutput: boolean): PortDelay {
  if (!clock || clock === own) return delay;
  const virtualLatencyPs = clock.latencyPs + clock.sourceLatencyPs;
  if (!isOutput) return { ...delay, virtualLatencyPs };
  return {
    ports: delay.ports,
    minPs: delay.minPs - (clock.holdUncertaintyPs - own.holdUncertaintyPs),
    maxPs: delay.maxPs + (clock.setupUncertaintyPs - own.setupUncertaintyPs),
    virtualLatencyPs,
  };
}

/**
 * Constraints of a text. With the names of the netlist's ports, patterns and "all inputs but" are resolved; without,
 * they are refused. Throws TIMING-001 (unknown or malformed), TIMING-002 (a second clock with a port, or of another
 * period), TIMING-003 (no clock), with line and column.
 */
export function readSdc(text: string, names: PortNames | null = null): Constraints {
  return new SdcReader(names).read(text);
}
