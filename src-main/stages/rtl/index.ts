export { generateRtl, rtlStimuli } from './generate.ts';
export type { RtlStimuli } from './generate.ts';
export { decodeResults, driverSource, encodeCases, outputBytesOf } from './driver.ts';
export type { RtlCase, RtlCaseResult } from './driver.ts';
export { COUNTERS, HOST_PORT, HOST_REGION, hostWrites } from './host.ts';
export { hostReference } from './host-map.ts';
export type { HostWrite } from './host.ts';
export type { Macro, RtlDesign, SourceFile } from './types.ts';
export { rtlCase } from './program-case.ts';
