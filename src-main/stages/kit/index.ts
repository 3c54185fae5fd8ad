export {
  evaluateFunction,
  flattenExpression,
  functionVariables,
  OP_AND,
  OP_NOT,
  OP_ONE,
  OP_OR,
  OP_XOR,
  OP_ZERO,
  parseFunction,
  truthTable,
  unateness,
  type Expression,
} from './function.ts';
export { maximalRects } from './polygon.ts';
export { trimLiberty } from './trim-liberty.ts';
export { masterIndex, readKit, type KitTexts } from './read-kit.ts';
export type * from './types.ts';
