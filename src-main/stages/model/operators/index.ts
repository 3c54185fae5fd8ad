/** The table of operators: what each does, the types of its results, its values. */
import type { OpName } from '../types.ts';
import { CONVOLUTION } from './convolution.ts';
import { BINARY, UNARY } from './elementwise.ts';
import { MATRIX } from './matrix.ts';
import { MOVING } from './moving.ts';
import type { Operator, OperatorsOf } from './operator.ts';
import { QUANTISED } from './quantised.ts';
import { RECURRENT } from './recurrent.ts';
import { REDUCTION } from './reduction.ts';
import { RESIZE } from './resize.ts';

export const OPERATORS: OperatorsOf<OpName> = {
  ...CONVOLUTION,
  ...MATRIX,
  ...UNARY,
  ...BINARY,
  ...REDUCTION,
  ...MOVING,
  ...RESIZE,
  ...RECURRENT,
  ...QUANTISED,
};

/** The operator of a name, its attributes' type given up: for loops over nodes of all kinds. */
export function operatorOf(op: OpName): Operator<OpName> {
  return OPERATORS[op] as unknown as Operator<OpName>;
}
