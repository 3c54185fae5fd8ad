/** THE LIST: the steps from model to report, in order. Each step's inputs are outputs of earlier ones. */
import type { Flow } from './step.ts';

export const FLOW: Flow = [];
