/**
 * The instruction set as one table. The encoder, the disassembler, the simulator, the RTL and the reference
 * document are all made from it. Words have 128 bits, stored as four little-endian 32-bit parts.
 */
export interface Field {
  readonly name: string;
  /** Lowest bit. */
  readonly lsb: number;
  /** Bits, at most 20. */
  readonly width: number;
  readonly signed: boolean;
  readonly doc: string;
}

export type Engine = 'load' | 'exec' | 'store' | 'sequencer';

export interface Op {
  readonly name: string;
  readonly code: number;
  readonly engine: Engine;
  readonly doc: string;
  readonly fields: readonly Field[];
}

/**
 * Tokens from producer to consumer: flags, or counters up to TOKENS_MAX on a chip with queues. Bit i of the wait
 * and signal masks is TOKENS[i].
 */
export const TOKENS = ['loadToExec', 'execToLoad', 'execToStore', 'storeToExec'] as const;
export const TOKENS_MAX = 15;

type Spec = readonly [name: string, width: number, doc: string, signed?: 'signed'];

export const COMMON: readonly Field[] = [
  { name: 'op', lsb: 0, width: 4, signed: false, doc: 'operation' },
  {
    name: 'wait',
    lsb: 4,
    width: 4,
    signed: false,
    doc: 'tokens that must be set before issue; they are taken',
  },
  { name: 'signal', lsb: 8, width: 4, signed: false, doc: 'tokens set when the instruction is done' },
  { name: 'tag', lsb: 12, width: 8, signed: false, doc: 'layer number, for reports' },
];
const FIRST_FREE_BIT = 20;

function op(name: string, code: number, engine: Engine, doc: string, specs: readonly Spec[]): Op {
  let lsb = FIRST_FREE_BIT;
  const fields = specs.map(([fieldName, width, fieldDoc, signed]) => {
    const field = { name: fieldName, lsb, width, signed: signed === 'signed', doc: fieldDoc };
    lsb += width;
    return field;
  });
  return { name, code, engine, doc, fields };
}

const TRANSFER: readonly Spec[] = [
  ['address', 16, 'first byte in activation memory'],
  ['run', 16, 'bytes in a run, minus 1'],
  ['runs', 16, 'runs, minus 1'],
  ['gap', 16, 'bytes skipped after a run'],
];

export const OPS: readonly Op[] = [
  op('END', 0, 'sequencer', 'Waits until all engines are idle, then starts over at instruction 0.', []),
  op('LDA', 1, 'load', 'Input stream to activation memory.', TRANSFER),
  op('ST', 2, 'store', 'Activation memory to output stream.', [
    ...TRANSFER,
    ['last', 1, '1: out_last is raised with the final byte'],
  ]),
  op('CFGS', 3, 'exec', 'Source map and kernel window.', [
    ['inH', 10, 'rows of the source map'],
    ['inW', 10, 'columns of the source map'],
    ['kernelH', 5, 'kernel rows, minus 1'],
    ['kernelW', 5, 'kernel columns, minus 1'],
    ['cBlocks', 10, 'channel words per pixel, minus 1'],
    ['cLast', 6, 'channels in the last word, minus 1'],
    ['tapDx', 16, 'address step from the last word of a tap to the next kernel column'],
    ['tapDy', 16, 'address step from the last word of a kernel row to the next kernel row'],
    ['padByte', 8, 'byte read outside the map', 'signed'],
    [
      'mode',
      1,
      '0: every column multiplies all channels in turn; 1: depthwise, column k multiplies byte k, one step a tap',
    ],
    [
      'share',
      1,
      '1: depthwise only, without a window and with xPx = 1: for kernel columns after the first, a row takes the word that the next row had, if that is its right neighbour',
    ],
    ['hold', 1, '1: every step of the layer uses the weight word at `weight`'],
  ]),
  op(
    'CFGP',
    4,
    'exec',
    'Order of pixels: window column, window row, output column, output row, channel block.',
    [
      ['windowW', 4, 'pooling window columns, minus 1'],
      ['windowH', 4, 'pooling window rows, minus 1'],
      ['outW', 10, 'output columns, minus 1'],
      ['outH', 10, 'output rows, minus 1'],
      ['kBlocks', 10, 'output channel blocks, minus 1'],
      ['dWx', 16, 'address step to the next window column'],
      ['dWy', 16, 'address step to the next window row'],
      ['dPx', 16, 'address step to the next output column'],
      ['dPy', 16, 'address step to the next output row'],
    ],
  ),
  op('CFGX', 5, 'exec', 'Coordinates of the top left tap of a pixel, for padding.', [
    ['xInit', 10, 'column of the first pixel', 'signed'],
    ['yInit', 10, 'row of the first pixel', 'signed'],
    ['xWx', 10, 'column step to the next window column', 'signed'],
    ['xWy', 10, 'column step to the next window row', 'signed'],
    ['xPx', 10, 'column step to the next output column', 'signed'],
    ['yWy', 10, 'row step to the next window row', 'signed'],
    ['yPx', 10, 'row step to the next output column', 'signed'],
    ['yPy', 10, 'row step to the next output row', 'signed'],
    ['dKb', 16, 'address step to the first pixel of the next channel block'],
  ]),
  op('CFGD', 6, 'exec', 'Drain: requantised output, clamp and destination steps.', [
    ['zeroPoint', 8, 'output zero point', 'signed'],
    ['clampLo', 8, 'lower clamp', 'signed'],
    ['clampHi', 8, 'upper clamp', 'signed'],
    ['window', 8, 'pixels folded by maximum into one output, minus 1'],
    ['dstPitch', 16, 'address step to the next output pixel'],
    ['dstKb', 16, 'address step to the first pixel of the next channel block'],
    ['kLast', 6, 'channels in the last block, minus 1'],
    [
      'fold',
      1,
      '0: the window is folded by maximum; 1: it is two pixels, which are added (see CFGA), and biases and scales stay with block `param`',
    ],
    ['rnd', 1, '0: two roundings (TensorFlow Lite Micro); 1: a single one'],
    ['lut', 1, '1: the clamped byte is replaced by its entry in the table'],
  ]),
  op(
    'EXEC',
    7,
    'exec',
    'Runs the configured layer: multiply-accumulate, maximum, requantise, clamp, write.',
    [
      ['source', 16, 'address of the top left tap of the first pixel, modulo 65536'],
      ['dest', 16, 'first byte of the output map'],
      ['weight', 20, 'first weight word'],
      ['param', 12, 'first block of biases and scales'],
    ],
  ),
  op(
    'CFGA',
    8,
    'exec',
    'Addition: the pixels of a window, less their zero points and times 2^20, are scaled with blocks `param` and `param` + 1; their sum is scaled with block `param` + 2.',
    [
      ['zero1', 8, 'zero point of the first pixel', 'signed'],
      ['zero2', 8, 'zero point of the second pixel', 'signed'],
    ],
  ),
  op('LDW', 9, 'load', 'Weight stream to weight memory, word after word, lowest byte first.', [
    ['word', 20, 'first weight word'],
    ['words', 16, 'words, minus 1'],
  ]),
  op(
    'LDP',
    10,
    'load',
    'Weight stream to the memories of biases and scales. A block is its bias word, then its scale words, each in whole beats, lowest byte first.',
    [
      ['block', 12, 'first block'],
      ['blocks', 12, 'blocks, minus 1'],
    ],
  ),
];

export const OP_BY_NAME: ReadonlyMap<string, Op> = new Map(OPS.map((o) => [o.name, o]));
export const OP_BY_CODE: ReadonlyMap<number, Op> = new Map(OPS.map((o) => [o.code, o]));

/** Operations whose fields configure or start the EXEC engine, in the order the hardware keeps them. */
export const EXEC_OPS = ['CFGS', 'CFGP', 'CFGX', 'CFGD', 'CFGA', 'EXEC'] as const;

/** 32-bit parts in one instruction word. */
export const WORD_PARTS = 4;
