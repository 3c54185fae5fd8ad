/** Entry of the process that runs one step. Started by the flow engine only. */
import { FLOW } from './flow/flow.ts';
import { PNR_STEPS } from './flow/pnr-flow.ts';
import { OPENROAD_STEPS } from './flow/steps/openroad/index.ts';
import { serveStep } from './flow/serve-step.ts';

serveStep([...FLOW, ...PNR_STEPS, ...OPENROAD_STEPS]);
