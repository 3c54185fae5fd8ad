export { overviewOf } from './overview.ts';
export { packLayoutView } from './pack-layout.ts';
export { packTimingView, PATH_GROUPS } from './pack-timing.ts';
export { verifyLayoutView, verifyTimingView } from './verify.ts';
export type * from './types.ts';
