/** What lies under a point, by the tiles of the batches. */
import type { LayoutView } from '../../../src-main/base/layout-view.ts';
import type { Box } from './camera.ts';
import { touching, type Batch, type Scene } from './scene.ts';

export interface Hit {
  readonly cell: number;
  readonly net: number;
  readonly port: number;
  /** Of the metal that was hit, -1 = none */
  readonly layer: number;
  readonly pin: number;
}

export class Picker {
  readonly #view: LayoutView;

  constructor(view: LayoutView) {
    this.#view = view;
  }

  /** Topmost metal among the layers that are shown, then pins, ports and the cell below. */
  hit(
    scene: Scene,
    x: number,
    y: number,
    slack: number,
    isShown: (layer: number) => boolean,
    showsPins: boolean,
  ): Hit {
    const view = this.#view;
    const here = { x1: x, y1: y, x2: x, y2: y };
    const near = { x1: x - slack, y1: y - slack, x2: x + slack, y2: y + slack };
    const batch = (id: string): Batch | undefined => scene.batches.find((b) => b.id === id);
    const inBatch = (id: string, box: Box): number[] => {
      const found = batch(id);
      return found ? touching(found, box) : [];
    };
    const cell = inBatch('cells', here)[0] ?? inBatch('fillers', here)[0] ?? -1;
    let hit: Hit = { cell, net: -1, port: -1, layer: -1, pin: -1 };
    const [pin] = showsPins ? inBatch('pins', here) : [];
    if (pin !== undefined) {
      const id = scene.pins.pin[pin];
      hit = { ...hit, pin: id, net: view.pinNet[id], layer: scene.pins.layer[pin] };
    }
    for (let layer = view.layers.length - 1; layer >= 0; layer--) {
      const [shape] = isShown(layer) ? inBatch(`layer:${layer}`, near) : [];
      if (shape === undefined) continue;
      hit = { ...hit, net: view.shapeNet[view.shapeStart[layer] + shape], layer, pin: -1 };
      break;
    }
    for (let p = 0; p < view.ports.length; p++) {
      const [, x1, y1, x2, y2] = view.portShapes.subarray(5 * p, 5 * p + 5);
      if (x >= x1 - 2 * slack && x <= x2 + 2 * slack && y >= y1 - 2 * slack && y <= y2 + 2 * slack)
        hit = { ...hit, port: p, net: view.ports[p].net };
    }
    return hit;
  }
}
