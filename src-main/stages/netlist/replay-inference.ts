import { IngotError } from '../../base/diagnostic.ts';
import type { Kit } from '../kit/types.ts';
import { createGateSimulator, type GateSimulator } from './gate-simulator.ts';
import type { Netlist } from './types.ts';

export interface ReplayOptions {
  /** Gives up (NETLIST-036) after this many cycles after reset; default 1,000,000. */
  readonly maxCycles?: number;
  /** Cycles of reset; default 4. */
  readonly resetCycles?: number;
  /** What every flop holds at power-up: 0 (default) or -1 (all ones). Must not matter. */
  readonly initialState?: number;
  /** Called now and then with the cycles simulated. Return false to stop (NETLIST-037). */
  readonly onProgress?: (cycles: number) => boolean;
}

export interface Replay {
  /** Output bytes of each input. */
  readonly outputs: readonly Int8Array[];
  /** Of each input: from the cycle its first byte is accepted to the one its last answer byte is, both included. */
  readonly cycles: readonly number[];
  /** [nets] transitions summed over the inputs, from the first cycle after reset to the last answer; no glitches. */
  readonly toggles: Float64Array;
  /** [nets] share of time at 1 over the same cycles. */
  readonly probabilities: Float64Array;
  /** Cycles after reset. Transitions per cycle of a net: toggles / (cyclesSimulated * inputs). */
  readonly cyclesSimulated: number;
}

/**
 * Runs whole inferences, up to 32 side by side, through the gates by the chip's own ports (rtl/types.ts): one
 * inference per sample, source and sink never wait. Throws NETLIST-031..036.
 */
export function replayInference(
  netlist: Netlist,
  kit: Kit,
  inputs: readonly Int8Array[],
  options: ReplayOptions = {},
): Replay {
  const { maxCycles = 1_000_000, resetCycles = 4, initialState = 0, onProgress } = options;
  if (inputs.length < 1 || inputs.length > 32 || inputs.some((input) => input.length === 0))
    throw new IngotError(
      'NETLIST-038',
      `a replay takes 1 to 32 inputs that are not empty, got ${inputs.length}`,
      {
        remedy: 'run it in parts',
      },
    );
  const sim = createGateSimulator(netlist, kit);
  const chip = new Handshake(sim, inputs);
  sim.setState(initialState);
  for (let c = 0; c < resetCycles; c++) chip.resetCycle();
  sim.countToggles(chip.all);
  let cycle = 0;
  for (; !chip.isDone; cycle++) {
    if (cycle >= maxCycles)
      throw new IngotError('NETLIST-036', `the chip gave no complete answer within ${maxCycles} cycles`, {
        place: netlist.top,
        remedy:
          'raise the limit if the program is that long; otherwise the netlist does not do what its source does',
      });
    if (onProgress && cycle % 256 === 0 && !onProgress(cycle))
      throw new IngotError('NETLIST-037', 'replay was cancelled');
    chip.cycle(cycle);
  }
  return {
    outputs: chip.outputs.map((bytes) => Int8Array.from(bytes)),
    cycles: chip.last.map((last, s) => last - chip.first[s]! + 1),
    toggles: sim.toggles(),
    probabilities: sim.probabilities(),
    cyclesSimulated: cycle,
  };
}

/** Both streams of every sample; samples may run apart, each has its own position. */
class Handshake {
  readonly #sim: GateSimulator;
  readonly #inputs: readonly Int8Array[];
  readonly #rstN: number;
  readonly #inValid: number;
  readonly #inReady: number;
  readonly #inData: readonly number[];
  readonly #outValid: number;
  readonly #outReady: number;
  readonly #outData: readonly number[];
  readonly #outLast: number;
  readonly #position: number[];
  #offered: number;
  #done = 0;
  #isStale = true;
  /** Samples in use, as a mask. */
  readonly all: number;
  readonly outputs: number[][];
  readonly first: number[];
  readonly last: number[];

  constructor(sim: GateSimulator, inputs: readonly Int8Array[]) {
    this.#sim = sim;
    this.#inputs = inputs;
    this.all = inputs.length === 32 ? -1 : (1 << inputs.length) - 1;
    this.#rstN = sim.port('rst_n', 'input');
    this.#inValid = sim.port('in_valid', 'input');
    this.#inReady = sim.port('in_ready', 'output');
    this.#outValid = sim.port('out_valid', 'output');
    this.#outReady = sim.port('out_ready', 'input');
    this.#outLast = sim.port('out_last', 'output');
    const byte = (name: string, direction: 'input' | 'output'): number[] =>
      Array.from({ length: 8 }, (_, i) => sim.port(`${name}[${i}]`, direction));
    this.#inData = byte('in_data', 'input');
    this.#outData = byte('out_data', 'output');
    this.#position = inputs.map(() => 0);
    this.#offered = this.all;
    this.outputs = inputs.map(() => []);
    this.first = inputs.map(() => -1);
    this.last = inputs.map(() => -1);
  }

  get isDone(): boolean {
    return this.#done === this.all;
  }

  resetCycle(): void {
    const sim = this.#sim;
    sim.setPort(this.#rstN, 0);
    sim.setPort(this.#inValid, 0);
    sim.setPort(this.#outReady, 0);
    for (const port of this.#inData) sim.setPort(port, 0);
    sim.evaluate();
    sim.clock();
  }

  cycle(cycle: number): void {
    const sim = this.#sim;
    if (this.#isStale) this.#offer();
    sim.evaluate();
    const accepted = sim.getPort(this.#inReady) & this.#offered;
    const answered = sim.getPort(this.#outValid) & this.all & ~this.#done;
    if (accepted !== 0) this.#accept(accepted, cycle);
    if (answered !== 0) this.#answer(answered, cycle);
    sim.clock();
  }

  #offer(): void {
    const sim = this.#sim;
    sim.setPort(this.#rstN, -1);
    sim.setPort(this.#outReady, -1);
    sim.setPort(this.#inValid, this.#offered);
    const bits = new Int32Array(8);
    this.#inputs.forEach((input, s) => {
      const byte = input[this.#position[s]!] ?? 0;
      for (let i = 0; i < 8; i++) bits[i]! |= ((byte >> i) & 1) << s;
    });
    this.#inData.forEach((port, i) => sim.setPort(port, bits[i]!));
    this.#isStale = false;
  }

  #accept(samples: number, cycle: number): void {
    for (let s = 0; s < this.#inputs.length; s++) {
      if (((samples >> s) & 1) === 0) continue;
      if (this.#position[s] === 0) this.first[s] = cycle;
      if (++this.#position[s]! === this.#inputs[s]!.length) this.#offered &= ~(1 << s);
    }
    this.#isStale = true;
  }

  #answer(samples: number, cycle: number): void {
    const last = this.#sim.getPort(this.#outLast);
    const data = this.#outData.map((port) => this.#sim.getPort(port));
    for (let s = 0; s < this.#inputs.length; s++) {
      if (((samples >> s) & 1) === 0) continue;
      let byte = 0;
      data.forEach((bits, i) => (byte |= ((bits >> s) & 1) << i));
      this.outputs[s]!.push((byte << 24) >> 24);
      if ((last >> s) & 1) {
        this.last[s] = cycle;
        this.#done |= 1 << s;
      }
    }
  }
}
