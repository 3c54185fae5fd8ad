/**
 * Layer properties for KLayout: names and colours of the kit's layers, as its `.lyp` files have them. From below, as
 * KLayout draws the last one on top.
 */
import type { Kit } from '../stages/kit/index.ts';

/** Metals bottom up; a cut has the colour of the metal above it. */
const COLOURS = [
  '#5b8def',
  '#e4572e',
  '#4cb944',
  '#c77dff',
  '#f2c14e',
  '#2ec4b6',
  '#ff8fab',
  '#9b8d7e',
  '#7a9e9f',
  '#c0c0c0',
];

export function layerProperties(kit: Kit): string {
  const { layers } = kit.tech;
  const rows = layers.map((layer, i) => {
    const isCut = layer.kind === 'cut';
    const colour = COLOURS[Math.ceil(i / 2) % COLOURS.length]!;
    return [
      ' <properties>',
      `  <frame-color>${colour}</frame-color>`,
      `  <fill-color>${colour}</fill-color>`,
      `  <dither-pattern>${isCut ? 'I1' : 'I5'}</dither-pattern>`,
      '  <visible>true</visible>',
      '  <transparent>false</transparent>',
      '  <width>1</width>',
      `  <name>${layer.name} ${layer.gdsLayer}/0</name>`,
      `  <source>${layer.gdsLayer}/0@1</source>`,
      ' </properties>',
    ].join('\n');
  });
  return `<?xml version="1.0" encoding="utf-8"?>\n<layer-properties>\n${rows.join('\n')}\n</layer-properties>\n`;
}
