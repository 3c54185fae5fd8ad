/** Arithmetic of LibreLane's `expr::`: numbers, $VARIABLES, + - * / ** and brackets. */

/** null when the text is no expression; `lookUp` gives null for a variable that is none. */
export function evaluate(text: string, lookUp: (name: string) => number | null): number | null {
  const tokens = text.match(/\*\*|[-+*/()]|\$\{?\w+\}?|(\d+\.?\d*|\.\d+)(e[-+]?\d+)?|\S/gi) ?? [];
  let at = 0;
  const take = (wanted: string): boolean => tokens[at] === wanted && ++at > 0;
  function sum(): number {
    let value = product();
    for (;;) {
      if (take('+')) value += product();
      else if (take('-')) value -= product();
      else return value;
    }
  }
  function product(): number {
    let value = sign();
    for (;;) {
      if (take('*')) value *= sign();
      else if (take('/')) value /= sign();
      else return value;
    }
  }
  function sign(): number {
    if (take('-')) return -sign();
    if (take('+')) return sign();
    const base = atom();
    return take('**') ? base ** sign() : base;
  }
  function atom(): number {
    if (take('(')) {
      const value = sum();
      return take(')') ? value : NaN;
    }
    const token = tokens[at++] ?? '';
    if (token.startsWith('$')) return lookUp(token.replace(/[${}]/g, '')) ?? NaN;
    return /^[\d.]/.test(token) ? Number(token) : NaN;
  }
  const value = sum();
  return at === tokens.length && Number.isFinite(value) ? value : null;
}
