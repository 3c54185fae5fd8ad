export { writeDef } from './write-def.ts';
export { readDef } from './read-def.ts';
export { importDef, type DefExtent } from './import-def.ts';
export { writeGds } from './write-gds.ts';
export { readGds } from './read-gds.ts';
export { topStructure } from './verify-areas.ts';
export { verifyLayoutFiles } from './layout-files.ts';
export type { LayoutFilesReport } from './layout-files.ts';
export * from './types.ts';
