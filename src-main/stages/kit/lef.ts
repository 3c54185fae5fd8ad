/** The technology half of a LEF: layers, vias, via rules, site. LEF/DEF Language Reference 5.8, chapter 1. */
import type { Diagnostic } from '../../base/diagnostic.ts';
import type { Rect } from '../../base/geometry.ts';
import { readMacro, type LefMacro } from './lef-macros.ts';
import { LefTokens } from './lef-tokens.ts';
import { SourceText } from './source-place.ts';
import type { CutLayer, RoutingLayer } from './types.ts';
import { LEF_IGNORED, LEF_WARNED, noteOnce } from './statements.ts';

/** As the kit's, less what only its own tables say. */
export type LefRoutingLayer = Omit<RoutingLayer, 'capacitanceFfPerUm' | 'resistanceOhmPerUm' | 'gdsLayer'> & {
  readonly wideSpacing: RoutingLayer['wideSpacing'][number][];
};
export type LefCutLayer = Omit<CutLayer, 'gdsLayer'>;

export interface LefVia {
  readonly name: string;
  readonly place: string;
  readonly shapes: { layer: string; rect: Rect }[];
}

export interface LefViaRule {
  readonly name: string;
  readonly place: string;
  readonly enclosures: { layer: string; overhangs: [number, number] }[];
  cut: { layer: string; rect: Rect; pitchX: number; pitchY: number } | null;
}

export interface Lef {
  dbuPerUm: number;
  gridUm: number;
  site: { name: string; widthDbu: number; heightDbu: number } | null;
  /** Bottom up; masterslice and overlap layers left out but remembered as known. */
  readonly layers: (LefRoutingLayer | LefCutLayer)[];
  readonly otherLayers: Set<string>;
  /** Where each layer of `layers` is declared. */
  readonly layerPlaces: string[];
  readonly vias: LefVia[];
  readonly viaRules: LefViaRule[];
  readonly macros: LefMacro[];
  readonly diagnostics: Diagnostic[];
}

export function emptyLef(): Lef {
  return {
    dbuPerUm: 0,
    gridUm: 0,
    site: null,
    layers: [],
    otherLayers: new Set(),
    layerPlaces: [],
    vias: [],
    viaRules: [],
    macros: [],
    diagnostics: [],
  };
}

/** Reads one LEF text into `lef`; the technology LEF first, then any number with macros. */
export function readLef(name: string, text: string, lef: Lef): void {
  const t = new LefTokens(new SourceText(name, text), () => lef.dbuPerUm || 1000);
  for (let word = t.next(); word !== null; word = t.next()) {
    if (word === 'LAYER') readLayer(t, lef);
    else if (word === 'VIA') readVia(t, lef);
    else if (word === 'VIARULE') readViaRule(t, lef);
    else if (word === 'SITE') readSite(t, lef);
    else if (word === 'MACRO') lef.macros.push(readMacro(t, lef));
    else if (word === 'UNITS') readUnits(t, lef);
    else if (word === 'SPACING') t.skipBlock('SPACING');
    else if (word === 'MANUFACTURINGGRID') {
      lef.gridUm = t.number();
      t.expect(';');
    } else if (word === 'END') {
      t.expect('LIBRARY');
      return;
    } else if (LEF_IGNORED.has(word)) t.skipStatement();
    else if (LEF_WARNED.has(word)) {
      noteOnce(lef.diagnostics, 'KIT-030', `LEF statement ${word} is ignored`, t.source.place(t.offset));
      t.skipStatement();
    } else t.refuse(`LEF statement ${word} is not supported`, 'KIT-002');
  }
}

function readUnits(t: LefTokens, lef: Lef): void {
  for (let word = t.word(); word !== 'END'; word = t.word()) {
    if (word === 'DATABASE') {
      t.expect('MICRONS');
      const dbu = t.number();
      if (lef.dbuPerUm !== 0 && lef.dbuPerUm !== dbu)
        t.refuse(`database units ${dbu} differ from ${lef.dbuPerUm}`);
      lef.dbuPerUm = dbu;
    }
    t.skipStatement();
  }
  t.expect('UNITS');
}

function readSite(t: LefTokens, lef: Lef): void {
  const name = t.word();
  for (let word = t.word(); word !== 'END'; word = t.word()) {
    if (word === 'SIZE') {
      const widthDbu = t.length();
      t.expect('BY');
      const heightDbu = t.length();
      if (lef.site !== null && lef.site.name !== name) t.refuse('more than one site', 'KIT-002');
      lef.site = { name, widthDbu, heightDbu };
    } else if (word !== 'SYMMETRY' && word !== 'CLASS')
      t.refuse(`SITE statement ${word} is not supported`, 'KIT-002');
    t.skipStatement();
  }
  t.expect(name);
}

function readLayer(t: LefTokens, lef: Lef): void {
  const name = t.word();
  t.expect('TYPE');
  const type = t.word();
  t.expect(';');
  const place = t.source.place(t.offset);
  if (type === 'ROUTING' || type === 'CUT') lef.layerPlaces.push(place);
  if (type === 'ROUTING') lef.layers.push(readRoutingLayer(t, name));
  else if (type === 'CUT') lef.layers.push(readCutLayer(t, name));
  else if (type === 'MASTERSLICE' || type === 'OVERLAP' || type === 'IMPLANT') {
    lef.otherLayers.add(name);
    t.skipBlock(name);
  } else t.refuse(`layer type ${type} is not supported`, 'KIT-002');
}

function readRoutingLayer(t: LefTokens, name: string): LefRoutingLayer {
  const layer = {
    kind: 'routing' as const,
    name,
    direction: 'H' as 'H' | 'V',
    pitchDbu: 0,
    offsetDbu: 0,
    widthDbu: 0,
    spacingDbu: 0,
    wideSpacing: [] as LefRoutingLayer['wideSpacing'],
    resistanceOhmPerSquare: 0,
    thicknessUm: 0,
    heightUm: 0,
  };
  let offsets: number[] = [];
  for (let word = t.word(); word !== 'END'; word = t.word()) {
    if (word === 'SPACINGTABLE') {
      readSpacingTable(t, layer);
      continue;
    }
    if (word === 'DIRECTION') {
      const direction = t.word();
      if (direction !== 'HORIZONTAL' && direction !== 'VERTICAL')
        t.refuse(`direction ${direction} is not supported`);
      layer.direction = direction === 'HORIZONTAL' ? 'H' : 'V';
    } else if (word === 'PITCH') layer.pitchDbu = t.length();
    else if (word === 'THICKNESS') layer.thicknessUm = t.number();
    else if (word === 'HEIGHT') layer.heightUm = t.number();
    else if (word === 'WIDTH') layer.widthDbu = t.length();
    else if (word === 'SPACING') layer.spacingDbu = t.length();
    else if (word === 'RESISTANCE') {
      t.expect('RPERSQ');
      layer.resistanceOhmPerSquare = t.number();
    } else if (word === 'OFFSET') {
      offsets = t.lengthsToEnd();
      continue;
    } else if (!LEF_IGNORED.has(word))
      t.refuse(`routing layer statement ${word} is not supported`, 'KIT-002');
    else {
      t.skipStatement();
      continue;
    }
    t.expect(';');
  }
  t.expect(name);
  const missing = (['pitchDbu', 'widthDbu', 'spacingDbu'] as const).find((key) => layer[key] <= 0);
  if (missing) t.refuse(`layer ${name} has no ${missing.replace('Dbu', '')}`, 'KIT-003');
  // OFFSET x y: vertical tracks start at x, horizontal ones at y; default half a pitch.
  const offset = layer.direction === 'V' ? offsets[0] : (offsets[1] ?? offsets[0]);
  return { ...layer, offsetDbu: offset ?? layer.pitchDbu / 2 };
}

/** Keeps only the corners of the staircase: entries larger than the ones to their left and above. */
function readSpacingTable(
  t: LefTokens,
  layer: { spacingDbu: number; wideSpacing: LefRoutingLayer['wideSpacing'] },
): void {
  t.expect('PARALLELRUNLENGTH');
  const lengths: number[] = [];
  const rows: { widthDbu: number; spacings: number[] }[] = [];
  let target = lengths;
  for (let word = t.word(); word !== ';'; word = t.word()) {
    if (word === 'WIDTH') {
      const row = { widthDbu: t.length(), spacings: [] as number[] };
      rows.push(row);
      target = row.spacings;
    } else {
      const um = Number(word);
      if (!Number.isFinite(um)) t.refuse(`spacing table entry ${word} is not supported`, 'KIT-002');
      target.push(Math.round(um * t.dbuPerUm()));
    }
  }
  if (rows.length === 0 || rows.some((r) => r.spacings.length !== lengths.length))
    t.refuse('spacing table is ragged');
  layer.spacingDbu = rows[0]!.spacings[0]!;
  rows.forEach((row, i) =>
    row.spacings.forEach((spacingDbu, j) => {
      const left = j > 0 ? row.spacings[j - 1]! : layer.spacingDbu;
      const above = i > 0 ? rows[i - 1]!.spacings[j]! : layer.spacingDbu;
      if (spacingDbu > left && spacingDbu > above)
        layer.wideSpacing.push({ widthDbu: row.widthDbu, prlDbu: lengths[j]!, spacingDbu });
    }),
  );
}

function readCutLayer(t: LefTokens, name: string): LefCutLayer {
  let [widthDbu, spacingDbu, resistanceOhm] = [0, 0, 0];
  for (let word = t.word(); word !== 'END'; word = t.word()) {
    if (word === 'SPACING') spacingDbu = t.length();
    else if (word === 'WIDTH') widthDbu = t.length();
    else if (word === 'RESISTANCE') resistanceOhm = t.number();
    else t.refuse(`cut layer statement ${word} is not supported`, 'KIT-002');
    t.expect(';');
  }
  t.expect(name);
  if (widthDbu <= 0 || spacingDbu <= 0) t.refuse(`layer ${name} lacks width or spacing`, 'KIT-003');
  return { kind: 'cut', name, widthDbu, spacingDbu, resistanceOhm };
}

function readRect(t: LefTokens): Rect {
  const [a, b, c, d] = [t.length(), t.length(), t.length(), t.length()];
  t.expect(';');
  return { x1: Math.min(a, c), y1: Math.min(b, d), x2: Math.max(a, c), y2: Math.max(b, d) };
}

function readVia(t: LefTokens, lef: Lef): void {
  const via: LefVia = { name: t.word(), place: t.source.place(t.offset), shapes: [] };
  let layer = '';
  for (let word = t.word(); word !== 'END'; word = t.word()) {
    if (word === 'DEFAULT') continue;
    if (word === 'LAYER') {
      layer = t.word();
      t.expect(';');
    } else if (word === 'RECT') via.shapes.push({ layer, rect: readRect(t) });
    else if (word === 'RESISTANCE') t.skipStatement();
    else t.refuse(`VIA statement ${word} is not supported`, 'KIT-002');
  }
  t.expect(via.name);
  lef.vias.push(via);
}

function readViaRule(t: LefTokens, lef: Lef): void {
  const rule: LefViaRule = {
    name: t.word(),
    place: t.source.place(t.offset),
    enclosures: [],
    cut: null,
  };
  t.expect('GENERATE');
  let layer = '';
  let rect: Rect | null = null;
  for (let word = t.word(); word !== 'END'; word = t.word()) {
    if (word === 'LAYER') {
      layer = t.word();
      t.expect(';');
    } else if (word === 'ENCLOSURE') {
      rule.enclosures.push({ layer, overhangs: [t.length(), t.length()] });
      t.expect(';');
    } else if (word === 'RECT') rect = readRect(t);
    else if (word === 'SPACING') {
      if (rect === null) t.refuse('SPACING before RECT in a via rule');
      const pitchX = t.length();
      t.expect('BY');
      rule.cut = { layer, rect, pitchX, pitchY: t.length() };
      t.expect(';');
    } else t.refuse(`VIARULE statement ${word} is not supported`, 'KIT-002');
  }
  t.expect(rule.name);
  lef.viaRules.push(rule);
}
