/** THE LIST: the steps from model to report, in order. Each step's inputs are outputs of earlier ones. */
import type { Flow } from './step.ts';
import { checkStep } from './steps/check.ts';
import { clockStep } from './steps/clock.ts';
import { compileStep } from './steps/compile.ts';
import { fillStep } from './steps/fill.ts';
import { floorplanStep } from './steps/floorplan.ts';
import { importModelStep } from './steps/import-model.ts';
import { kitStep } from './steps/kit.ts';
import { layoutStep } from './steps/layout.ts';
import { passesStep } from './steps/passes.ts';
import { placeStep } from './steps/place.ts';
import { powerStep } from './steps/power.ts';
import { quantizeStep } from './steps/quantize.ts';
import { repairStep } from './steps/repair.ts';
import { reportStep } from './steps/report.ts';
import { routeStep } from './steps/route.ts';
import { rtlStep } from './steps/rtl.ts';
import { simulateStep } from './steps/simulate.ts';
import { synthesiseStep } from './steps/synthesise.ts';
import { timingStep } from './steps/timing.ts';
import { viewsStep } from './steps/views.ts';

export const FLOW: Flow = [
  importModelStep,
  quantizeStep,
  passesStep,
  compileStep,
  simulateStep,
  rtlStep,
  kitStep,
  synthesiseStep,
  floorplanStep,
  placeStep,
  clockStep,
  repairStep,
  routeStep,
  fillStep,
  timingStep,
  powerStep,
  layoutStep,
  checkStep,
  viewsStep,
  reportStep,
];
