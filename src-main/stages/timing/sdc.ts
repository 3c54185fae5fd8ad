/**
 * The subset of Synopsys Design Constraints that Ingot understands; anything else is refused by line and
 * column, never skipped. Time is in ns and capacitance in fF, the units of NanGate45's Liberty.
 */
import { IngotError } from '../../base/diagnostic.ts';
import { suggestion } from '../../base/did-you-mean.ts';
import { defaultConstraints } from './constraints.ts';
import { ArgumentReader, fail, PS_PER_NS, wordsOf } from './sdc-arguments.ts';
import type { Arguments } from './sdc-arguments.ts';
import type { PortNames } from './sdc-objects.ts';
import { literalOf, parseTcl } from './tcl.ts';
import type { TclWord } from './tcl.ts';
import { clockFields, freshClock, isOneClock } from './sdc-clocks.ts';
import type { SdcClock, SdcDelay } from './sdc-clocks.ts';
import { exceptionFields } from './sdc-exceptions.ts';
import type { Constraints, PathException } from './types.ts';

type Draft = { -readonly [K in keyof Constraints]: Constraints[K] };

const delayOptions = {
  '-clock': true,
  '-clock_fall': false,
  '-min': false,
  '-max': false,
  '-add_delay': false,
};
const pathOptions = { '-from': true, '-through': true, '-to': true };

class SdcReader extends ArgumentReader {
  private readonly draft: Draft = { ...defaultConstraints('clk', 1), inputDelays: [], outputDelays: [] };
  private inputDelays: SdcDelay[] = [];
  private outputDelays: SdcDelay[] = [];
  private readonly exceptions: PathException[] = [];
  private readonly clockGroups: string[][][] = [];

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

  /** Ports and pins that a clock starts at. */
  private clockSources(a: Arguments): string[] {
    return a.operands.flatMap((target) => {
      if (target.objects?.kind === 'pins') {
        return (target.objects.names ?? []).flatMap((name) => this.pinsLike(name, target));
      }
      const bare = target.objects ? null : wordsOf(target).filter((n) => n.includes('/'));
      if (bare && bare.length > 0) return bare;
      const ports = this.ports(target, a, 'inputs');
      if (!ports) throw fail(target, 'name the ports of a clock');
      return ports;
    });
  }

  private addClock(a: Arguments, clock: SdcClock): void {
    if (this.clocks.some((c) => c.name === clock.name))
      throw fail(a.head, `clock ${clock.name} stands twice`);
    const shared = clock.sources.find((s) => this.clocks.some((c) => c.sources.includes(s)));
    if (shared !== undefined && !a.options.has('-add'))
      throw fail(
        a.head,
        `a clock starts at ${shared} already; -add puts another one beside it`,
        'TIMING-002',
      );
    this.clocks.push(clock);
  }

  private createClock(words: readonly TclWord[]): void {
    const a = this.arguments(words, { '-name': true, '-period': true, '-waveform': true, '-add': false });
    const sources = this.clockSources(a);
    const name = a.options.get('-name')?.text ?? sources[0];
    if (name === undefined) throw fail(a.head, 'a clock without a port needs -name');
    const periodPs = this.number(a.options.get('-period'), a) * PS_PER_NS;
    if (!(periodPs > 0)) throw fail(a.head, 'the period must be positive');
    const given = a.options.get('-waveform');
    const edges = (given?.text ?? '').split(/\s+/).map((t) => Number(t) * PS_PER_NS);
    const [rise, fall] = edges;
    const isPlain = !given || (rise === 0 && Math.abs(fall! - periodPs / 2) <= 1e-6 * periodPs);
    const isRight =
      edges.length === 2 && rise! >= 0 && rise! < periodPs && fall! > rise! && fall! < rise! + periodPs;
    if (given && !isRight)
      throw fail(
        given,
        'only a clock of one rise in its period and a fall within a period of that is supported',
      );
    const port = sources.length === 1 && !sources[0]!.includes('/') ? sources[0]! : null;
    const waveform = isPlain ? null : { risePs: rise!, fallPs: fall! };
    this.addClock(a, freshClock({ name, sources, port, periodPs, waveform, generated: null }));
  }

  private createGeneratedClock(words: readonly TclWord[]): void {
    const a = this.arguments(words, {
      '-name': true,
      '-source': true,
      '-master_clock': true,
      '-divide_by': true,
      '-multiply_by': true,
      '-invert': false,
      '-combinational': false,
      '-add': false,
    });
    const sources = this.clockSources(a);
    if (sources.length === 0)
      throw fail(a.head, 'create_generated_clock needs the pin where the clock starts');
    const from = a.options.get('-source');
    const sourceNames = from ? (from.objects?.names ?? wordsOf(from)) : [];
    if (!from || sourceNames.length !== 1)
      throw fail(from ?? a.head, 'create_generated_clock needs one -source');
    const factor = (option: string): number => {
      if (!a.options.has(option)) return 1;
      const value = this.number(a.options.get(option), a);
      if (!Number.isInteger(value) || value < 1)
        throw fail(a.options.get(option)!, `${option} is a whole number from 1`);
      return value;
    };
    if (a.options.has('-divide_by') && a.options.has('-multiply_by'))
      throw fail(a.head, '-divide_by and -multiply_by exclude each other');
    const master = a.options.has('-master_clock') ? this.clocksOf(a.options.get('-master_clock'), a) : [];
    if (master.length > 1) throw fail(a.head, '-master_clock needs one clock');
    const generated = {
      source: sourceNames[0]!,
      master: master[0]?.name ?? null,
      divideBy: factor('-divide_by'),
      multiplyBy: factor('-multiply_by'),
      isInverted: a.options.has('-invert'),
      isCombinational: a.options.has('-combinational'),
    };
    const name = a.options.get('-name')?.text ?? sources[0]!;
    this.addClock(a, freshClock({ name, sources, port: null, periodPs: null, waveform: null, generated }));
  }

  private setClockGroups(words: readonly TclWord[]): void {
    const a = this.arguments(words, {
      '-name': true,
      '-group': true,
      '-asynchronous': false,
      '-logically_exclusive': false,
      '-physically_exclusive': false,
      '-exclusive': false,
    });
    const kinds = [...a.options.keys()].filter((name) => name !== '-name' && name !== '-group');
    if (kinds.length !== 1)
      throw fail(a.head, 'set_clock_groups needs one of -asynchronous and the exclusive ones');
    if (a.repeated.length === 0) throw fail(a.head, 'set_clock_groups needs -group');
    this.clockGroups.push(a.repeated.map((group) => this.clocksOf(group, a).map((clock) => clock.name)));
  }

  private addDelay(
    list: readonly SdcDelay[],
    words: readonly TclWord[],
    side: 'inputs' | 'outputs',
  ): SdcDelay[] {
    const a = this.arguments(words, delayOptions);
    const clocks = this.clocksOf(a.options.get('-clock'), a);
    if (clocks.length > 1) throw fail(a.head, `${a.name} needs one clock`);
    const clock = clocks[0]!;
    const ports = this.ports(a.operands[1], a, side);
    const value = this.number(a.operands[0], a) * PS_PER_NS;
    const isMin = a.options.has('-min');
    const isMax = a.options.has('-max');
    const isAdded = a.options.has('-add_delay');
    const isClockFall = a.options.has('-clock_fall');
    const about = { clock, isClockFall, isAdded };
    if (isMin === isMax) return [...list, { delay: { ports, minPs: value, maxPs: value }, ...about }];
    // -max and -min come as two commands for the same ports: the second one completes the first.
    const same = list.findIndex(
      (d) => String(d.delay.ports) === String(ports) && d.clock === clock && d.isClockFall === isClockFall,
    );
    const old = same < 0 ? { ports, minPs: value, maxPs: value } : list[same]!.delay;
    const delay = isMin ? { ...old, minPs: value } : { ...old, maxPs: value };
    const first = same < 0 ? about : { ...about, isAdded: isAdded && list[same]!.isAdded };
    return [...list.filter((_, i) => i !== same), { delay, ...first }];
  }

  private addException(
    kind: PathException['kind'],
    a: Arguments,
    check: PathException['check'],
    value: number,
    isByLaunch = false,
  ): void {
    const from = this.points(a.options.get('-from'), a);
    const to = this.points(a.options.get('-to'), a);
    const through = a.repeated.map((value) => {
      const points = this.points(value, a)!;
      if (points.clocks.length > 0) throw fail(value, 'clocks are no points that paths pass');
      return points;
    });
    if (!from && !to && through.length === 0) throw fail(a.head, `${a.name} needs -from, -through or -to`);
    this.exceptions.push({ kind, from, through, to, check, value, isByLaunch });
  }

  private falsePath(words: readonly TclWord[]): void {
    const a = this.arguments(words, { ...pathOptions, '-setup': false, '-hold': false });
    this.addException('false', a, checkOf(a), 0);
  }

  private multicycle(words: readonly TclWord[]): void {
    if (this.clocks.length === 0) throw fail(words[0]!, 'set_multicycle_path comes before create_clock');
    const a = this.arguments(words, {
      ...pathOptions,
      '-setup': false,
      '-hold': false,
      '-start': false,
      '-end': false,
    });
    const cycles = this.number(a.operands[0], a);
    if (!Number.isInteger(cycles) || cycles < 0) throw fail(a.operands[0]!, 'cycles are a whole number');
    if (a.options.has('-start') && a.options.has('-end'))
      throw fail(a.head, '-start and -end exclude each other');
    const check = checkOf(a);
    const isByLaunch = a.options.has('-start') || (check === 'hold' && !a.options.has('-end'));
    if (!(a.options.has('-setup') && a.options.has('-hold'))) {
      this.addException('multicycle', a, check, cycles, isByLaunch);
      return;
    }
    // Both named: as one command each.
    this.addException('multicycle', a, 'setup', cycles, isByLaunch);
    this.addException('multicycle', a, 'hold', cycles, isByLaunch);
  }

  private pathDelay(words: readonly TclWord[], kind: 'maxDelay' | 'minDelay'): void {
    const a = this.arguments(words, pathOptions);
    const delayPs = this.number(a.operands[0], a) * PS_PER_NS;
    this.addException(kind, a, kind === 'maxDelay' ? 'setup' : 'hold', delayPs);
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
    create_generated_clock: (words) => this.createGeneratedClock(words),
    set_clock_groups: (words) => this.setClockGroups(words),
    set_propagated_clock: (words) => {
      const a = this.arguments(words, {});
      const clocks = this.clocksOf(a.operands[0], a);
      for (const clock of clocks) clock.isPropagated = true;
    },
    set_clock_latency: (words) => {
      const a = this.arguments(words, { '-source': false });
      const value = this.number(a.operands[0], a) * PS_PER_NS;
      for (const clock of this.clocksOf(a.operands[1], a)) {
        if (a.options.has('-source')) clock.sourceLatencyPs = value;
        else clock.latencyPs = value;
        // As in OpenSTA a network latency makes a propagated clock ideal again.
        if (!a.options.has('-source')) clock.isPropagated = false;
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
    set_max_delay: (words) => this.pathDelay(words, 'maxDelay'),
    set_min_delay: (words) => this.pathDelay(words, 'minDelay'),
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
      throw new IngotError('TIMING-003', 'the constraints define no clock with a port', {
        place: 'sdc:1:1',
        remedy: 'add create_clock with a period and the port of the clock',
      });
    const isOne =
      isOneClock(clock, this.clocks, [...this.inputDelays, ...this.outputDelays]) &&
      this.clockGroups.length === 0;
    const hasVirtualInPaths = this.exceptions.some((e) =>
      [e.from, e.to].some((p) => p?.clocks.some((name) => name !== clock.name)),
    );
    const isPlain = isOne && !hasVirtualInPaths;
    return {
      ...this.draft,
      ...clockFields(clock, this.clocks, this.inputDelays, this.outputDelays, isPlain),
      ...exceptionFields(this.exceptions, isPlain),
      ...(this.clockGroups.length > 0 ? { clockGroups: this.clockGroups } : {}),
    };
  }
}

const checkOf = (a: Arguments): 'setup' | 'hold' | 'both' => {
  const [isSetup, isHold] = [a.options.has('-setup'), a.options.has('-hold')];
  return isSetup === isHold ? 'both' : isSetup ? 'setup' : 'hold';
};

/**
 * Constraints of a text. With the names of the netlist's ports, patterns and "all inputs but" are resolved; without,
 * they are refused. Throws TIMING-001 (unknown or malformed), TIMING-002 (two clocks at one pin without -add),
 * TIMING-003 (no clock with a port), with line and column. Names are looked up by the analysis (TIMING-012, -014, -015).
 */
export function readSdc(text: string, names: PortNames | null = null): Constraints {
  return new SdcReader(names).read(text);
}
