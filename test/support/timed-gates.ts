/**
 * Gates in time: the exported netlist with the delays and checks of its SDF, two-valued and event by event. A judge
 * of the static analysis: shares with the product only the kit's tables of functions and the reader of expressions.
 *
 * Semantics: late values of the triples; cell outputs are inertial (a pulse shorter than the delay is swallowed),
 * wires transport; an output's delay is that of the input whose edge changes it. Flip-flops take what stands at
 * their pins when the clock edge has come through its buffers; data that changes within SETUPHOLD counts as
 * a violation. The clock network must be buffers only.
 */
import type { Kit, Master } from '../../src-main/stages/kit/index.ts';
import { parseFunction, type Expression } from '../../src-main/stages/kit/function.ts';
import { readFlatVerilog } from './flat-verilog.ts';

type Sexp = string | readonly Sexp[];

export function readSexp(text: string): Sexp[] {
  const stack: Sexp[][] = [[]];
  for (const [token] of text.matchAll(/[()]|"[^"]*"|[^\s()"]+/g)) {
    if (token === '(') stack.push([]);
    else if (token === ')') {
      const done = stack.pop()!;
      if (stack.length === 0) throw new Error(') without (');
      stack.at(-1)!.push(done);
    } else stack.at(-1)!.push(token);
  }
  if (stack.length !== 1) throw new Error('( without )');
  return stack[0]!;
}

const head = (s: Sexp): string => (typeof s === 'string' ? s : String(s[0]));
const parts = (s: Sexp | undefined): readonly Sexp[] => (s === undefined || typeof s === 'string' ? [] : s);
const unescape = (name: string): string => name.replace(/\\(.)/g, '$1');

/** ps of a triple's late value. */
function late(s: Sexp | undefined): number {
  const text = parts(s)[0];
  if (typeof text !== 'string') return Number.NaN;
  return Number(text.split(':').at(-1)) * 1000;
}

interface CellDelays {
  /** `IN OUT` -> [in rise: out rise, out fall; in fall: out rise, out fall] */
  readonly paths: Map<string, Float64Array>;
  /** `DATA` -> setup rise, setup fall, hold rise, hold fall */
  readonly checks: Map<string, Float64Array>;
}

export interface Sdf {
  readonly cells: ReadonlyMap<string, CellDelays>;
  /** sink `inst/pin` or port -> rise, fall */
  readonly wires: ReadonlyMap<string, readonly [number, number]>;
}

const EDGES: Readonly<Record<string, readonly number[]>> = { posedge: [0], negedge: [1] };

function readIoPath(s: readonly Sexp[], paths: Map<string, Float64Array>): void {
  const from = s[1]!;
  const [pin, edges] = typeof from === 'string' ? [from, [0, 1]] : [String(from[1]), EDGES[head(from)]!];
  const key = `${pin} ${String(s[2])}`;
  const known = paths.get(key) ?? new Float64Array(4).fill(Number.NaN);
  for (const edge of edges) known.set([late(s[3]), late(s[4])], 2 * edge);
  paths.set(key, known);
}

export function readSdf(text: string): Sdf {
  const cells = new Map<string, CellDelays>();
  const wires = new Map<string, readonly [number, number]>();
  const [file] = readSexp(text);
  if (head(file!) !== 'DELAYFILE') throw new Error('no SDF');
  for (const cell of parts(file).filter((s) => head(s) === 'CELL')) {
    const own: CellDelays = { paths: new Map(), checks: new Map() };
    let name = '';
    for (const item of parts(cell)) {
      if (head(item) === 'INSTANCE') name = unescape(String(parts(item)[1] ?? ''));
      if (head(item) === 'DELAY')
        for (const s of parts(item).flatMap((a) => parts(a))) {
          if (head(s) === 'IOPATH') readIoPath(parts(s), own.paths);
          if (head(s) === 'INTERCONNECT')
            wires.set(unescape(String(parts(s)[2])), [late(parts(s)[3]), late(parts(s)[4])]);
        }
      if (head(item) === 'TIMINGCHECK')
        for (const s of parts(item)) {
          if (head(s) !== 'SETUPHOLD') continue;
          const [, data, , setup, hold] = parts(s);
          const pin = String(parts(data)[1]);
          const known = own.checks.get(pin) ?? new Float64Array(4);
          const edge = EDGES[head(data!)]![0]!;
          known[edge] = late(setup);
          known[2 + edge] = late(hold);
          own.checks.set(pin, known);
        }
    }
    if (name !== '') cells.set(name, own);
  }
  return { cells, wires };
}

function evaluate(e: Expression, value: (name: string) => number): number {
  if (e.op === 'const') return e.value;
  if (e.op === 'var') return value(e.name);
  if (e.op === 'not') return 1 - evaluate(e.arg, value);
  const values = e.args.map((a) => evaluate(a, value));
  if (e.op === 'and') return values.every((v) => v === 1) ? 1 : 0;
  if (e.op === 'or') return values.some((v) => v === 1) ? 1 : 0;
  return values.reduce((a, b) => a ^ b, 0);
}

/** Table of an expression over named inputs, first name the lowest bit. */
function tabulate(text: string, names: readonly string[]): Uint8Array {
  const e = parseFunction(text);
  return Uint8Array.from({ length: 1 << names.length }, (_, row) =>
    evaluate(e, (name) => {
      const bit = names.indexOf(name);
      if (bit < 0) throw new Error(`${text}: what is ${name}?`);
      return (row >> bit) & 1;
    }),
  );
}

interface Model {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Of each output; flip-flops: of Q from the state, then the next state. */
  readonly tables: readonly Uint8Array[];
  readonly clock: string | null;
  /** Flip-flops: 1 = the output is the inverse of the state. */
  readonly inverted: readonly number[];
}

function modelOf(master: Master): Model {
  const signals = master.pins.filter((p) => p.use === 'signal' || p.use === 'clock');
  const outs = signals.filter((p) => p.direction === 'output');
  const s = master.sequential;
  if (s && (s.kind !== 'flop' || s.clear !== null || s.preset !== null))
    throw new Error(`${master.name}: only plain flip-flops are modelled`);
  const clock = s ? s.clockedOn.replace(/[()\s]/g, '') : null;
  const inputs = signals.filter((p) => p.direction === 'input' && p.name !== clock).map((p) => p.name);
  const outputs = outs.map((p) => p.name);
  const inverted = outs.map((p) => (p.function === s?.stateInverse ? 1 : 0));
  const tables = s ? [tabulate(s.nextState, inputs)] : outs.map((p) => tabulate(p.function!, inputs));
  return { inputs, outputs, tables, clock, inverted };
}

const OUTPUT = 0;
const SINK = 1;
const SAMPLE = 2;
/** Buckets of 1 ps; no event lies further ahead than this. */
const WHEEL = 1 << 15;

export class TimedGates {
  /** Data that changed within setup or hold of a clock edge. */
  violations = 0;
  events = 0;
  private readonly periodPs: number;
  private now = 0;
  // Cells: pins are numbered through, inputs first in each cell.
  private readonly cellModel: Model[] = [];
  private cellInput!: Int32Array;
  private cellRow!: Int32Array;
  private cellOutput!: Int32Array;
  private cellOutputs!: Uint8Array;
  private cellIsFlop!: Uint8Array;
  /** Output -> where its table starts (flip-flops: the next state's). */
  private outTable!: Int32Array;
  private tables!: Uint8Array;
  /** Input pin -> cell; and its bit in the cell's row. */
  private pinCell!: Int32Array;
  private pinMask!: Int32Array;
  /** Input pin -> where its delays start: four to each output of the cell. */
  private pinDelay!: Int32Array;
  private delays!: Float64Array;
  /** Flip-flop: setup rise, fall, hold rise, fall of an input pin. */
  private pinCheck!: (Float64Array | null)[];
  private pinChanged!: Float64Array;
  private pinLast!: Float64Array;
  private pinValue!: Uint8Array;
  /** Outputs: value, event under way, its value, and sinks. */
  private outValue!: Uint8Array;
  private outPending!: Int32Array;
  private sinkStart!: Int32Array;
  private sinks!: Int32Array;
  private wires!: Float64Array;
  /** Flip-flops: clock arrival after the edge at the port, delays clock to outputs, queued or not. */
  private flopClock!: Float64Array;
  private flopDelay!: (Float64Array | null)[];
  private isQueued!: Uint8Array;
  private firstEdgePs = Infinity;
  private readonly portDriver = new Map<string, number>();
  private readonly portOutput = new Map<string, number>();
  // Events.
  private readonly heads = new Int32Array(WHEEL).fill(-1);
  private nextEvent = new Int32Array(1 << 16);
  private eventTime = new Float64Array(1 << 16);
  private eventKind = new Uint8Array(1 << 16);
  private eventPin = new Int32Array(1 << 16);
  private eventValue = new Uint8Array(1 << 16);
  private freeEvent = -1;
  private eventCount = 0;
  private cursor = 0;

  constructor(verilog: string, sdfText: string, kit: Kit, clockPort: string, periodPs: number) {
    this.periodPs = periodPs;
    const sdf = readSdf(sdfText);
    const flat = readFlatVerilog(verilog);
    const models = new Map(kit.masters.map((m) => [m.name, m]));
    const cache = new Map<string, Model>();
    const inputId = new Map<string, number>();
    const outputId = new Map<string, number>();
    const clockPins = new Map<string, number>();
    const cells = {
      input: [] as number[],
      output: [] as number[],
      outputs: [] as number[],
      isFlop: [] as number[],
    };
    const pins = { cell: [] as number[], mask: [] as number[], delay: [] as number[] };
    const checks: (Float64Array | null)[] = [];
    const flopDelay: (Float64Array | null)[] = [];
    const delays: number[] = [];
    const outTable: number[] = [];
    const tables: number[] = [];
    const tableAt = new Map<Uint8Array, number>();
    const placeTable = (table: Uint8Array): number => {
      const known = tableAt.get(table) ?? tables.length;
      if (known === tables.length) {
        tableAt.set(table, known);
        tables.push(...table);
      }
      return known;
    };
    for (const [name, master] of flat.cells) {
      const m = models.get(master);
      if (!m) throw new Error(`no cell ${master}`);
      if (m.pins.every((p) => p.direction !== 'output')) continue;
      const model = cache.get(master) ?? modelOf(m);
      cache.set(master, model);
      const cell = this.cellModel.push(model) - 1;
      const own = sdf.cells.get(name);
      cells.input.push(pins.cell.length);
      cells.output.push(outTable.length);
      cells.outputs.push(model.outputs.length);
      cells.isFlop.push(model.clock === null ? 0 : 1);
      model.inputs.forEach((pin, bit) => {
        inputId.set(`${name}/${pin}`, pins.cell.length);
        pins.cell.push(cell);
        pins.mask.push(1 << bit);
        pins.delay.push(delays.length);
        model.outputs.forEach((out) => {
          const d = [...(own?.paths.get(`${pin} ${out}`) ?? [0, 0, 0, 0])];
          // Where the library says that an input's edge cannot be the cause, the other edge has the only delay.
          d.forEach((v, k) => delays.push(Number.isNaN(v) ? d[k ^ 2] || 0 : v));
        });
        checks.push(own?.checks.get(pin) ?? null);
      });
      model.outputs.forEach((pin, o) => {
        outputId.set(`${name}/${pin}`, outTable.length);
        outTable.push(placeTable(model.tables[model.clock === null ? o : 0]!));
      });
      if (model.clock !== null) {
        clockPins.set(`${name}/${model.clock}`, cell);
        const launch = new Float64Array(2 * model.outputs.length);
        model.outputs.forEach((out, o) => {
          const d = own?.paths.get(`${model.clock} ${out}`);
          if (d) launch.set([d[0]!, d[1]!], 2 * o);
        });
        flopDelay.push(launch);
      } else flopDelay.push(null);
    }
    const sinksOf: number[][] = [];
    const wiresOf: number[][] = [];
    const clockNet: string[] = [];
    for (const [net, ends] of flat.nets) {
      let driver = -1;
      for (const end of ends) driver = outputId.get(end) ?? driver;
      const port = ends.find((e) => e.startsWith('PIN/'))?.slice(4);
      if (driver < 0 && port !== undefined) {
        // An input port drives as an output pin without a cell.
        driver = outTable.push(-1) - 1;
        this.portDriver.set(port, driver);
        if (port === clockPort) clockNet.push(net);
      } else if (port !== undefined) this.portOutput.set(port, driver);
      if (driver < 0) continue;
      const ids = ends.filter((e) => inputId.has(e));
      sinksOf[driver] = ids.map((e) => inputId.get(e)!);
      wiresOf[driver] = ids.flatMap((e) => [...(sdf.wires.get(e) ?? [0, 0])]);
    }
    this.cellInput = Int32Array.from(cells.input);
    this.cellOutput = Int32Array.from(cells.output);
    this.cellOutputs = Uint8Array.from(cells.outputs);
    this.cellIsFlop = Uint8Array.from(cells.isFlop);
    this.cellRow = new Int32Array(cells.input.length);
    this.flopClock = new Float64Array(cells.input.length).fill(Number.NaN);
    this.isQueued = new Uint8Array(cells.input.length);
    this.flopDelay = flopDelay;
    this.pinCell = Int32Array.from(pins.cell);
    this.pinMask = Int32Array.from(pins.mask);
    this.pinDelay = Int32Array.from(pins.delay);
    this.delays = Float64Array.from(delays);
    this.pinCheck = checks;
    this.pinChanged = new Float64Array(pins.cell.length).fill(-Infinity);
    this.pinLast = new Float64Array(pins.cell.length).fill(-Infinity);
    this.pinValue = new Uint8Array(pins.cell.length);
    this.outTable = Int32Array.from(outTable);
    this.tables = Uint8Array.from(tables);
    this.outValue = new Uint8Array(outTable.length);
    this.outPending = new Int32Array(outTable.length).fill(-1);
    this.sinkStart = new Int32Array(outTable.length + 1);
    for (let o = 0; o < outTable.length; o++)
      this.sinkStart[o + 1] = this.sinkStart[o]! + (sinksOf[o]?.length ?? 0);
    this.sinks = Int32Array.from(outTable.flatMap((_, o) => sinksOf[o] ?? []));
    this.wires = Float64Array.from(outTable.flatMap((_, o) => wiresOf[o] ?? []));
    this.walkClock(flat.nets, flat.cells, sdf, clockNet[0]!, clockPins, cache);
    for (const [pin, cell] of clockPins)
      if (Number.isNaN(this.flopClock[cell]!)) throw new Error(`no clock reaches ${pin}`);
  }

  /** Rising edge from the clock's port through buffers to all flip-flops. */
  private walkClock(
    nets: ReadonlyMap<string, readonly string[]>,
    cells: ReadonlyMap<string, string>,
    sdf: Sdf,
    first: string,
    clockPins: ReadonlyMap<string, number>,
    models: ReadonlyMap<string, Model>,
  ): void {
    const netOf = new Map<string, string>();
    for (const [net, ends] of nets) for (const end of ends) netOf.set(end, net);
    const open: [string, number][] = [[first, 0]];
    for (const [net, at] of open)
      for (const end of nets.get(net)!) {
        const here = at + (sdf.wires.get(end)?.[0] ?? 0);
        const flop = clockPins.get(end);
        if (flop !== undefined) this.flopClock[flop] = here;
        const [inst, pin] = end.split('/') as [string, string];
        const model = models.get(cells.get(inst) ?? '');
        if (flop !== undefined || !model || !model.inputs.includes(pin)) continue;
        if (model.inputs.length !== 1 || model.tables[0]![1] !== 1) throw new Error(`${end} on the clock`);
        const delay = sdf.cells.get(inst)!.paths.get(`${pin} ${model.outputs[0]}`)![0]!;
        open.push([netOf.get(`${inst}/${model.outputs[0]}`)!, here + delay]);
      }
  }

  private schedule(time: number, kind: number, pin: number, value: number): number {
    let e = this.freeEvent;
    if (e >= 0) this.freeEvent = this.nextEvent[e]!;
    else {
      e = this.eventCount++;
      if (e >= this.eventTime.length) this.grow();
    }
    if (time - this.now >= WHEEL - 2) throw new Error('an event lies too far ahead');
    this.eventTime[e] = time;
    this.eventKind[e] = kind;
    this.eventPin[e] = pin;
    this.eventValue[e] = value;
    const bucket = Math.floor(time) & (WHEEL - 1);
    let at = this.heads[bucket]!;
    if (at < 0 || this.eventTime[at]! > time) {
      this.nextEvent[e] = at;
      this.heads[bucket] = e;
      return e;
    }
    for (;;) {
      const next = this.nextEvent[at]!;
      if (next < 0 || this.eventTime[next]! > time) break;
      at = next;
    }
    this.nextEvent[e] = this.nextEvent[at]!;
    this.nextEvent[at] = e;
    return e;
  }

  private grow(): void {
    const longer = <T extends Int32Array | Float64Array | Uint8Array>(a: T): T => {
      const b = new (a.constructor as new (n: number) => T)(a.length * 2);
      b.set(a as never);
      return b;
    };
    this.nextEvent = longer(this.nextEvent);
    this.eventTime = longer(this.eventTime);
    this.eventKind = longer(this.eventKind);
    this.eventPin = longer(this.eventPin);
    this.eventValue = longer(this.eventValue);
  }

  /** All cells as they follow from flip-flops and ports at 0; call once, then run some time without a clock. */
  settle(): void {
    this.cellModel.forEach((model, cell) => {
      if (model.clock !== null) {
        model.inverted.forEach((v, o) => this.setOutput(this.cellOutput[cell]! + o, v, 0));
        return;
      }
      model.tables.forEach((t, o) => {
        if (t[this.cellRow[cell]!] === 1) this.setOutput(this.cellOutput[cell]! + o, 1, 0);
      });
    });
  }

  /** The clock's rising edges come at `firstPs`, then every period; until then there are none. */
  startClock(firstPs: number): void {
    this.firstEdgePs = firstPs;
    this.cellModel.forEach((model, cell) => {
      if (model.clock !== null) this.queueSample(cell, this.now);
    });
  }

  drive(port: string, value: number): void {
    this.setOutput(this.portDriver.get(port)!, value, 0);
  }

  read(port: string): number {
    return this.outValue[this.portOutput.get(port)!]!;
  }

  private setOutput(out: number, value: number, delay: number): void {
    const pending = this.outPending[out]!;
    if (pending >= 0) {
      if (this.eventValue[pending] === value) return;
      this.eventPin[pending] = -1;
      this.outPending[out] = -1;
    }
    if (this.outValue[out] === value) return;
    this.outPending[out] = this.schedule(this.now + delay, OUTPUT, out, value);
  }

  private queueSample(cell: number, after: number): void {
    if (this.isQueued[cell] || this.firstEdgePs === Infinity) return;
    this.isQueued[cell] = 1;
    const first = this.firstEdgePs + this.flopClock[cell]!;
    const k = Math.max(0, Math.ceil((after - first) / this.periodPs - 1e-9));
    this.schedule(Math.max(first + k * this.periodPs, after), SAMPLE, cell, 0);
  }

  /** Runs all events before `untilPs`. */
  runUntil(untilPs: number): void {
    const last = Math.floor(untilPs);
    for (; this.cursor <= last; this.cursor++) {
      const bucket = this.cursor & (WHEEL - 1);
      for (let e = this.heads[bucket]!; e >= 0; e = this.heads[bucket]!) {
        if (this.eventTime[e]! >= untilPs) break;
        this.heads[bucket] = this.nextEvent[e]!;
        this.now = this.eventTime[e]!;
        const pin = this.eventPin[e]!;
        const kind = this.eventKind[e]!;
        const value = this.eventValue[e]!;
        this.nextEvent[e] = this.freeEvent;
        this.freeEvent = e;
        if (pin < 0) continue;
        this.events++;
        if (kind === OUTPUT) this.fireOutput(pin, value);
        else if (kind === SINK) this.fireSink(pin, value);
        else this.fireSample(pin);
      }
      if (this.heads[bucket]! >= 0) break;
    }
    this.now = untilPs;
    this.cursor = Math.floor(untilPs);
  }

  private fireOutput(out: number, value: number): void {
    this.outPending[out] = -1;
    this.outValue[out] = value;
    const end = this.sinkStart[out + 1]!;
    for (let k = this.sinkStart[out]!; k < end; k++) {
      const pin = this.sinks[k]!;
      // Two edges close together never pass each other in a wire.
      const at = Math.max(this.now + this.wires[2 * k + 1 - value]!, this.pinLast[pin]!);
      this.pinLast[pin] = at;
      if (at === this.now) this.fireSink(pin, value);
      else this.schedule(at, SINK, pin, value);
    }
  }

  private fireSink(pin: number, value: number): void {
    if (this.pinValue[pin] === value) return;
    this.pinValue[pin] = value;
    const cell = this.pinCell[pin]!;
    const row = this.cellRow[cell]! ^ this.pinMask[pin]!;
    this.cellRow[cell] = row;
    if (this.cellIsFlop[cell]) {
      this.changeAtFlop(pin, cell, value);
      return;
    }
    let at = this.pinDelay[pin]! + 2 * (1 - value);
    const first = this.cellOutput[cell]!;
    const end = first + this.cellOutputs[cell]!;
    for (let out = first; out < end; out++, at += 4) {
      const wanted = this.tables[this.outTable[out]! + row]!;
      this.setOutput(out, wanted, this.delays[at + 1 - wanted]!);
    }
  }

  private changeAtFlop(pin: number, cell: number, value: number): void {
    this.pinChanged[pin] = this.now;
    const check = this.pinCheck[pin];
    const first = this.firstEdgePs + this.flopClock[cell]!;
    if (check && this.now >= first) {
      const since = (this.now - first) % this.periodPs;
      if (since < check[2 + 1 - value]! && since > 0) this.violations++;
    }
    this.queueSample(cell, this.now);
  }

  private fireSample(cell: number): void {
    this.isQueued[cell] = 0;
    const model = this.cellModel[cell]!;
    const first = this.cellInput[cell]!;
    let isLate = false;
    for (let k = 0; k < model.inputs.length; k++) {
      const check = this.pinCheck[first + k];
      if (check && this.now - this.pinChanged[first + k]! < check[1 - this.pinValue[first + k]!]! - 1e-9)
        isLate = true;
    }
    if (isLate) this.violations++;
    const table = this.outTable[this.cellOutput[cell]!]!;
    // What it takes then is unknown; the value it should not take stands for that.
    const state = this.tables[table + this.cellRow[cell]!]! ^ (isLate ? 1 : 0);
    const delays = this.flopDelay[cell]!;
    for (let o = 0; o < model.outputs.length; o++) {
      const value = state ^ model.inverted[o]!;
      this.setOutput(this.cellOutput[cell]! + o, value, delays[2 * o + 1 - value]!);
    }
  }
}

export interface TimedRun {
  readonly outputs: readonly Int8Array[];
  readonly violations: number;
  readonly events: number;
  readonly cycles: number;
}

/**
 * Whole inferences through the chip's ports; source and sink never wait. Inputs change `portPs` after the clock edge,
 * outputs are looked at `portPs` before it. Ends after `maxCycles` in any case, with the answers that came.
 */
export function runTimed(
  gates: TimedGates,
  inputs: readonly Int8Array[],
  periodPs: number,
  portPs: number,
  maxCycles: number,
): TimedRun {
  const bytes = inputs.flatMap((input) => Array.from(input, (v) => v & 0xff));
  const outputs: Int8Array[] = [];
  let answer: number[] = [];
  let sent = 0;
  const start = 8000;
  gates.settle();
  for (const port of ['rst_n', 'in_valid', 'out_ready']) gates.drive(port, 0);
  gates.runUntil(start);
  gates.startClock(start + 100);
  let cycle = 0;
  for (; cycle < maxCycles && outputs.length < inputs.length; cycle++) {
    const edge = start + 100 + cycle * periodPs;
    gates.runUntil(edge + portPs);
    const isReset = cycle < 4;
    const isValid = !isReset && sent < bytes.length;
    gates.drive('rst_n', isReset ? 0 : 1);
    gates.drive('out_ready', isReset ? 0 : 1);
    gates.drive('in_valid', isValid ? 1 : 0);
    const byte = isValid ? bytes[sent]! : 0;
    for (let k = 0; k < 8; k++) gates.drive(`in_data[${k}]`, (byte >> k) & 1);
    gates.runUntil(edge + periodPs - portPs);
    if (isReset) continue;
    if (isValid && gates.read('in_ready') === 1) sent++;
    if (gates.read('out_valid') !== 1) continue;
    let value = 0;
    for (let k = 0; k < 8; k++) value |= gates.read(`out_data[${k}]`) << k;
    answer.push(value);
    if (gates.read('out_last') !== 1) continue;
    outputs.push(Int8Array.from(answer));
    answer = [];
  }
  return { outputs, violations: gates.violations, events: gates.events, cycles: cycle };
}
