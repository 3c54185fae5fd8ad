/* eslint-disable svelte/prefer-svelte-reactivity -- sets are replaced as a whole, never changed where they are seen */
/** The state of one layout view and its pictures: camera, switches, selection, painter. Drawn once a frame at most. */
import type { LayoutView } from '../../../src-main/base/layout-view.ts';
import type { ViewPath } from '../../../src-main/base/timing-view.ts';
import { canvasPainter } from './canvas-painter.ts';
import { fit, seen, toWorld, zoomAt, type Box, type Camera, type Size } from './camera.ts';
import { BACKGROUND, type Rgb, type Theme } from './colours.ts';
import { Drawing } from './drawing.ts';
import { glPainter } from './gl-painter.ts';
import { Names } from './names.ts';
import type { Layered, Veil } from './painter.ts';
import { drawOverlay, heatPicture, heatRange, type Lit, type Ruler } from './overlay.ts';
import { Picker, type Hit } from './pick.ts';
import {
  cellBatch,
  makeScene,
  styleOf,
  touching,
  visibleRanges,
  type CellMode,
  type Scene,
} from './scene.ts';

const NOTHING: Lit = { cells: [], shapes: [], way: [], box: null };

export class LayoutStage {
  readonly view: LayoutView;
  readonly cellNames: Names;
  readonly netNames: Names;
  camera = $state.raw<Camera>({ x: 0, y: 0, scale: 1e-3 });
  size = $state.raw<Size>({ width: 1, height: 1 });
  hidden = $state.raw<ReadonlySet<string>>(new Set(['tracks']));
  colours = $state.raw<Readonly<Record<string, Rgb>>>({});
  cellMode = $state<CellMode>('module');
  heat = $state<string | null>(null);
  rulers = $state.raw<readonly Ruler[]>([]);
  lit = $state.raw<Lit>(NOTHING);
  theme = $state<Theme>('light');
  painterKind = $state('');
  #scene: Scene;
  #picker: Picker;
  #drawing: Drawing | null = null;
  #overlay: CanvasRenderingContext2D | null = null;
  #canvas: HTMLCanvasElement | null = null;
  #frame = 0;
  #heatPicture: { key: string; picture: HTMLCanvasElement } | null = null;

  constructor(view: LayoutView, theme: Theme) {
    this.view = view;
    this.theme = theme;
    this.cellNames = new Names(view.cellNames);
    this.netNames = new Names(view.netNames);
    const started = performance.now();
    this.#scene = makeScene(view, this.cellMode, theme);
    performance.measure('layout.scene', { start: started });
    this.#picker = new Picker(view);
  }

  attach(canvas: HTMLCanvasElement, overlay: HTMLCanvasElement, useGl: boolean): () => void {
    this.#canvas = canvas;
    const painter = (useGl ? glPainter(canvas) : null) ?? canvasPainter(canvas);
    const drawing = new Drawing(painter, {
      layers: (leastPx, leastMetalPx) => this.layered(leastPx, leastMetalPx),
      veil: () => this.#veil(),
    });
    this.#drawing = drawing;
    this.#overlay = overlay.getContext('2d');
    this.painterKind = painter.kind;
    const lost = (event: Event): void => event.preventDefault();
    canvas.addEventListener('webglcontextlost', lost);
    return () => {
      canvas.removeEventListener('webglcontextlost', lost);
      cancelAnimationFrame(this.#frame);
      drawing.dispose();
      this.#drawing = null;
    };
  }

  get dieBox(): Box {
    const [x1, y1, x2, y2] = this.view.die;
    return { x1, y1, x2, y2 };
  }

  get leastScale(): number {
    return fit(this.dieBox, this.size).scale / 4;
  }

  resize(width: number, height: number): void {
    const isFirst = this.size.width <= 1;
    this.size = { width, height };
    if (isFirst) this.camera = fit(this.dieBox, this.size);
    this.redraw();
  }

  move(camera: Camera): void {
    this.camera = camera;
    this.redraw();
  }

  zoom(factor: number, px = this.size.width / 2, py = this.size.height / 2): void {
    this.move(zoomAt(this.camera, this.size, factor, px, py, this.leastScale));
  }

  fit(): void {
    this.move(fit(this.dieBox, this.size));
  }

  /** Brings a box into view with some of what is around it. */
  show(box: Box): void {
    const least = 12 * this.view.dbuPerUm;
    const grow = Math.max(0.15 * (box.x2 - box.x1), 0.15 * (box.y2 - box.y1), least / 2);
    this.move(fit({ x1: box.x1 - grow, y1: box.y1 - grow, x2: box.x2 + grow, y2: box.y2 + grow }, this.size));
  }

  isShown(id: string): boolean {
    return !this.hidden.has(id);
  }

  toggle(id: string, isShown = this.hidden.has(id)): void {
    const hidden = new Set(this.hidden);
    if (isShown) hidden.delete(id);
    else hidden.add(id);
    this.hidden = hidden;
  }

  setTheme(theme: Theme): void {
    if (theme === this.theme) return;
    this.theme = theme;
    this.#heatPicture = null;
    this.recolour();
    // At once: a dark window with a light picture in it would flash.
    this.draw();
  }

  /** Only the cells' own colours are made again. */
  recolour(): void {
    const batches = this.#scene.batches.map((b) => {
      if (b.id !== 'cells') return b;
      this.#drawing?.drop(b);
      return cellBatch(this.view, this.cellMode, this.theme);
    });
    this.#scene = { ...this.#scene, batches };
    this.redraw();
  }

  /** What is seen now and at least so many device pixels long. */
  layered(leastPx: number, leastMetalPx = leastPx): Layered[] {
    const scale = this.camera.scale * devicePixelRatio;
    const box = this.seen;
    return this.#scene.batches.flatMap((batch) => {
      const [kind, layer] = batch.id.split(':');
      if (!this.isShown(kind === 'layer' ? batch.id : kind)) return [];
      if (kind === 'power' && !this.isShown(`layer:${layer}`)) return [];
      const [colour, alpha] = styleOf(batch.id, this.theme, this.colours);
      const isMetal = kind === 'layer' || kind === 'power';
      const ranges = visibleRanges(batch, box, scale, isMetal ? leastMetalPx : leastPx);
      let count = 0;
      for (let r = 1; r < ranges.length; r += 2) count += ranges[r];
      return [{ batch, colour, alpha, ranges, count }];
    });
  }

  #veil(): Veil | null {
    const { overview, die, layers } = this.view;
    if (!overview) return null;
    const shown = layers.flatMap((_, layer) => {
      if (!this.isShown(`layer:${layer}`)) return [];
      const [colour, alpha] = styleOf(`layer:${layer}`, this.theme, this.colours);
      return [{ layer, colour, alpha }];
    });
    return { overview, x: die[0], y: die[1], layers: shown };
  }

  redraw(): void {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      // Software GL would be asked for more and more frames that nobody sees.
      if (this.#drawing?.isBehind()) this.redraw();
      else this.draw();
    });
  }

  /** `isWhole`: at once and with everything, to be taken away as a picture. */
  draw(isWhole = false): void {
    if (!this.#drawing || !this.#canvas || this.size.width <= 1) return;
    const { width, height } = this.#canvas;
    const { x, y, scale } = this.camera;
    const background = BACKGROUND[this.theme];
    const frame = { x, y, scale: scale * devicePixelRatio, width, height, background };
    const look = [this.#scene, this.hidden, this.colours, this.theme, this.size];
    this.#drawing.draw(frame, look, isWhole);
    this.drawOverlay();
  }

  drawOverlay(): void {
    const c = this.#overlay;
    if (!c) return;
    c.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    const map = this.view.heat.find((h) => h.id === this.heat);
    if (map && this.#heatPicture?.key !== map.id)
      this.#heatPicture = { key: map.id, picture: heatPicture(map, ...heatRange(map)) };
    const { view, camera, size, theme, lit, rulers } = this;
    drawOverlay(c, {
      view,
      camera,
      size,
      theme,
      lit,
      rulers,
      heat: map && this.#heatPicture ? { map, picture: this.#heatPicture.picture } : null,
      tracks: this.isShown('tracks')
        ? view.layers.flatMap((l, k) => (l.kind === 'routing' && this.isShown(`layer:${k}`) ? [k] : []))
        : [],
      names: this.isShown('cells') && this.isShown('names') ? this.cellNames : null,
      cellsIn: (box) => this.cellsIn(box),
    });
  }

  cellsIn(box: Box): number[] {
    const cells = this.#scene.batches.find((b) => b.id === 'cells');
    const found = cells ? touching(cells, box) : [];
    return found.length > 3000 ? [] : found.filter((c) => this.view.cellModule[c] >= 0);
  }

  hit(px: number, py: number): Hit {
    const [x, y] = toWorld(this.camera, this.size, px, py);
    const slack = Math.min(600, 2 / this.camera.scale);
    const pinsSeen = this.isShown('pins') && this.camera.scale * 140 > 1.5;
    return this.#picker.hit(this.#scene, x, y, slack, (l) => this.isShown(`layer:${l}`), pinsSeen);
  }

  cellBox(cell: number): Box {
    const [x1, y1, x2, y2] = this.view.cells.subarray(4 * cell, 4 * cell + 4);
    return { x1, y1, x2, y2 };
  }

  clearLight(): void {
    this.lit = NOTHING;
    this.redraw();
  }

  lightCells(cells: readonly number[]): void {
    this.lit = { ...NOTHING, cells, box: union(cells.map((c) => this.cellBox(c))) };
    this.redraw();
  }

  lightNet(net: number): void {
    const { netShapeStart, netShapes, shapes } = this.view;
    const own = [...netShapes.subarray(netShapeStart[net], netShapeStart[net + 1])];
    const box = union(
      own.map((s) => ({
        x1: shapes[4 * s],
        y1: shapes[4 * s + 1],
        x2: shapes[4 * s + 2],
        y2: shapes[4 * s + 3],
      })),
    );
    this.lit = { ...NOTHING, shapes: own, cells: this.cellsOf(net), box };
    this.redraw();
  }

  /** Cells on a net, the driver first; ports are left out. */
  cellsOf(net: number): number[] {
    const { netPinStart, netPins, cellPinStart, pinNet } = this.view;
    const found: number[] = [];
    for (let k = netPinStart[net]; k < netPinStart[net + 1]; k++)
      if (netPins[k] < pinNet.length) found.push(ownerOf(cellPinStart, netPins[k]));
    return [...new Set(found)];
  }

  lightPath(path: ViewPath): void {
    const { netShapeStart, netShapes, cells } = this.view;
    const stages = path.stages.slice(path.firstData);
    const own = [...new Set(stages.map((s) => s.cell).filter((c) => c >= 0))];
    const nets = [...new Set(stages.filter((s) => s.kind === 'net').map((s) => s.net))].filter((n) => n >= 0);
    const middle = (c: number): [number, number] => [
      (cells[4 * c] + cells[4 * c + 2]) / 2,
      (cells[4 * c + 1] + cells[4 * c + 3]) / 2,
    ];
    this.lit = {
      cells: own,
      // A net that fans out widely would hide the path: its wires are shown for narrow ones only.
      shapes: nets.flatMap((n) =>
        netShapeStart[n + 1] - netShapeStart[n] > 400
          ? []
          : [...netShapes.subarray(netShapeStart[n], netShapeStart[n + 1])],
      ),
      way: own.map(middle),
      box: union(own.map((c) => this.cellBox(c))),
    };
    this.redraw();
  }

  moduleCells(module: number): number[] {
    const isIn = new Uint8Array(this.view.modules.length);
    isIn[module] = 1;
    // Children stand behind their parents.
    for (let m = module + 1; m < isIn.length; m++) if (isIn[this.view.modules[m].parent]) isIn[m] = 1;
    const found: number[] = [];
    this.view.cellModule.forEach((m, c) => m >= 0 && isIn[m] && found.push(c));
    return found;
  }

  get seen(): Box {
    return seen(this.camera, this.size);
  }

  /** A drawn picture of shapes and overlay together. */
  picture(): HTMLCanvasElement {
    this.draw(true);
    const canvas = document.createElement('canvas');
    canvas.width = this.#canvas!.width;
    canvas.height = this.#canvas!.height;
    const c = canvas.getContext('2d')!;
    // In the same task as the drawing, before the card's picture is given away.
    c.drawImage(this.#canvas!, 0, 0);
    if (this.#overlay) c.drawImage(this.#overlay.canvas, 0, 0);
    return canvas;
  }
}

export function ownerOf(start: Int32Array, pin: number): number {
  let [low, high] = [0, start.length - 1];
  while (high - low > 1) {
    const mid = (low + high) >> 1;
    if (start[mid] <= pin) low = mid;
    else high = mid;
  }
  return low;
}

function union(boxes: readonly Box[]): Box | null {
  if (boxes.length === 0) return null;
  return boxes.reduce((a, b) => ({
    x1: Math.min(a.x1, b.x1),
    y1: Math.min(a.y1, b.y1),
    x2: Math.max(a.x2, b.x2),
    y2: Math.max(a.y2, b.y2),
  }));
}
