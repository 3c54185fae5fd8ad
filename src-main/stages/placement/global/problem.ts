import type { Rect } from '../../../base/geometry.ts';
import { makeRng } from '../../../base/rng.ts';
import type { PlaceModel } from '../model.ts';
import { flipsX, flipsY } from '../model.ts';
import type { Placement } from '../types.ts';
import type { AxisNets } from './wirelength.ts';

/** The continuous problem: movable cells then fillers, by centre; sizes in DBU. */
export interface Problem {
  readonly core: Rect;
  /** Cells, then fillers up to `objects`. */
  readonly cells: number;
  readonly objects: number;
  /** [cells] instance of the placement model */
  readonly inst: Int32Array;
  readonly width: Float64Array;
  readonly height: Float64Array;
  readonly pins: Float64Array;
  readonly axisX: AxisNets;
  readonly axisY: AxisNets;
  readonly fixed: readonly Rect[];
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/**
 * Cells with their padding (DBU added to the width) and as many fillers as make the mean density `target`:
 * fillers hold the cells together, else they would spread over the whole core. At low utilisation fillers grow
 * so that they never outnumber the cells by far.
 */
export function makeProblem(
  model: PlaceModel,
  placement: Placement,
  core: Rect,
  paddingDbu: Int32Array,
  target: number,
  seed: number,
): Problem {
  const movable: number[] = [];
  const fixed: Rect[] = [];
  let fixedArea = 0;
  let cellArea = 0;
  for (let i = 0; i < model.insts; i++) {
    const w = model.widthDbu[i];
    const h = model.heightDbu[i];
    if (model.isFixed[i]) {
      const x = placement.xDbu[i];
      const y = placement.yDbu[i];
      fixed.push({ x1: x, y1: y, x2: x + w, y2: y + h });
      fixedArea += w * h;
    } else {
      movable.push(i);
      cellArea += (w + paddingDbu[i]) * h;
    }
  }
  const cells = movable.length;
  const free = (core.x2 - core.x1) * (core.y2 - core.y1) - fixedArea;
  const fillerArea = Math.max(0, target * free - cellArea);
  const fillerHeight = cells > 0 ? model.heightDbu[movable[0]] : 1;
  const meanWidth = cells > 0 ? cellArea / fillerHeight / cells : 1;
  const fillerWidth = Math.max(meanWidth, fillerArea / fillerHeight / (1.2 * cells + 1));
  const fillers = Math.floor(fillerArea / (fillerWidth * fillerHeight));
  const objects = cells + fillers;
  const width = new Float64Array(objects).fill(fillerWidth);
  const height = new Float64Array(objects).fill(fillerHeight);
  const objectOf = new Int32Array(model.insts).fill(-1);
  movable.forEach((i, k) => {
    objectOf[i] = k;
    width[k] = model.widthDbu[i] + paddingDbu[i];
    height[k] = model.heightDbu[i];
  });
  const { axisX, axisY } = makeAxes(model, placement, objectOf, width);
  const pins = new Float64Array(objects);
  for (const k of axisX.object) if (k >= 0) pins[k]++;
  const random = makeRng(seed);
  const x = new Float64Array(objects).fill((core.x1 + core.x2) / 2);
  const y = new Float64Array(objects).fill((core.y1 + core.y2) / 2);
  for (let k = cells; k < objects; k++) {
    x[k] = core.x1 + random() * (core.x2 - core.x1);
    y[k] = core.y1 + random() * (core.y2 - core.y1);
  }
  return {
    core,
    cells,
    objects,
    inst: Int32Array.from(movable),
    width,
    height,
    pins,
    axisX,
    axisY,
    fixed,
    x,
    y,
  };
}

/** Pins per axis, offsets from the object's centre (cells as drawn; rows flip them only later). */
function makeAxes(
  model: PlaceModel,
  placement: Placement,
  objectOf: Int32Array,
  width: Float64Array,
): { axisX: AxisNets; axisY: AxisNets } {
  const connections = model.pinInst.length;
  const object = new Int32Array(connections);
  const offsetX = new Float64Array(connections);
  const offsetY = new Float64Array(connections);
  for (let p = 0; p < connections; p++) {
    const i = model.pinInst[p];
    const k = i >= 0 ? objectOf[i] : -1;
    object[p] = k;
    offsetX[p] = model.pinX[p];
    offsetY[p] = model.pinY[p];
    if (k >= 0) {
      offsetX[p] -= width[k] / 2;
      offsetY[p] -= model.heightDbu[i] / 2;
    } else if (i >= 0) {
      const o = placement.orient[i];
      offsetX[p] = placement.xDbu[i] + (flipsX(o) ? model.widthDbu[i] - model.pinX[p] : model.pinX[p]);
      offsetY[p] = placement.yDbu[i] + (flipsY(o) ? model.heightDbu[i] - model.pinY[p] : model.pinY[p]);
    }
  }
  const common = { nets: model.nets, netStart: model.netStart, object, netWeight: model.netWeight };
  return { axisX: { ...common, offset: offsetX }, axisY: { ...common, offset: offsetY } };
}
