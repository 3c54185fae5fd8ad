import { OUTPUT_LOAD_FF } from '../../stages/netlist/index.ts';
import { defaultConstraints, type Constraints } from '../../stages/timing/index.ts';

/** Share of the period that the outside takes of each port's path, as ORFS has it for NanGate45. */
const PORT_SHARE = 0.2;
const INPUT_SLEW_PS = 20;

/** One clock through its tree; ports get a fifth of the period. */
export function chipConstraints(periodPs: number): Constraints {
  const base = defaultConstraints('clk', periodPs);
  const share = { ports: null, minPs: PORT_SHARE * periodPs, maxPs: PORT_SHARE * periodPs };
  return {
    ...base,
    isClockPropagated: true,
    inputDelays: [share],
    outputDelays: [share],
    inputSlewsPs: [{ ports: null, value: INPUT_SLEW_PS }],
    outputLoadsFf: [{ ports: null, value: OUTPUT_LOAD_FF }],
  };
}
