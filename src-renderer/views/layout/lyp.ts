/** Layer properties as KLayout keeps them (.lyp): visibility and fill colour by GDS layer. */
import type { ViewLayer } from '../../../src-main/base/layout-view.ts';
import { fromHex, hex, type Rgb } from './colours.ts';

export interface LayerStyle {
  readonly gdsLayer: number;
  readonly colour: Rgb;
  readonly isVisible: boolean;
}

const escape = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!);

export function writeLyp(layers: readonly ViewLayer[], styles: readonly LayerStyle[]): string {
  const entries = styles.map((s) => {
    const layer = layers.find((l) => l.gdsLayer === s.gdsLayer);
    const colour = hex(s.colour);
    return ` <properties>
  <frame-color>${colour}</frame-color>
  <fill-color>${colour}</fill-color>
  <frame-brightness>0</frame-brightness>
  <fill-brightness>0</fill-brightness>
  <dither-pattern>I5</dither-pattern>
  <valid>true</valid>
  <visible>${s.isVisible}</visible>
  <transparent>false</transparent>
  <width>1</width>
  <marked>false</marked>
  <animation>0</animation>
  <name>${escape(layer?.name ?? '')}</name>
  <source>${s.gdsLayer}/0@1</source>
 </properties>`;
  });
  return `<?xml version="1.0" encoding="utf-8"?>\n<layer-properties>\n${entries.join('\n')}\n</layer-properties>\n`;
}

/** Entries with a layer number, groups opened; those that say nothing of visibility are visible. */
export function readLyp(text: string): LayerStyle[] {
  const found: LayerStyle[] = [];
  // Group members have the same content as properties; an opening tag starts a new entry in either case.
  for (const entry of text.split(/<(?:properties|group-members)>/).slice(1)) {
    const value = (tag: string): string | undefined =>
      new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(entry)?.[1];
    const source = /^\s*(\d+)\//.exec(value('source') ?? '');
    const colour = fromHex(value('fill-color') ?? value('frame-color') ?? '');
    if (source && colour)
      found.push({ gdsLayer: Number(source[1]), colour, isVisible: value('visible')?.trim() !== 'false' });
  }
  return found;
}
