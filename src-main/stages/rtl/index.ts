export { generateRtl, rtlStimuli } from './generate.ts';
export type { RtlStimuli } from './generate.ts';
export type { RtlDesign, SourceFile } from './types.ts';
