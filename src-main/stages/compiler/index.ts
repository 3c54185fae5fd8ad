export { compile } from './compile.ts';
export { compilePlan, runPlan } from './plan.ts';
export { packInput, packInputs, unpackOutput, unpackOutputs } from './forms.ts';
export type { InputPack, TensorForm } from './forms.ts';
export type { ProgramCycles } from './clock.ts';
export type * from './types.ts';
export { verifyProgram } from './verify-program.ts';
export type { ProgramVerdict } from './verify-program.ts';
