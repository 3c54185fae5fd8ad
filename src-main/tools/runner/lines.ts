/**
 * Output to lines with bounded memory: a line longer than the limit is cut and says so, bytes that are no UTF-8
 * become U+FFFD, a carriage return ends a line as a line feed does (progress bars).
 */
const LF = 10;
const CR = 13;

export interface LineReader {
  readonly push: (chunk: Buffer) => void;
  /** The rest without an end of line, if there is one. */
  readonly end: () => void;
}

export function lineReader(lineBytes: number, take: (line: string) => void): LineReader {
  const rest = Buffer.alloc(lineBytes);
  /** Bytes in `rest`, and bytes of the same line that found no room. */
  let [held, lost] = [0, 0];
  let isAfterCr = false;

  const keep = (chunk: Buffer, from: number, to: number): void => {
    const fits = Math.min(to - from, lineBytes - held);
    chunk.copy(rest, held, from, from + fits);
    held += fits;
    lost += to - from - fits;
  };
  const emit = (): void => {
    const text = rest.toString('utf8', 0, held);
    take(lost === 0 ? text : `${text} ... (${lost} bytes cut)`);
    held = 0;
    lost = 0;
  };
  return {
    push(chunk) {
      let from = 0;
      // The line feed of a CR LF pair that two chunks share.
      if (isAfterCr && chunk[0] === LF) from = 1;
      isAfterCr = chunk.at(-1) === CR;
      let lf = chunk.indexOf(LF, from);
      let cr = chunk.indexOf(CR, from);
      while (lf >= 0 || cr >= 0) {
        const isCr = cr >= 0 && (lf < 0 || cr < lf);
        const at = isCr ? cr : lf;
        if (held === 0 && at - from <= lineBytes) take(chunk.toString('utf8', from, at));
        else {
          keep(chunk, from, at);
          emit();
        }
        from = at + (isCr && chunk[at + 1] === LF ? 2 : 1);
        if (lf >= 0 && lf < from) lf = chunk.indexOf(LF, from);
        if (cr >= 0 && cr < from) cr = chunk.indexOf(CR, from);
      }
      if (from < chunk.length) keep(chunk, from, chunk.length);
    },
    end() {
      if (held > 0 || lost > 0) emit();
    },
  };
}
