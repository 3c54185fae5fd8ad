/** The engine's face for the shells (CLI, app). */
export { openProject, importFiles, type Project } from '../project/project.ts';
export type { FileToImport } from '../project/project-file.ts';
export { listFiles, type FileRow } from '../project/queries/files.ts';
export { readProject, type ProjectRow } from '../project/queries/project.ts';
export { listRuns, listTrash, type RunRow, type RunStatus } from '../project/queries/runs.ts';
export type { StepRow, StepStatus } from '../project/queries/steps.ts';
export type { ArtefactRow, LogRow, MetricRow, ProofRow } from '../project/queries/facts.ts';
export { artefactPath, readArtefact } from '../project/artefact-store.ts';
export { readLivePicture } from '../project/live-picture.ts';
export { inWorld, worldError } from '../project/world.ts';
export { createProject, importForeignProject, importProjectFile, setProjectSettings } from './projects.ts';
export { checkSettings, defaultSettings, describeSpec, parseAssignments } from './check-settings.ts';
export { SETTINGS, type SettingKey, type Settings, type SettingSpec } from './settings.ts';
export { queueRun, runNext, unqueueRun } from './queue.ts';
export { listQueue, type QueuedRun } from '../project/queries/queue.ts';
export { labelRun, type RunLabel } from './label-run.ts';
export { previewRun, type PreviewStep } from './preview-run.ts';
export { askView } from './views/ask-views.ts';
export type * from '../base/view-models.ts';
export { runFlow, cancelRun, type RunOptions, type RunResult } from './run-flow.ts';
export { readRunDetail, type RunDetail, type StepDetail } from './run-detail.ts';
export { prepareOpen, viewersOfRun } from './open-run.ts';
export { exportRun, type ExportOptions } from './export-run.ts';
export { exportForm, type ExportForm } from './replay/index.ts';
export { estimateSteps, stepRemainingS } from './estimate.ts';
export { infer, type InferRequest, type InferResult } from './infer/infer.ts';
export { FLOW } from './flow.ts';
export { pnrFlow, rtlFlow, type PnrStart } from './pnr-flow.ts';
export { projectFlow } from './project-flow.ts';
export { judgeGates, readGates, runMetrics, type Gate, type GateVerdict } from './gates.ts';
export {
  foreignFormat,
  readForeignProject,
  rtlFile,
  type ForeignProject,
  type ImportRecord,
} from './foreign/index.ts';
export type { FlowEvent, FlowObserver } from './events.ts';
export type { Flow } from './step.ts';
