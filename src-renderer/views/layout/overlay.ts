/** What is drawn over the shapes: heat map, selection, tracks, names, rulers, scale bar. Canvas2D, in CSS pixels. */
import type { HeatMap, LayoutView } from '../../../src-main/base/layout-view.ts';
import { roundStep, seen, toScreen, type Box, type Camera, type Size } from './camera.ts';
import { css, heatColour, layerColours, type Theme } from './colours.ts';
import type { Names } from './names.ts';

export interface Ruler {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/** What is lit up: cells and shapes by index, and a way from place to place. */
export interface Lit {
  readonly cells: readonly number[];
  readonly shapes: readonly number[];
  /** Points x, y in DBU. */
  readonly way: readonly (readonly [number, number])[];
  readonly box: Box | null;
}

export interface OverlayInput {
  readonly view: LayoutView;
  readonly camera: Camera;
  readonly size: Size;
  readonly theme: Theme;
  readonly heat: { readonly map: HeatMap; readonly picture: HTMLCanvasElement } | null;
  readonly lit: Lit;
  readonly rulers: readonly Ruler[];
  readonly tracks: readonly number[];
  readonly names: Names | null;
  /** Cells in view, for their names; only asked from nearby. */
  readonly cellsIn: (box: Box) => readonly number[];
}

const ACCENT: Record<Theme, string> = { dark: '#ffe46b', light: '#d4005f' };
const INK: Record<Theme, string> = { dark: '#e3e8ef', light: '#1a212c' };
const HALO: Record<Theme, string> = { dark: 'rgb(13 16 21 / 85%)', light: 'rgb(255 255 255 / 90%)' };
const FONT = '11px system-ui, sans-serif';

export const formatUm = (um: number): string =>
  Math.abs(um) >= 1000 ? `${(um / 1000).toFixed(2)} mm` : `${um.toFixed(um < 10 ? 3 : 2)} µm`;

export function drawOverlay(c: CanvasRenderingContext2D, input: OverlayInput): void {
  const { size } = input;
  c.clearRect(0, 0, size.width, size.height);
  c.font = FONT;
  c.textBaseline = 'middle';
  drawHeat(c, input);
  drawDie(c, input);
  drawTracks(c, input);
  drawNames(c, input);
  drawLit(c, input);
  for (const ruler of input.rulers) drawRuler(c, input, ruler);
  drawScaleBar(c, input);
}

function rect(
  input: OverlayInput,
  x1: number,
  y1: number,
  x2: number,
  y2: number,
): [number, number, number, number] {
  const [l, t] = toScreen(input.camera, input.size, x1, y2);
  const [r, b] = toScreen(input.camera, input.size, x2, y1);
  return [l, t, r - l, b - t];
}

function drawHeat(c: CanvasRenderingContext2D, input: OverlayInput): void {
  if (!input.heat) return;
  const { map, picture } = input.heat;
  const { die } = input.view;
  c.imageSmoothingEnabled = false;
  c.globalAlpha = 0.82;
  c.save();
  c.beginPath();
  c.rect(...rect(input, die[0], die[1], die[2], die[3]));
  c.clip();
  c.drawImage(
    picture,
    ...rect(input, die[0], die[1], die[0] + map.columns * map.tileDbu, die[1] + map.rows * map.tileDbu),
  );
  c.restore();
  c.globalAlpha = 1;
}

/** One pixel a tile, top row first. */
export function heatPicture(map: HeatMap, low: number, high: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = map.columns;
  canvas.height = map.rows;
  const image = new ImageData(map.columns, map.rows);
  for (let r = 0; r < map.rows; r++)
    for (let k = 0; k < map.columns; k++) {
      const value = map.values[r * map.columns + k];
      if (Number.isNaN(value)) continue;
      const share = (value - low) / (high - low || 1);
      const colour = heatColour(map.isLowBad ? 1 - share : share);
      image.data.set([...colour, 255], 4 * ((map.rows - 1 - r) * map.columns + k));
    }
  canvas.getContext('2d')!.putImageData(image, 0, 0);
  return canvas;
}

export function heatRange(map: HeatMap): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const v of map.values) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return low > high ? [0, 1] : [map.isLowBad ? low : Math.min(0, low), high];
}

function drawDie(c: CanvasRenderingContext2D, input: OverlayInput): void {
  const { die, core } = input.view;
  c.strokeStyle = INK[input.theme];
  c.lineWidth = 1;
  c.globalAlpha = 0.7;
  c.strokeRect(...rect(input, die[0], die[1], die[2], die[3]));
  c.globalAlpha = 0.3;
  c.setLineDash([4, 4]);
  c.strokeRect(...rect(input, core[0], core[1], core[2], core[3]));
  c.setLineDash([]);
  c.globalAlpha = 1;
}

/** Tracks nearer than this would be a grey cloth. */
const TRACK_PX = 5;

function drawTracks(c: CanvasRenderingContext2D, input: OverlayInput): void {
  const { view, camera, size, theme } = input;
  const box = seen(camera, size);
  for (let s = 0; s < view.tracks.length; s += 4) {
    const [layer, start, step, count] = view.tracks.subarray(s, s + 4);
    if (!input.tracks.includes(layer) || step * camera.scale < TRACK_PX) continue;
    const isH = view.layers[layer].direction === 'H';
    const [low, high] = isH ? [box.y1, box.y2] : [box.x1, box.x2];
    const first = Math.max(0, Math.ceil((low - start) / step));
    const last = Math.min(count - 1, Math.floor((high - start) / step));
    c.strokeStyle = css(layerColours(theme)[layer]);
    c.globalAlpha = 0.35;
    c.beginPath();
    for (let k = first; k <= last; k++) {
      const [x, y] = toScreen(camera, size, start + k * step, start + k * step);
      c.moveTo(isH ? 0 : x, isH ? y : 0);
      c.lineTo(isH ? size.width : x, isH ? y : size.height);
    }
    c.stroke();
  }
  c.globalAlpha = 1;
}

function label(c: CanvasRenderingContext2D, theme: Theme, text: string, x: number, y: number): void {
  c.lineJoin = 'round';
  c.lineWidth = 3;
  c.strokeStyle = HALO[theme];
  c.strokeText(text, x, y);
  c.fillStyle = INK[theme];
  c.fillText(text, x, y);
}

/** A cell's name and master where there is room for them. */
const NAME_CELL_PX = 34;

function drawNames(c: CanvasRenderingContext2D, input: OverlayInput): void {
  const { view, camera, size, theme, names } = input;
  if (!names || camera.scale * (view.rows[3] - view.rows[1] || 2800) < NAME_CELL_PX) return;
  for (const cell of input.cellsIn(seen(camera, size))) {
    const [x, y, w, h] = rect(
      input,
      ...(view.cells.subarray(4 * cell, 4 * cell + 4) as unknown as [number, number, number, number]),
    );
    const master = view.masters[view.cellMaster[cell]].name;
    for (const [k, text] of [names.of(cell), master].entries()) {
      if (c.measureText(text).width > w - 6) continue;
      label(c, theme, text, x + 4, y + h / 2 + (k - 0.5) * 13);
    }
  }
}

function drawLit(c: CanvasRenderingContext2D, input: OverlayInput): void {
  const { view, lit, size, theme } = input;
  c.fillStyle = ACCENT[theme];
  c.strokeStyle = ACCENT[theme];
  c.lineWidth = 1.5;
  const many = lit.cells.length > 400;
  for (const cell of lit.cells) {
    const [x, y, w, h] = rect(
      input,
      ...(view.cells.subarray(4 * cell, 4 * cell + 4) as unknown as [number, number, number, number]),
    );
    if (x > size.width || y > size.height || x + w < 0 || y + h < 0) continue;
    c.globalAlpha = many ? 0.5 : 0.35;
    c.fillRect(x, y, Math.max(2, w), Math.max(2, h));
    c.globalAlpha = 1;
    if (!many) c.strokeRect(x, y, Math.max(2, w), Math.max(2, h));
  }
  c.globalAlpha = 0.85;
  for (const s of lit.shapes) {
    const [x, y, w, h] = rect(
      input,
      ...(view.shapes.subarray(4 * s, 4 * s + 4) as unknown as [number, number, number, number]),
    );
    if (x > size.width || y > size.height || x + w < 0 || y + h < 0) continue;
    c.fillRect(x, y, Math.max(1.5, w), Math.max(1.5, h));
  }
  c.globalAlpha = 1;
  if (lit.way.length > 1) drawWay(c, input);
}

function drawWay(c: CanvasRenderingContext2D, { lit, camera, size, theme }: OverlayInput): void {
  const points = lit.way.map(([x, y]) => toScreen(camera, size, x, y));
  for (const [style, width] of [
    [HALO[theme], 4],
    [ACCENT[theme], 2],
  ] as const) {
    c.strokeStyle = style;
    c.lineWidth = width;
    c.beginPath();
    points.forEach(([x, y], k) => (k === 0 ? c.moveTo(x, y) : c.lineTo(x, y)));
    c.stroke();
  }
  for (const [k, text] of [
    [0, 'start'],
    [points.length - 1, 'end'],
  ] as const) {
    const [x, y] = points[k];
    c.fillStyle = ACCENT[theme];
    c.beginPath();
    c.arc(x, y, 4, 0, 7);
    c.fill();
    label(c, theme, text, x + 8, y);
  }
}

function drawRuler(c: CanvasRenderingContext2D, input: OverlayInput, r: Ruler): void {
  const { camera, size, theme, view } = input;
  const [x1, y1] = toScreen(camera, size, r.x1, r.y1);
  const [x2, y2] = toScreen(camera, size, r.x2, r.y2);
  c.strokeStyle = INK[theme];
  c.lineWidth = 1.5;
  c.beginPath();
  c.moveTo(x1, y1);
  c.lineTo(x2, y2);
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [nx, ny] = [(-(y2 - y1) / length) * 5, ((x2 - x1) / length) * 5];
  for (const [x, y] of [
    [x1, y1],
    [x2, y2],
  ]) {
    c.moveTo(x - nx, y - ny);
    c.lineTo(x + nx, y + ny);
  }
  c.stroke();
  const um = (v: number): number => v / view.dbuPerUm;
  const [dx, dy] = [um(Math.abs(r.x2 - r.x1)), um(Math.abs(r.y2 - r.y1))];
  label(
    c,
    theme,
    `${formatUm(Math.hypot(dx, dy))}   Δx ${formatUm(dx)}   Δy ${formatUm(dy)}`,
    (x1 + x2) / 2 + 8,
    (y1 + y2) / 2 - 10,
  );
}

function drawScaleBar(c: CanvasRenderingContext2D, { camera, size, theme, view }: OverlayInput): void {
  const um = roundStep(140 / camera.scale / view.dbuPerUm);
  const px = um * view.dbuPerUm * camera.scale;
  const [x, y] = [14, size.height - 14];
  c.lineWidth = 4;
  c.strokeStyle = HALO[theme];
  const line = (): void => {
    c.beginPath();
    c.moveTo(x, y - 5);
    c.lineTo(x, y);
    c.lineTo(x + px, y);
    c.lineTo(x + px, y - 5);
    c.stroke();
  };
  line();
  c.lineWidth = 1.5;
  c.strokeStyle = INK[theme];
  line();
  label(c, theme, um >= 1000 ? `${um / 1000} mm` : `${Number(um.toPrecision(2))} µm`, x + 6, y - 10);
}
