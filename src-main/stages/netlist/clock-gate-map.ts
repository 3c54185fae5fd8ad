/**
 * Clock gates as cells of the kit: a latch that is open while the clock is low, and the AND of its output with the
 * clock, as RTL spells a gate, become one integrated cell, which holds no race between the two. `extract` finds them
 * (subgraph isomorphism, Ullmann 1976), before abc takes the AND apart.
 */
import type { Kit, Master } from '../kit/types.ts';
import type { SynthesisMap } from './synthesis-maps.ts';

export interface ClockGateMap {
  /** For `extract`. */
  readonly pattern: SynthesisMap;
  /** The cell as a box, which tells the checks which pin drives. */
  readonly box: SynthesisMap;
}

/** Null where the kit has no gate with a clock, an enable and nothing else. */
export function clockGateMap(kit: Kit): ClockGateMap | null {
  const gate = plainGates(kit)[0];
  if (!gate) return null;
  const { clockedOn: clock, nextState: enable } = gate.sequential!;
  const output = gate.pins.find((pin) => pin.direction === 'output')!.name;
  const head = `module ${gate.name} (input ${clock}, input ${enable}, output ${output});`;
  const pattern = `${head}
  wire held;
  \\$_DLATCH_N_ latch (.E(${clock}), .D(${enable}), .Q(held));
  \\$_AND_ gate (.A(held), .B(${clock}), .Y(${output}));
endmodule
`;
  const box = `(* blackbox *)\n${head}\nendmodule\n`;
  return {
    pattern: { name: 'map_clock_gates.v', text: pattern },
    box: { name: 'clock_gates.v', text: box },
  };
}

/** Smallest first. */
const plainGates = (kit: Kit): Master[] =>
  kit.masters
    .filter(
      ({ kind, dontUse, sequential }) =>
        kind === 'core' && !dontUse && sequential?.kind === 'clockGate' && /^\w+$/.test(sequential.nextState),
    )
    .sort((a, b) => a.areaUm2 - b.areaUm2 || (a.name < b.name ? -1 : 1));
