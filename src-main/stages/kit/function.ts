/**
 * Boolean functions as Liberty writes them: `!` and postfix `'` invert, then `^`, then `&`, `*` or a blank,
 * then `|` or `+`, in falling strength (Liberty User Guide, "function"). Read once, used by the gate
 * simulator, by timing and power (`when`, unateness) and by equivalence.
 */
import { IngotError } from '../../base/diagnostic.ts';

export type Expression =
  | { readonly op: 'const'; readonly value: 0 | 1 }
  | { readonly op: 'var'; readonly name: string }
  | { readonly op: 'not'; readonly arg: Expression }
  | { readonly op: 'and' | 'or' | 'xor'; readonly args: readonly Expression[] };

const TOKEN = /\s*([A-Za-z_][A-Za-z0-9_[\]]*|[01]|[!'^&*|+()])/y;

/** Throws KIT-014 on text that is no expression. */
export function parseFunction(text: string): Expression {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  const end = text.trimEnd().length;
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw unreadable(text, at);
    tokens.push(match[1]!);
  }
  let next = 0;
  const startsFactor = (token: string | undefined): boolean =>
    token !== undefined && /^[A-Za-z_01!(]/.test(token);

  function factor(): Expression {
    const token = tokens[next++];
    let result: Expression;
    if (token === '!') result = { op: 'not', arg: factor() };
    else if (token === '(') {
      result = sum();
      if (tokens[next++] !== ')') throw unreadable(text, end);
    } else if (token === '0' || token === '1') result = { op: 'const', value: token === '1' ? 1 : 0 };
    else if (startsFactor(token)) result = { op: 'var', name: token! };
    else throw unreadable(text, end);
    for (; tokens[next] === "'"; next++) result = { op: 'not', arg: result };
    return result;
  }
  function chain(op: 'and' | 'or' | 'xor', signs: string, term: () => Expression): Expression {
    const args = [term()];
    for (;;) {
      const token = tokens[next];
      if (token !== undefined && signs.includes(token)) next++;
      else if (op !== 'and' || !startsFactor(token)) break; // a blank between two factors is an AND
      args.push(term());
    }
    return args.length === 1 ? args[0]! : { op, args };
  }
  const exclusive = (): Expression => chain('xor', '^', factor);
  const product = (): Expression => chain('and', '&*', exclusive);
  const sum = (): Expression => chain('or', '|+', product);

  const expression = sum();
  if (next !== tokens.length) throw unreadable(text, end);
  return expression;
}

function unreadable(text: string, at: number): IngotError {
  return new IngotError('KIT-014', `"${text}" is not a boolean function`, { place: `column ${at + 1}` });
}

/** Names of the variables in order of first appearance. */
export function functionVariables(expression: Expression): string[] {
  const names = new Set<string>();
  const visit = (e: Expression): void => {
    if (e.op === 'var') names.add(e.name);
    else if (e.op === 'not') visit(e.arg);
    else if (e.op !== 'const') e.args.forEach(visit);
  };
  visit(expression);
  return [...names];
}

/** 32 evaluations at once, one per bit; `value` gives a variable's bits. */
export function evaluateFunction(expression: Expression, value: (name: string) => number): number {
  switch (expression.op) {
    case 'const':
      return expression.value ? -1 : 0;
    case 'var':
      return value(expression.name) | 0;
    case 'not':
      return ~evaluateFunction(expression.arg, value);
    case 'and':
      return expression.args.reduce((bits, e) => bits & evaluateFunction(e, value), -1);
    case 'or':
      return expression.args.reduce((bits, e) => bits | evaluateFunction(e, value), 0);
    case 'xor':
      return expression.args.reduce((bits, e) => bits ^ evaluateFunction(e, value), 0);
  }
}

/** Value 0/1 per assignment: entry a has variable i at bit i of a. At most 16 variables. */
export function truthTable(expression: Expression, names: readonly string[]): Uint8Array {
  if (names.length > 16) throw new IngotError('KIT-014', 'a function has more than 16 variables');
  const table = new Uint8Array(1 << names.length);
  const index = new Map(names.map((name, i) => [name, i]));
  for (let a = 0; a < table.length; a++)
    table[a] = evaluateFunction(expression, (name) => ((a >> (index.get(name) ?? 0)) & 1 ? -1 : 0)) & 1;
  return table;
}

/** How the output moves when `name` rises, over all values of the other variables. */
export function unateness(
  expression: Expression,
  name: string,
): 'positive_unate' | 'negative_unate' | 'non_unate' | 'independent' {
  const names = functionVariables(expression);
  const at = names.indexOf(name);
  if (at === -1) return 'independent';
  const table = truthTable(expression, names);
  let [rises, falls] = [false, false];
  for (let a = 0; a < table.length; a++) {
    if ((a >> at) & 1) continue;
    const difference = table[a | (1 << at)]! - table[a]!;
    if (difference > 0) rises = true;
    if (difference < 0) falls = true;
  }
  if (rises && falls) return 'non_unate';
  if (rises) return 'positive_unate';
  return falls ? 'negative_unate' : 'independent';
}
