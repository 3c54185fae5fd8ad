/** What the simulator promised, kept for the judges that repeat it in RTL and in gates. */
export interface Stimulus {
  readonly inputs: readonly Int8Array[];
  readonly outputs: readonly Int8Array[];
  /** Of each inference. */
  readonly cycles: readonly number[];
}

/** Inferences kept; one bit lane of a 32-bit word each. */
export const KEPT = 32;

/** Compares the first `count` promises with what came of them: every byte, and the cycles of each inference. */
export function compareReplay(
  promised: Stimulus,
  got: Omit<Stimulus, 'inputs'>,
  count: number,
): { readonly isSame: boolean; readonly detail: string } {
  let [bytes, cycles] = [0, 0];
  got.outputs.slice(0, count).forEach((output, i) => {
    const want = promised.outputs[i]!;
    for (let k = 0; k < want.length; k++) if (want[k] !== output[k]) bytes++;
    cycles += Math.abs(promised.cycles[i]! - got.cycles[i]!);
  });
  const came = got.outputs.length;
  return {
    isSame: bytes === 0 && cycles === 0 && came === count,
    detail: `${came} of ${count} inferences: ${bytes} bytes and ${cycles} cycles differ`,
  };
}
