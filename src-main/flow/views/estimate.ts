/**
 * What a chip would be for a model, while its settings are being tried: cycles exact, as the compiler and the
 * simulator have them; area by a linear model of the parts, because synthesis takes minutes.
 *
 * The area model's constants are from four builds of our own on NanGate45 (stages/rtl/README.md: pico, nano, nano+,
 * small, macros apart) and the baked digits chip: nano less pico gives an element, nano+ less nano a lane. It
 * foretells small, which it has not seen, 3 % too low. Off those shapes it may be off by a fifth.
 */
import { compile } from '../../stages/compiler/index.ts';
import type { Chip } from '../../stages/chip/index.ts';
import type { QuantGraph } from '../../stages/quantize/index.ts';
import { timeProgram } from '../../stages/simulator/index.ts';
import type { Settings } from '../settings.ts';
import { chipOf, fitChip, openChip } from '../steps/chip-settings.ts';
import type { ChipEstimate } from '../../base/view-models.ts';

const CONTROL_UM2 = 3000;
/** Depthwise, additions. */
const MODE_UM2 = 3200;
/** A multiplier and its accumulators of 24 bits. */
const ELEMENT_UM2 = 1283;
/** A requantiser lane of 4 cycles; half of it is the multiplier, which slower lanes have in slices. */
const LANE_UM2 = 4150;
const FLOP_BIT_UM2 = 6;
const LATCH_BIT_UM2 = 3.6;
/** A byte of program, weights or parameters as constants in the logic. */
const BAKED_BYTE_UM2 = 0.6;
const INSTRUCTION_BYTES = 16;

/** Throws what the compiler throws when the model does not fit. */
export function estimateChip(graph: QuantGraph, settings: Settings): ChipEstimate {
  const open = openChip(chipOf(settings));
  const chip = fitChip(open, compile(graph, open).value);
  const program = compile(graph, chip).value;
  const timing = timeProgram(program, chip);
  const parts = areaParts(chip, program.words.length * 4 + program.weights.length);
  return {
    cycles: timing.cycles,
    utilisation: timing.utilisation,
    instructions: (program.words.length * 4) / INSTRUCTION_BYTES,
    activationBytes: chip.activationBytes,
    weightBytes: program.weights.length,
    areaUm2: parts.reduce((sum, part) => sum + part.areaUm2, 0),
    parts,
  };
}

/** Modelled. `constantBytes`: program and weights of a baked chip. */
export function areaParts(chip: Chip, constantBytes: number): ChipEstimate['parts'] {
  const bit = chip.memory === 'flops' ? FLOP_BIT_UM2 : chip.memory === 'latch' ? LATCH_BIT_UM2 : 0;
  const stored =
    chip.activationBytes +
    (chip.bake ? 0 : chip.weightWords * chip.columns + chip.programWords * INSTRUCTION_BYTES);
  return [
    { name: 'control', areaUm2: CONTROL_UM2 + MODE_UM2 * (Number(chip.depthwise) + Number(chip.add)) },
    {
      name: 'elements',
      areaUm2: chip.rows * chip.columns * ELEMENT_UM2 * (0.5 + (0.5 * chip.accumulatorBits) / 24),
    },
    { name: 'lanes', areaUm2: chip.lanes * LANE_UM2 * (0.5 + 2 / chip.requantizeCycles) },
    { name: 'memory', areaUm2: stored * 8 * bit },
    { name: 'constants', areaUm2: chip.bake ? constantBytes * BAKED_BYTE_UM2 : 0 },
  ];
}
