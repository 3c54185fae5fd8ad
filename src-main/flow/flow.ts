/** THE LIST: the steps from model to report, in order. Each step's inputs are outputs of earlier ones. */
import type { Flow } from './step.ts';
import { compileStep } from './steps/compile.ts';
import { importModelStep } from './steps/import-model.ts';
import { quantizeStep } from './steps/quantize.ts';
import { kitStep } from './steps/kit.ts';
import { rtlStep } from './steps/rtl.ts';
import { simulateStep } from './steps/simulate.ts';
import { synthesiseStep } from './steps/synthesise.ts';
import { floorplanStep } from './steps/floorplan.ts';
import { placeStep } from './steps/place.ts';

export const FLOW: Flow = [
  importModelStep,
  quantizeStep,
  compileStep,
  simulateStep,
  rtlStep,
  kitStep,
  synthesiseStep,
  floorplanStep,
  placeStep,
];
