/** The MACRO part of a LEF: size, pins with their shapes, obstructions. */
import type { Rect } from '../../base/geometry.ts';
import type { Lef } from './lef.ts';
import type { LefTokens } from './lef-tokens.ts';
import { maximalRects } from './polygon.ts';
import { LEF_IGNORED } from './statements.ts';

export interface LefShape {
  readonly layer: string;
  readonly rect: Rect;
}

export interface LefPin {
  readonly name: string;
  readonly direction: 'input' | 'output' | 'inout';
  readonly use: 'signal' | 'clock' | 'power' | 'ground';
  readonly shapes: LefShape[];
  readonly antennaGateAreaUm2: number;
}

export interface LefMacro {
  readonly name: string;
  readonly place: string;
  readonly widthDbu: number;
  readonly heightDbu: number;
  readonly pins: LefPin[];
  readonly obstructions: LefShape[];
}

export function readMacro(t: LefTokens, lef: Lef): LefMacro {
  const name = t.word();
  const place = t.source.place(t.offset);
  const macro = {
    name,
    place,
    widthDbu: 0,
    heightDbu: 0,
    pins: [] as LefPin[],
    obstructions: [] as LefShape[],
  };
  for (let word = t.word(); word !== 'END'; word = t.word()) {
    if (word === 'PIN') macro.pins.push(readPin(t, lef));
    else if (word === 'OBS') readGeometry(t, lef, macro.obstructions);
    else if (word === 'SIZE') {
      macro.widthDbu = t.length();
      t.expect('BY');
      macro.heightDbu = t.length();
      t.expect(';');
    } else if (word === 'ORIGIN') {
      // A shifted origin would move every shape; no kit so far has one, so it is refused, not guessed.
      if (t.length() !== 0 || t.length() !== 0) t.refuse(`macro ${name} has a shifted origin`, 'KIT-002');
      t.expect(';');
    } else if (LEF_IGNORED.has(word)) t.skipStatement();
    else t.refuse(`MACRO statement ${word} is not supported`, 'KIT-002');
  }
  t.expect(name);
  if (macro.widthDbu <= 0 || macro.heightDbu <= 0) t.refuse(`macro ${name} has no size`, 'KIT-003');
  return macro;
}

const DIRECTIONS: Record<string, LefPin['direction']> = { INPUT: 'input', OUTPUT: 'output', INOUT: 'inout' };
const USES: Record<string, LefPin['use']> = {
  SIGNAL: 'signal',
  CLOCK: 'clock',
  POWER: 'power',
  GROUND: 'ground',
};

function readPin(t: LefTokens, lef: Lef): LefPin {
  const name = t.word();
  let direction: LefPin['direction'] | undefined;
  let use: LefPin['use'] | undefined = 'signal';
  let antennaGateAreaUm2 = 0;
  const shapes: LefShape[] = [];
  for (let word = t.word(); word !== 'END'; word = t.word()) {
    if (word === 'PORT') readGeometry(t, lef, shapes);
    else if (word === 'DIRECTION') {
      const given = t.word();
      direction = DIRECTIONS[given.toUpperCase()];
      if (direction === undefined) t.refuse(`pin direction ${given} is not supported`, 'KIT-002');
      t.skipStatement(); // OUTPUT TRISTATE
    } else if (word === 'USE') {
      const given = t.word();
      use = USES[given.toUpperCase()];
      if (use === undefined) t.refuse(`pin use ${given} is not supported`, 'KIT-002');
      t.expect(';');
    } else if (word === 'ANTENNAGATEAREA') {
      antennaGateAreaUm2 += t.number();
      t.skipStatement();
    } else if (LEF_IGNORED.has(word)) t.skipStatement();
    else t.refuse(`PIN statement ${word} is not supported`, 'KIT-002');
  }
  t.expect(name);
  if (direction === undefined) t.refuse(`pin ${name} has no direction`, 'KIT-003');
  return { name, direction, use, shapes, antennaGateAreaUm2 };
}

function readGeometry(t: LefTokens, lef: Lef, shapes: LefShape[]): void {
  let layer: string | null = null;
  for (let word = t.word(); word !== 'END'; word = t.word()) {
    if (word === 'LAYER') {
      layer = t.word();
      const name = layer;
      if (!lef.layers.some((l) => l.name === name) && !lef.otherLayers.has(name))
        t.refuse(`layer ${layer} is not declared`, 'KIT-005');
      t.expect(';');
      continue;
    }
    if (word !== 'RECT' && word !== 'POLYGON') t.refuse(`geometry ${word} is not supported`, 'KIT-002');
    if (layer === null) t.refuse(`${word} before LAYER`);
    const numbers = t.lengthsToEnd();
    if (word === 'RECT') {
      if (numbers.length !== 4) t.refuse('RECT needs four numbers');
      const [a, b, c, d] = numbers as [number, number, number, number];
      shapes.push({
        layer,
        rect: { x1: Math.min(a, c), y1: Math.min(b, d), x2: Math.max(a, c), y2: Math.max(b, d) },
      });
    } else {
      const rects = maximalRects(numbers);
      if (rects === null) t.refuse('POLYGON is not rectilinear', 'KIT-004');
      for (const rect of rects) shapes.push({ layer, rect });
    }
  }
}
