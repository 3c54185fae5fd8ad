/** UNIDIRECTIONAL_SEQUENCE_LSTM: factors as in TFLM's lstm_eval_common.cc. */
import type { LstmNode } from '../model/index.ts';
import { type Adoption, refuseUnless } from './adoption.ts';
import { toMultiplier } from './multiplier.ts';
import type { LstmGate, LstmOp, Multiplier } from './types.ts';

/** Places of the inputs in the schema's order. */
const INPUT_WEIGHTS = 1;
const RECURRENT_WEIGHTS = 5;
const PEEPHOLES_AND_MORE = [9, 10, 11, 16, 17, 20, 21, 22, 23];
const BIASES = 12;
const HIDDEN_STATE = 18;
const CELL_STATE = 19;

/** Scales of what goes into the gates' functions (Q3.12) and of what comes out (Q0.15). */
const GATE_IN = 2 ** -12;
const GATE_OUT = 2 ** -15;

export function adoptLstm(a: Adoption, node: LstmNode): void {
  const isPlain = PEEPHOLES_AND_MORE.every((i) => (node.inputs[i] ?? -1) === -1);
  refuseUnless(isPlain, 'QUANT-031', node, 'peepholes, projection and layer normalisation are not read');
  const isWhole = node.inputs.every((id, i) => PEEPHOLES_AND_MORE.includes(i) || id >= 0);
  refuseUnless(isWhole, 'QUANT-031', node, 'coupled gates are not read');
  refuseUnless(node.activation === 'tanh', 'QUANT-031', node, 'only tanh as cell activation is read');
  const input = a.input(node, 0);
  const output = a.output(node);
  const [hidden, cell] = [a.source(node, HIDDEN_STATE), a.source(node, CELL_STATE)];
  const [x, y] = [a.tensors[input]!, a.tensors[output]!];
  const units = hidden.shape.at(-1)!;
  const [batch, steps] = node.timeMajor ? [x.modelShape[1], x.modelShape[0]] : x.modelShape;
  const isList = x.modelShape.length === 3 && batch === 1;
  refuseUnless(isList, 'QUANT-030', node, `input [${x.modelShape}] is no sequence of batch 1`);
  const inputs = x.modelShape[2]!;
  const isOut =
    y.modelShape.length === 3 && y.modelShape.every((d, i) => d === (i === 2 ? units : x.modelShape[i]));
  refuseUnless(isOut, 'QUANT-030', node, `output [${y.modelShape}] of ${steps} steps and ${units} units`);
  const isState =
    hidden.dtype === 'int8' &&
    cell.dtype === 'int16' &&
    cell.scales.length === 1 &&
    hidden.scales.length === 1;
  refuseUnless(
    isState,
    'QUANT-032',
    node,
    'its states must be int8 (hidden) and int16 (cell), with a scale each',
  );
  const hiddenZeroPoint = hidden.zeroPoints[0]!;
  const isHidden = hidden.scales[0] === y.scale && hiddenZeroPoint === y.zeroPoint;
  refuseUnless(isHidden, 'QUANT-032', node, 'hidden state and output have different scales');
  const cellScale = cell.scales[0]!;
  const cellScalePower = Math.log2(cellScale);
  const isPower = Number.isInteger(cellScalePower) && cellScalePower >= -24 && cellScalePower <= 0;
  refuseUnless(isPower, 'QUANT-032', node, `the cell state's scale ${cellScale} is no power of two`);

  const gate = (i: number): LstmGate => {
    const read = (at: number, columns: number, from: number): { data: Int8Array; scale: Multiplier } => {
      const w = a.constant(node, at, 'int8');
      const isFit =
        w.shape.join() === `${units},${columns}` && w.scales.length === 1 && w.zeroPoints[0] === 0;
      refuseUnless(
        isFit,
        'QUANT-030',
        node,
        `weights [${w.shape}] for ${units} units, one scale and zero point 0`,
      );
      return { data: w.data, scale: factor(node, Math.fround(from * w.scales[0]!) / GATE_IN) };
    };
    const own = read(INPUT_WEIGHTS + i, inputs, x.scale);
    const back = read(RECURRENT_WEIGHTS + i, units, hidden.scales[0]!);
    const bias = a.constant(node, BIASES + i, 'int32').data;
    refuseUnless(bias.length === units, 'QUANT-030', node, `${bias.length} biases for ${units} units`);
    return {
      inputWeights: own.data,
      recurrentWeights: back.data,
      bias,
      inputScale: own.scale,
      recurrentScale: back.scale,
    };
  };
  const op: LstmOp = {
    kind: 'lstm',
    name: node.name,
    input,
    output,
    gates: { input: gate(0), forget: gate(1), cell: gate(2), output: gate(3) },
    hiddenZeroPoint,
    forgetScale: factor(node, (GATE_OUT * cellScale) / cellScale),
    inputScale: factor(node, (GATE_OUT * GATE_OUT) / cellScale),
    hiddenScale: factor(node, (GATE_OUT * GATE_OUT) / hidden.scales[0]!),
    cellScalePower,
    cellClip: node.cellClip > 0 ? Math.trunc(Math.min(node.cellClip / cellScale, 32767)) : 0,
  };
  a.ops.push(op);
}

function factor(node: LstmNode, real: number): Multiplier {
  const m = toMultiplier(real);
  refuseUnless(m.shift <= 30, 'QUANT-032', node, `scales up by ${real}`);
  return m;
}
