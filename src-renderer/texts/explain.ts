/** What a message's code means, beyond what the message itself says. Exact codes first, then the part before the dash. */
import { explainZh } from './explain.zh.ts';
import { language } from './index.svelte.ts';

export interface Explanation {
  readonly means: string;
  readonly causes: readonly string[];
  readonly tries: readonly string[];
}

const EXACT: Readonly<Record<string, Explanation>> = {
  'FLOW-003': {
    means: 'A step needs a file that the project does not have.',
    causes: ['The project was made without a model', 'A float model has no calibration data'],
    tries: ['Import the file that is named', 'Make the project anew with the model and its data'],
  },
  'FLOW-004': {
    means: 'Another run of this project is going on, here or in a terminal.',
    causes: ['A run of the command line', 'A second window on the same folder'],
    tries: ['Wait for it: it is shown here too', 'Cancel it; finished steps are kept'],
  },
  'FLOW-005': {
    means:
      'A judge that shares no code with the step found its result wrong. Nothing built on it is trusted.',
    causes: [
      'The accuracy fell by more than the limit',
      'A limit of the chip or of the clock cannot be met',
      'A fault of Ingot',
    ],
    tries: [
      'Read the failed row of the proof sheet: it says what was compared',
      'For accuracy: more calibration samples, or another quantize.range',
      'For timing: a longer clock.periodPs',
      'The artefacts of the step are kept: export them to look closer',
    ],
  },
  'FLOW-007': {
    means: 'The step needed more memory than there is.',
    causes: ['A large chip', 'Many router threads', 'Other programs'],
    tries: ['Close other programs', 'Fewer route.threads', 'Fewer chip.rows or chip.columns'],
  },
  'FLOW-008': {
    means: 'A stored result is not what was written: its digest differs.',
    causes: ['A fault of the disk', 'The file was changed by hand'],
    tries: ['Run with --force to make it anew'],
  },
  'FLOW-010': {
    means: 'The run was stopped.',
    causes: ['You cancelled it', 'The app was closed'],
    tries: ['Run again: it goes on from the last finished step'],
  },
  'FLOW-012': {
    means: 'The same inputs gave other bytes than before. Results should never depend on chance.',
    causes: ['A tool of another version', 'A fault of Ingot'],
    tries: ['Report it with the name of the step'],
  },
};

const PREFIX: Readonly<Record<string, Explanation>> = {
  MODEL: {
    means: 'The model file could not be taken as it is.',
    causes: ['An operator or type that is not read yet', 'Shapes that depend on data', 'A damaged file'],
    tries: [
      'Export the model anew with fixed shapes',
      'See the list of operators in the documentation',
      'Simplify the model with its own framework first',
    ],
  },
  QUANT: {
    means: 'The model could not be turned into int8 as asked, or loses more than it should.',
    causes: [
      'Calibration data that is unlike the real data',
      'Outliers that stretch the range',
      'Operators without an int8 form',
    ],
    tries: ['More or better calibration samples', 'quantize.range percentile or mse'],
  },
  CHIP: {
    means: 'No such chip can be built.',
    causes: ['A size that is not a power of two', 'Memories too small'],
    tries: ['Choose a preset and change it from there'],
  },
  COMPILE: {
    means: 'The program for the chip is not possible, or part of the model stays on the host.',
    causes: ['A memory that is too small', 'A kernel or stride beyond the engine', 'Accumulators too narrow'],
    tries: ['0 for a memory takes what the program needs', 'chip.accumulatorBits 32', 'A larger preset'],
  },
  SETTING: {
    means: 'A setting is wrong; nothing was started.',
    causes: ['A name that does not exist', 'A value outside its range'],
    tries: ['The settings view shows ranges and meaning of each'],
  },
  PROJECT: {
    means: 'The project folder or its database cannot be used.',
    causes: ['Moved or damaged files', 'No right to write', 'Made by a newer Ingot'],
    tries: ['Check the folder', 'Restore ingot.db from a backup'],
  },
  FILE: {
    means: 'A file that was given cannot be used.',
    causes: ['It is not what its name says', 'It is empty or too large'],
    tries: ['Check that it is the right file'],
  },
  TOOL: {
    means: 'A foreign tool is missing or failed.',
    causes: ['It is not installed', 'Its version is too old'],
    tries: ['`ingot doctor` lists tools, paths and versions'],
  },
  SYNTH: {
    means: 'Yosys did not make a netlist.',
    causes: ['Too little memory', 'A wrong version'],
    tries: ['synthesis.tool wasm', 'synthesis.flatten false'],
  },
  SLANG: {
    means: 'The RTL has a mistake, or says more than SystemVerilog for chips allows.',
    causes: ['A mistake in the source', 'A macro that another file defines', 'A header that was not found'],
    tries: ['Correct the line that is named', 'synthesis.frontend yosys, where the RTL is plain Verilog'],
  },
  PLACE: {
    means: 'The cells found no legal places.',
    causes: ['The die is too small'],
    tries: ['A lower floorplan.utilization'],
  },
  ROUTE: {
    means: 'Not every net found a legal way.',
    causes: ['Too dense a placement', 'Too few rounds'],
    tries: ['A lower floorplan.utilization', 'More route.maxRounds'],
  },
  TIMING: {
    means: 'The clock period is not met, or cannot be judged.',
    causes: ['Too short a period', 'Long wires'],
    tries: ['A longer clock.periodPs', 'timing.repair on'],
  },
  KIT: {
    means: 'The cell library is not there or not whole.',
    causes: [
      'No network at the first run',
      'No package index is known, and pip is missing',
      'A proxy gave another file',
    ],
    tries: [
      'Help › Cell library: fetch it there, or take a file that was downloaded elsewhere',
      'It is kept after that',
    ],
  },
  VIEW: {
    means: 'A view could not be computed. The run itself is not touched.',
    causes: ['The run has not come so far yet'],
    tries: ['Run the flow to the step that is named'],
  },
  DATA: {
    means: 'A file of numbers (calibration or test data) cannot be used.',
    causes: ['A shape or type that the model does not take', 'A damaged or cut file'],
    tries: ['Save it again as .npy with the shape of the model’s input'],
  },
  PASS: {
    means: 'A pass that simplifies the model could not do its work.',
    causes: ['A graph of an unusual form', 'A fault of Ingot'],
    tries: ['Switch the pass off in the settings', 'Report it with the model'],
  },
  FLOOR: {
    means: 'No floorplan fits what was asked.',
    causes: ['A die that is too small for the cells', 'Pins or macros that overlap or lie outside'],
    tries: ['A lower floorplan.utilization', 'Remove fixed places of pins or macros'],
  },
  CLOCK: {
    means: 'The clock tree could not be built as asked.',
    causes: ['No room for its buffers', 'A library without clock buffers'],
    tries: ['A lower floorplan.utilization', 'A higher limit of clock skew'],
  },
  EXTRACT: {
    means: 'Resistance and capacitance of the wires could not be taken from the layout.',
    causes: ['A net that is not whole', 'Layers without figures in the kit'],
    tries: ['Look at the checks of the routing step'],
  },
  POWER: {
    means: 'Power or voltage drop could not be computed, or is beyond its limit.',
    causes: ['No activity was recorded', 'Too few straps of the power grid'],
    tries: ['Run the simulation step', 'A closer power grid in the floorplan settings'],
  },
  CHECK: {
    means: 'The finished layout breaks a rule or differs from its netlist.',
    causes: ['Routing left a conflict', 'A fault of Ingot'],
    tries: ['Find the place in the layout view', 'Report it with the run’s export'],
  },
  NETLIST: {
    means: 'A netlist could not be read or does not fit the cell library.',
    causes: ['Cells of another library', 'Verilog beyond the flat, mapped form'],
    tries: ['Synthesise it for the library that is named'],
  },
  LAYOUT: {
    means: 'A DEF, LEF or GDS file could not be read or written.',
    causes: ['A statement that is not supported', 'A damaged file'],
    tries: ['The message names line and statement'],
  },
  WORLD: {
    means: 'The system refused: disk, memory or permission.',
    causes: ['A full disk', 'No right to write there', 'A disk that went away'],
    tries: ['Free space', 'Check the folder’s rights, then run again: finished steps are kept'],
  },
  YOSYS: {
    means: 'A remark of Yosys about the design.',
    causes: ['It is usual where memories become registers'],
    tries: ['Nothing, unless the synthesis failed'],
  },
  FOREIGN: {
    means: 'A project of another flow could not be taken over as it is.',
    causes: ['A setting without a counterpart', 'A file that it names is missing'],
    tries: ['Read the record of the import: it lists what was taken, changed and left'],
  },
  OPENROAD: {
    means: 'OpenROAD is missing, too old or failed.',
    causes: ['It is not installed', 'A version without a command that is needed'],
    tries: ['`ingot doctor` lists tools, paths and versions', 'Use Ingot’s own engine for the step'],
  },
  DESK: {
    means: 'The window could not do what was asked.',
    causes: ['The folder was not opened here', 'A fault of Ingot'],
    tries: ['Open the project again'],
  },
};

const prefixOf = (code: string): string => code.split('-')[0] ?? '';

/** In the locale that is chosen; null where there is nothing to add. */
export function explain(code: string): Explanation | null {
  const english = EXACT[code] ?? PREFIX[prefixOf(code)] ?? null;
  if (language.locale !== 'zh' || english === null) return english;
  return explainZh[code] ?? explainZh[prefixOf(code)] ?? english;
}

/** Codes and prefixes that are explained. */
export const EXPLAINED: readonly string[] = [...Object.keys(EXACT), ...Object.keys(PREFIX)];
