/** The decoded program: one object per instruction, all numbers as the hardware holds them. */
import { assert } from '../../base/diagnostic.ts';
import { decode, type Instruction } from '../chip/index.ts';

/** Fields of the five words that configure and start a layer. */
export type ExecFields = Readonly<Record<string, number>>;

export type Step =
  | { readonly kind: 'configure' }
  | {
      readonly kind: 'exec';
      readonly fields: ExecFields;
      readonly wait: number;
      readonly signal: number;
      readonly tag: number;
    }
  | {
      readonly kind: 'load' | 'store';
      readonly address: number;
      readonly run: number;
      readonly runs: number;
      readonly gap: number;
      readonly wait: number;
      readonly signal: number;
    }
  | { readonly kind: 'end' };

export function decodeSteps(words: Uint32Array): Step[] {
  let configuration: Record<string, number> = {};
  const steps: Step[] = [];
  for (const i of decode(words)) {
    switch (i.op) {
      case 'LDA':
      case 'ST':
        steps.push(transfer(i));
        break;
      case 'EXEC':
        steps.push({
          kind: 'exec',
          fields: { ...configuration, ...i.fields },
          wait: i.wait,
          signal: i.signal,
          tag: i.tag,
        });
        break;
      case 'END':
        steps.push({ kind: 'end' });
        return steps;
      default:
        configuration = { ...configuration, ...i.fields };
        steps.push({ kind: 'configure' });
    }
  }
  assert(false, 'program without END');
}

function transfer(i: Instruction): Step {
  return {
    kind: i.op === 'LDA' ? 'load' : 'store',
    address: i.fields.address!,
    run: i.fields.run! + 1,
    runs: i.fields.runs! + 1,
    gap: i.fields.gap!,
    wait: i.wait,
    signal: i.signal,
  };
}
