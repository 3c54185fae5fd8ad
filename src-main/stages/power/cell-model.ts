/**
 * A master seen by power: its signal inputs and state bit as variables, its outputs and `when` conditions
 * as truth tables over them. Minterm m has variable v at bit v.
 */
import { evaluateFunction, parseFunction } from '../kit/function.ts';
import type { Expression } from '../kit/function.ts';
import type { Lut, Master, PowerArc } from '../kit/types.ts';

export interface EnergyArc {
  /** Pin that switches: the output, or the input itself for hidden energy. */
  readonly pin: number;
  readonly relatedPin: number | null;
  readonly riseFj: Lut | null;
  readonly fallFj: Lut | null;
  /** 1 where `when` holds; null = always. */
  readonly when: Uint8Array | null;
  /** Output arcs: whether the related pin's edge has the output's direction. */
  readonly sense: 'positive_unate' | 'negative_unate' | 'non_unate';
}

export interface CellModel {
  /** Pin index of each variable, -1 for the state bit (always last). */
  readonly variables: readonly number[];
  readonly minterms: number;
  readonly outputArcs: readonly EnergyArc[];
  readonly inputArcs: readonly EnergyArc[];
  readonly leakage: readonly { readonly when: Uint8Array; readonly leakageNw: number }[];
  readonly defaultLeakageNw: number;
  /** By output pin and input pin: 1 where the output depends on that input. Absent where there is no function. */
  readonly sensitive: ReadonlyMap<number, ReadonlyMap<number, Uint8Array>>;
  /** Flops: 1 where the next state differs from the state; and the output pin that shows it. */
  readonly changes: Uint8Array | null;
  readonly statePin: number;
  /** statePin shows the state's inverse. */
  readonly isStateInverted: boolean;
  readonly clockPin: number;
}

const MAX_VARIABLES = 12;

export function buildCellModel(master: Master): CellModel {
  const variables: number[] = [];
  master.pins.forEach((pin, k) => {
    if (pin.direction === 'input' && pin.use !== 'power' && pin.use !== 'ground') variables.push(k);
  });
  const seq = master.sequential;
  if (seq) variables.push(-1);
  // Too wide to enumerate (no standard cell is): states unknown, conditions ignored.
  const width = variables.length <= MAX_VARIABLES ? variables.length : 0;
  const minterms = 1 << width;
  const functions = new Map<string, Expression>();
  for (const pin of master.pins)
    if (pin.direction === 'output' && pin.function) functions.set(pin.name, parseFunction(pin.function));
  const bitOf = new Map<string, number>();
  variables.forEach((k, v) => {
    if (v < width) bitOf.set(k < 0 ? seq!.state : master.pins[k].name, v);
  });
  const value = (name: string, m: number): number => {
    const bit = bitOf.get(name);
    if (bit !== undefined) return (m >> bit) & 1 ? -1 : 0;
    if (seq && name === seq.stateInverse) return ~value(seq.state, m);
    const f = functions.get(name);
    return f ? evaluateFunction(f, (inner) => (inner === name ? 0 : value(inner, m))) : 0;
  };
  const table = (e: Expression): Uint8Array =>
    Uint8Array.from({ length: minterms }, (_, m) => evaluateFunction(e, (name) => value(name, m)) & 1);
  const energyArc = (pin: number, arc: PowerArc): EnergyArc => ({
    pin,
    relatedPin: arc.relatedPin,
    riseFj: arc.riseEnergyFj,
    fallFj: arc.fallEnergyFj,
    when: arc.when === null || width === 0 ? null : table(parseFunction(arc.when)),
    sense: master.pins[pin].arcs.find((t) => t.relatedPin === arc.relatedPin)?.sense ?? 'non_unate',
  });
  const outputArcs: EnergyArc[] = [];
  const inputArcs: EnergyArc[] = [];
  const sensitive = new Map<number, Map<number, Uint8Array>>();
  master.pins.forEach((pin, k) => {
    for (const arc of pin.power) (pin.direction === 'input' ? inputArcs : outputArcs).push(energyArc(k, arc));
    const f = functions.get(pin.name);
    if (!f || seq || width === 0) return;
    const out = table(f);
    const byInput = new Map<number, Uint8Array>();
    variables.forEach((input, v) =>
      byInput.set(
        input,
        out.map((bit, m) => bit ^ out[m ^ (1 << v)]),
      ),
    );
    sensitive.set(k, byInput);
  });
  const isFlop = seq?.kind === 'flop' && width > 0;
  const statePin = isFlop
    ? master.pins.findIndex((p) => p.function === seq.state || p.function === seq.stateInverse)
    : -1;
  const state = isFlop ? table({ op: 'var', name: seq.state }) : null;
  return {
    variables,
    minterms,
    outputArcs,
    inputArcs,
    leakage:
      width === 0
        ? []
        : master.leakageStates.map((s) => ({ when: table(parseFunction(s.when)), leakageNw: s.leakageNw })),
    defaultLeakageNw: master.leakageNw,
    sensitive,
    changes: isFlop ? table(parseFunction(seq.nextState)).map((bit, m) => bit ^ state![m]) : null,
    statePin,
    isStateInverted: statePin >= 0 && master.pins[statePin].function === seq?.stateInverse,
    clockPin: isFlop ? master.pins.findIndex((p) => p.name === seq.clockedOn) : -1,
  };
}
