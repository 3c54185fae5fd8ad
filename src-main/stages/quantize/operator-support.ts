/** What becomes of the Model's operators as int8, for the page of operators; capable.ts decides case by case. */
import type { OpName, Support } from '../model/index.ts';
import { TABLES } from './capable.ts';

const FORMS: Partial<Record<OpName, Support>> = {
  Conv: { engine: 'convolution, or depthwise' },
  Gemm: { engine: 'fully connected' },
  MaxPool: { engine: 'maximum pool' },
  AveragePool: { engine: 'average pool', host: 'average pool with padding' },
  ReduceMean: { engine: 'average pool over the whole map' },
  Add: { engine: 'addition of two maps; of a constant a channel: depthwise', host: 'broadcasting sum' },
  Sub: { engine: 'of a constant a channel: depthwise', host: 'broadcasting difference' },
  Mul: { engine: 'by a constant a channel: depthwise', host: 'broadcasting product' },
  Div: { engine: 'by a constant a channel: depthwise' },
  Relu: { engine: 'clamp of the layer before', host: 'table of 256 values' },
  Clip: { engine: 'clamp of the layer before', host: 'table of 256 values' },
  Reshape: { engine: 'nothing to do' },
  Concat: { engine: 'by addresses where channels fill words', host: 'copy' },
  Pad: { engine: 'in the layer after', host: 'copy' },
  QuantizeLinear: { host: 'at the boundary' },
  DequantizeLinear: { host: 'at the boundary' },
};

/** By operator of the Model; what is not there stays float on the host. */
export const operatorSupport = (): ReadonlyMap<string, Support> =>
  new Map([
    ...[...TABLES].map((op) => [op, { host: 'table of 256 values' }] as const),
    ...Object.entries(FORMS),
  ]);
