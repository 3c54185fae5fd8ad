/** Whether more of a metric is better: 1, less: -1, neither: 0. */
const MORE = ['accuracy', 'accuracyInt8', 'accuracyFloat', 'clockMhz', 'wnsPs', 'tnsPs', 'holdWnsPs', 'utilization', 'worstLayerNoise', 'outputNoise', 'savedOps', 'savedMacs', 'savedWeightBytes']; // prettier-ignore
const LESS = ['areaUm2', 'buffersAdded', 'cellAreaUm2', 'cells', 'cellsMapped', 'clockBuffers', 'clockSkewPs', 'congestionLoad', 'cycles', 'dieHeightUm', 'dieWidthUm', 'flops', 'floatErrorMax', 'gdsBytes', 'hpwlUm', 'instructions', 'latencyUs', 'powerMw', 'routeRounds', 'vias', 'weightBytes', 'wirelengthUm', 'accumulatorBits']; // prettier-ignore

export const directionOf = (metric: string): -1 | 0 | 1 =>
  MORE.includes(metric) ? 1 : LESS.includes(metric) ? -1 : 0;

/** Differences below this share of the baseline are noise. */
const SAME = 1e-4;

export function verdict(metric: string, value: number, base: number): 'better' | 'worse' | 'same' {
  const change = value - base;
  const direction = directionOf(metric);
  if (direction === 0 || Math.abs(change) <= SAME * Math.abs(base)) return 'same';
  return Math.sign(change) === direction ? 'better' : 'worse';
}
