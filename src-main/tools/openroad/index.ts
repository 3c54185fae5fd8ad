/** OpenROAD as an engine of single steps: see README.md. */
export * from './bodies.ts';
export { cellLefFor, libertyFor, techLefFor } from './lef.ts';
export {
  countDrcMarks,
  drtIterations,
  readIrDrops,
  readOpenRoadMetrics,
  readOwnValues,
  type DrtIteration,
  type IrDrop,
} from './metrics.ts';
export { openRoadPlan, type LayerPlan, type OpenRoadPlan, type Strap } from './plan.ts';
export {
  needOpenRoad,
  openRoadFingerprint,
  runOpenRoad,
  OpenRoadError,
  type OpenRoadJob,
  type OpenRoadResult,
  type OpenRoadWatch,
} from './run.ts';
export { FILES, openRoadScript, type Source, type StepScript } from './script.ts';
