/** The categories in which cycles are accounted, in the order in which they are shown. */
export const LAYER_PARTS = ['ideal', 'edge', 'helper', 'operands', 'requantise', 'fill'] as const;
export const ALL_PARTS = [...LAYER_PARTS, 'transfers', 'weights', 'configuration'] as const;
export type AccountPart = (typeof ALL_PARTS)[number];
