/** Entry of the process that runs one step. Started by the flow engine only. */
import { FLOW } from './flow/flow.ts';
import { serveStep } from './flow/serve-step.ts';

serveStep(FLOW);
