import { formatDiagnostic } from '../../base/diagnostic.ts';
import { infer } from '../../flow/index.ts';
import { JSON_OPTION, type Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';

const INPUTS_MAX = 64;

export const inferCommand: Command = {
  name: 'infer',
  usage:
    'MODEL --input FILE... --out DIR [--engine float|int8|simulator|rtl] [--chip PxK] [--lanes N] [--calibration FILE] [--shape 1x3x48x48] [--json]',
  summary: 'run a model on files of inputs, exactly as the chip would',
  positionalsMin: 1,
  positionalsMax: 1 + INPUTS_MAX,
  options: {
    input: {
      type: 'string',
      multiple: true,
      value: 'FILE...',
      help: 'raw little-endian .bin, .npy or .npz, any number of samples; one for each input of the model',
    },
    out: { type: 'string', value: 'DIR', help: 'where output.N.bin and result.json go (default: .)' },
    engine: {
      type: 'string',
      value: 'NAME',
      help: 'float, int8 (reference), simulator or rtl (needs Verilator); default: simulator, or float for a float model without --calibration',
    },
    chip: { type: 'string', value: 'PxK', help: 'rows x columns of the array (default: 4x16)' },
    lanes: { type: 'string', value: 'N', help: 'requantiser lanes (default: one a column)' },
    calibration: { type: 'string', value: 'FILE', help: 'typical inputs, to quantise a float model' },
    shape: {
      type: 'string',
      multiple: true,
      value: 'SIZES',
      help: 'shape of each input, for models that leave sizes open: 1x3x48x192',
    },
    ...JSON_OPTION,
  },
  async run(given, shell) {
    const [model, ...more] = given.positionals;
    const option = (name: string): Record<string, string> => {
      const text = given.text(name);
      return text === undefined ? {} : { [name]: text };
    };
    const { result, diagnostics } = await infer({
      model: model!,
      inputs: [...given.texts('input'), ...more],
      out: given.text('out') ?? '.',
      ...option('engine'),
      ...option('chip'),
      ...option('lanes'),
      ...option('calibration'),
      shapes: given.texts('shape'),
      signal: shell.signal,
    });
    for (const d of diagnostics) shell.say(formatDiagnostic(d));
    if (given.flag('json')) {
      shell.print(JSON.stringify(result));
      return EXIT.ok;
    }
    const { engine, samples, cycles, chip } = result;
    const where = chip ? ` on ${chip.rows}x${chip.columns} with ${chip.lanes} lanes` : '';
    shell.print(`${samples} sample${samples === 1 ? '' : 's'} by ${engine}${where}`);
    for (const s of result.segments)
      shell.print(
        `  ${s.on}: ${s.operators.length} operators${s.cycles === null ? '' : `, ${s.cycles} cycles`}`,
      );
    for (const o of result.outputs) shell.print(`  ${o.file}: ${o.name} ${o.dtype} [${o.shape.join(', ')}]`);
    if (cycles) shell.print(`  ${cycles[0]} cycles an inference, ${result.coreCycles} of them in the layers`);
    return EXIT.ok;
  },
};
