import { pack, unpack } from '../../base/pack.ts';
import type { Parasitics } from '../../stages/extraction/index.ts';
import type { IrDropReport, PowerReport } from '../../stages/power/index.ts';
import type { TimingReport } from '../../stages/timing/index.ts';
import { defineStep, type StepContext } from '../step.ts';
import { judged, readChip, readKitArtefact } from './chip-state.ts';

/** Endpoints that get a path group by their start; more would need too much memory. */
const TRACED_MAX = 8000;
/** Paths of each check that can be looked at stage by stage. */
const STORED_MAX = 200;

export const viewsStep = defineStep({
  name: 'views',
  title: 'Prepare the views',
  version: 2,
  inputs: ['kit.bin', 'filled.bin', 'chip.sdc', 'parasitics.bin', 'timing.bin', 'power.bin', 'ir-drop.bin'],
  outputs: ['layout.view', 'timing.view'],
  settings: [],
  run: (context) =>
    makeViews(context, {
      power: unpack<PowerReport>(context.readArtefact('power.bin')),
      irDrop: unpack<IrDropReport>(context.readArtefact('ir-drop.bin')),
    }),
});

/** Without power, which needs inferences to replay. */
export const chipViewsStep = defineStep({
  name: 'chip-views',
  title: 'Prepare the views',
  version: 2,
  inputs: ['kit.bin', 'filled.bin', 'chip.sdc', 'parasitics.bin', 'timing.bin'],
  outputs: ['layout.view', 'timing.view'],
  settings: [],
  run: (context) => makeViews(context, { power: null, irDrop: null }),
});

async function makeViews(
  context: StepContext<never>,
  given: { readonly power: PowerReport | null; readonly irDrop: IrDropReport | null },
): Promise<void> {
  const stage = await import('../../stages/view/index.ts');
  const sta = await import('../../stages/timing/index.ts');
  const { routedLengthsUm } = await import('../../stages/extraction/index.ts');
  const kit = readKitArtefact(context);
  const read = <T>(name: Parameters<typeof context.readArtefact>[0]): T =>
    unpack<T>(context.readArtefact(name));
  const chip = readChip(context, 'filled.bin');
  const timing = read<TimingReport>('timing.bin');
  const input = {
    ...chip,
    kit,
    timing,
    ...given,
  };
  const layout = stage.packLayoutView(input);
  const bytes = pack(layout);
  context.writeArtefact('layout.view', bytes);
  context.metric('viewBytes', bytes.length, 'bytes');
  context.progress(0.3, 'paths');
  const constraints = sta.readSdc(context.readText('chip.sdc'));
  // The same analysis again: the timing step writes out fewer paths, as its judges walk each of them.
  const report = sta.analyzeTiming(chip.netlist, kit, read<Parasitics>('parasitics.bin'), constraints, {
    pathCount: TRACED_MAX,
    netLengthUm: routedLengthsUm(chip.netlist, chip.routing!, kit),
  });
  const paths = stage.packTimingView(report, chip.netlist, kit, constraints.clockName, STORED_MAX);
  context.writeArtefact('timing.view', pack(paths));
  context.proof({
    name: 'the views hold the chip',
    judge: 'verifyLayoutView and verifyTimingView, counted again',
    result: judged(context, [
      ...stage.verifyLayoutView(layout, input),
      ...stage.verifyTimingView(paths, timing),
    ]),
    detail: `${layout.cellMaster.length} cells, ${layout.shapeNet.length} shapes of ${chip.netlist.netNames.length} nets, metal area net by net; ${paths.paths.length} paths add up`,
  });
}
