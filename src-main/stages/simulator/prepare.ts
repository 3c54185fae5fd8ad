/** What is worked out once for a program and used for every input: steps, times, kernels. */
import { assert } from '../../base/diagnostic.ts';
import type { Chip } from '../chip/index.ts';
import type { Program } from '../compiler/index.ts';
import { ImageStore } from './image-store.ts';
import { planLayer, type LayerPlan } from './kernels/plan.ts';
import { hasKernels, KernelMachine } from './kernels/run.ts';
import { decodeSteps, type Step } from './machine.ts';
import { timeLayer, type ExecTiming } from './timing.ts';
import { addressMask, runLayer } from './values.ts';

/** The program's steps and the cycles of its layers. */
export interface Schedule {
  readonly steps: readonly Step[];
  readonly timings: ReadonlyMap<Step, ExecTiming>;
}

const schedules = new WeakMap<Program, { readonly chip: Chip; readonly value: Schedule }>();
const machines = new WeakMap<Program, { readonly chip: Chip; readonly value: KernelMachine }>();

/** `make(program)`, remembered for the program as long as the chip is the same. */
function once<T>(
  known: WeakMap<Program, { readonly chip: Chip; readonly value: T }>,
  program: Program,
  chip: Chip,
  make: () => T,
): T {
  const held = known.get(program);
  if (held?.chip === chip) return held.value;
  const value = make();
  known.set(program, { chip, value });
  return value;
}

export const scheduleOf = (program: Program, chip: Chip): Schedule =>
  once(schedules, program, chip, () => {
    const steps = decodeSteps(program.words);
    const timings = new Map<Step, ExecTiming>();
    for (const s of steps) if (s.kind === 'exec') timings.set(s, timeLayer(s.fields, chip));
    return { steps, timings };
  });

/** What streams bring is the same in every inference, so it is packed for its layer like the rest. */
const machineOf = (program: Program, chip: Chip, steps: readonly Step[]): KernelMachine =>
  once(machines, program, chip, () => {
    const store = new ImageStore(program, chip);
    const plans: (LayerPlan | undefined)[] = [];
    for (const s of steps) {
      if (s.kind === 'exec') plans.push(planLayer(s.fields, store.images, chip));
      else if (s.kind === 'weights' || s.kind === 'parameters') store.load(s);
    }
    return new KernelMachine(plans, chip);
  });

/**
 * Output bytes of every input, on the kernels or, where they cannot or must not be used, on the slow path.
 * Activation memory is 0 before the first input and kept from one to the next.
 */
export function runValues(
  program: Program,
  chip: Chip,
  steps: readonly Step[],
  inputs: readonly Int8Array[],
  isSlow: boolean,
): Int8Array[] {
  const machine = isSlow || !hasKernels() ? undefined : machineOf(program, chip, steps);
  const store = new ImageStore(program, chip);
  const act = machine?.activations ?? new Int8Array(chip.activationBytes);
  act.fill(0);
  return inputs.map((input) => {
    const streams: Streams = { input, read: 0, output: new Int8Array(program.outputBytes), written: 0 };
    let layer = 0;
    store.rewind();
    for (const s of steps) {
      if (s.kind === 'exec') {
        if (!machine?.run(layer)) runLayer(s.fields, store.images, chip, act);
        layer++;
      } else if (s.kind === 'load' || s.kind === 'store') transfer(s, act, streams);
      else if (s.kind === 'weights' || s.kind === 'parameters') store.load(s);
    }
    assert(
      streams.read === input.length && streams.written === program.outputBytes,
      'program moves another number of bytes than it says',
    );
    return streams.output;
  });
}

interface Streams {
  readonly input: Int8Array;
  read: number;
  readonly output: Int8Array;
  written: number;
}

type Transfer = Extract<Step, { kind: 'load' | 'store' }>;

function transfer(s: Transfer, act: Int8Array, streams: Streams): void {
  const mask = addressMask(act.length);
  let at = s.address;
  for (let run = 0; run < s.runs; run++, at += s.gap)
    for (let i = 0; i < s.run; i++, at++) {
      if (s.kind === 'load') act[at & mask] = streams.input[streams.read++]!;
      else streams.output[streams.written++] = act[at & mask]!;
    }
}
