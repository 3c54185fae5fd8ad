/**
 * The log of a job: its head in `<path>`, what comes after in two parts that take turns, so that neither disk nor
 * memory grows with the output. close() puts the tail behind the head and says how much is missing between.
 */
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';

export interface LogFile {
  /** Whole lines, without their ends. Throws what the system says, once; later text is dropped. */
  readonly write: (lines: string) => void;
  readonly close: () => void;
  readonly isCut: () => boolean;
}

export function openLog(path: string, partBytes: number): LogFile {
  const head = openSync(path, 'w');
  const partPath = (n: number): string => `${path}.part${n % 2}`;
  let headBytes = 0;
  let part: number | undefined;
  let [partNumber, filled, dropped] = [0, 0, 0];
  let previousBytes = 0;
  let isBroken = false;

  const rotate = (): void => {
    if (part !== undefined) closeSync(part);
    // The part that is written over held what is now neither head nor tail.
    dropped += previousBytes;
    previousBytes = filled;
    filled = 0;
    part = openSync(partPath(++partNumber), 'w');
  };
  const append = (text: string): void => {
    if (headBytes < partBytes && part === undefined) {
      headBytes += writeSync(head, text);
      return;
    }
    if (part === undefined || filled >= partBytes) rotate();
    filled += writeSync(part!, text);
  };
  const joinParts = (): void => {
    if (part === undefined) return;
    closeSync(part);
    if (dropped > 0) writeSync(head, `... ${dropped} bytes of output are not kept ...\n`);
    for (const n of partNumber > 1 ? [partNumber - 1, partNumber] : [partNumber]) {
      writeSync(head, readFileSync(partPath(n)));
      rmSync(partPath(n));
    }
  };
  return {
    write(lines) {
      if (isBroken) return;
      try {
        append(`${lines}\n`);
      } catch (error) {
        isBroken = true;
        throw error;
      }
    },
    close() {
      try {
        joinParts();
      } catch {
        // A full disk: the parts stay as they are.
      }
      closeSync(head);
    },
    isCut: () => dropped > 0,
  };
}
