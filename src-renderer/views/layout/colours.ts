export type Rgb = readonly [number, number, number];
export type Theme = 'light' | 'dark';

/** metal1 upwards; cuts take the colour of the metal above, brighter. */
const METALS: Record<Theme, readonly Rgb[]> = {
  dark: [
    [92, 124, 190],
    [236, 84, 118],
    [86, 204, 130],
    [250, 190, 74],
    [168, 116, 244],
    [70, 208, 226],
    [228, 216, 150],
    [190, 190, 200],
    [214, 170, 190],
    [160, 200, 190],
  ],
  light: [
    [52, 84, 160],
    [206, 44, 84],
    [26, 142, 76],
    [206, 128, 8],
    [118, 66, 204],
    [8, 142, 164],
    [140, 122, 40],
    [106, 110, 126],
    [158, 84, 118],
    [60, 124, 110],
  ],
};

export const BACKGROUND: Record<Theme, Rgb> = { dark: [13, 16, 21], light: [246, 247, 250] };
export const DIE: Record<Theme, Rgb> = { dark: [20, 25, 33], light: [255, 255, 255] };

/** [Tech.layers] routing and cut layers alternate. */
export const layerColours = (theme: Theme): Rgb[] =>
  Array.from({ length: 32 }, (_, k) => {
    const c = METALS[theme][Math.min(METALS[theme].length - 1, Math.ceil(k / 2))];
    if (k % 2 === 0) return c;
    return theme === 'dark'
      ? (c.map((v) => Math.round(v + (255 - v) * 0.45)) as unknown as Rgb)
      : (c.map((v) => Math.round(v * 0.6)) as unknown as Rgb);
  });

export const MODULE_COLOURS: Record<Theme, readonly Rgb[]> = {
  dark: [
    [58, 94, 152],
    [142, 88, 60],
    [52, 122, 92],
    [124, 74, 128],
    [128, 116, 52],
    [48, 122, 134],
    [142, 66, 88],
    [88, 86, 156],
    [92, 122, 60],
    [112, 98, 88],
    [66, 98, 112],
    [140, 104, 124],
  ],
  light: [
    [160, 188, 230],
    [236, 194, 164],
    [168, 214, 190],
    [216, 182, 222],
    [224, 214, 158],
    [162, 212, 222],
    [238, 180, 194],
    [188, 188, 234],
    [194, 216, 162],
    [210, 200, 190],
    [176, 200, 212],
    [228, 200, 214],
  ],
};

export function cellColours(
  theme: Theme,
): Record<'logic' | 'flop' | 'clock' | 'filler' | 'tap' | 'macro', Rgb> {
  return theme === 'dark'
    ? {
        logic: [66, 90, 130],
        flop: [40, 134, 120],
        clock: [214, 116, 52],
        filler: [40, 48, 61],
        tap: [96, 74, 62],
        macro: [112, 84, 140],
      }
    : {
        logic: [172, 192, 224],
        flop: [140, 210, 196],
        clock: [240, 168, 110],
        filler: [213, 219, 228],
        tap: [206, 190, 178],
        macro: [206, 186, 226],
      };
}

/** Dark blue to yellow by way of red: rising in lightness, readable without hue. After matplotlib's inferno, in seven points. */
const RAMP: readonly Rgb[] = [
  [24, 20, 70],
  [74, 26, 116],
  [136, 34, 106],
  [196, 60, 78],
  [236, 106, 42],
  [250, 172, 46],
  [250, 240, 150],
];

export function heatColour(share: number): Rgb {
  const at = Math.max(0, Math.min(1, share)) * (RAMP.length - 1);
  const k = Math.min(RAMP.length - 2, Math.floor(at));
  const f = at - k;
  return [0, 1, 2].map((c) => Math.round(RAMP[k][c] * (1 - f) + RAMP[k + 1][c] * f)) as unknown as Rgb;
}

export const css = (c: Rgb): string => `rgb(${c.join(' ')})`;
export const hex = (c: Rgb): string => `#${c.map((v) => v.toString(16).padStart(2, '0')).join('')}`;
export function fromHex(text: string): Rgb | null {
  const m = /^#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text.trim());
  return m ? [parseInt(m[1], 16), parseInt(m[2], 16), parseInt(m[3], 16)] : null;
}
