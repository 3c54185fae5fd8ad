/** The decoded program: one object per instruction, all numbers as the hardware holds them. */
import { assert } from '../../base/diagnostic.ts';
import { decode, OP_BY_NAME, type Instruction } from '../chip/index.ts';

/** Fields of the words that configure and start a layer. */
export type ExecFields = Readonly<Record<string, number>>;

interface Tokens {
  readonly wait: number;
  readonly signal: number;
}

export type Step =
  | { readonly kind: 'configure' }
  | ({ readonly kind: 'exec'; readonly fields: ExecFields; readonly tag: number } & Tokens)
  | ({
      readonly kind: 'load' | 'store';
      readonly address: number;
      /** Bytes in a run. */
      readonly run: number;
      readonly runs: number;
      readonly gap: number;
    } & Tokens)
  /** From the weight stream: weight words, or blocks of biases and scales. */
  | ({ readonly kind: 'weights' | 'parameters'; readonly first: number; readonly count: number } & Tokens)
  | { readonly kind: 'end' };

export function decodeSteps(words: Uint32Array): Step[] {
  let configuration: Record<string, number> = { ...UNCONFIGURED };
  const steps: Step[] = [];
  for (const i of decode(words)) {
    const { wait, signal } = i;
    switch (i.op) {
      case 'LDA':
      case 'ST':
        steps.push(transfer(i));
        break;
      case 'LDW':
        steps.push({ kind: 'weights', first: i.fields.word!, count: i.fields.words! + 1, wait, signal });
        break;
      case 'LDP':
        steps.push({ kind: 'parameters', first: i.fields.block!, count: i.fields.blocks! + 1, wait, signal });
        break;
      case 'EXEC':
        steps.push({ kind: 'exec', fields: { ...configuration, ...i.fields }, tag: i.tag, wait, signal });
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

/** Only additions need CFGA. */
const UNCONFIGURED: ExecFields = Object.fromEntries(
  OP_BY_NAME.get('CFGA')!.fields.map((f) => [f.name, 0] as const),
);

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
