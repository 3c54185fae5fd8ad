export { generateRtl, hostWordCount, stimulusFiles } from './generate.ts';
export type { RtlDesign, SourceFile } from './types.ts';
