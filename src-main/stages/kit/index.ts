export {
  evaluateFunction,
  functionVariables,
  parseFunction,
  truthTable,
  unateness,
  type Expression,
} from './function.ts';
export { maximalRects } from './polygon.ts';
export { trimLiberty } from './trim-liberty.ts';
export { masterIndex, readKit, type KitTexts } from './read-kit.ts';
export type * from './types.ts';
