/** What a message's code means, beyond what the message itself says. Exact codes first, then the part before the dash. */
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
    causes: ['No network at the first run', 'pip is missing'],
    tries: ['Connect once; it is kept after that'],
  },
  VIEW: {
    means: 'A view could not be computed. The run itself is not touched.',
    causes: ['The run has not come so far yet'],
    tries: ['Run the flow to the step that is named'],
  },
  DESK: {
    means: 'The window could not do what was asked.',
    causes: ['The folder was not opened here', 'A fault of Ingot'],
    tries: ['Open the project again'],
  },
};

export const explain = (code: string): Explanation | null =>
  EXACT[code] ?? PREFIX[code.split('-')[0] ?? ''] ?? null;
