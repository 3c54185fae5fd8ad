/** The size of everything in the window, 100 to 200 percent in steps of ten. */
import type { BrowserWindow } from 'electron';

export const ZOOM = { min: 100, max: 200, step: 10 } as const;

export const zoomOf = (window: BrowserWindow): number => Math.round(window.webContents.getZoomFactor() * 100);

export function zoomTo(window: BrowserWindow, percent: number): void {
  const factor = Math.min(ZOOM.max, Math.max(ZOOM.min, percent)) / 100;
  window.webContents.setZoomFactor(factor);
}

export function zoomBy(window: BrowserWindow, steps: number): void {
  const now = Math.round(zoomOf(window) / ZOOM.step) * ZOOM.step;
  zoomTo(window, now + steps * ZOOM.step);
}
