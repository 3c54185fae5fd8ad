/**
 * Whatever the user gives, on the real command line and the real flow: a typed error with place and remedy,
 * the documented exit code, no stack trace, a project that still opens, and good input works afterwards.
 */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FLOW } from '../../src-main/flow/flow.ts';
import { writeNpy } from '../../src-main/stages/model/index.ts';
import { findKit } from '../../src-main/tools/kit-store.ts';
import { floats, ints, node, onnxFile, type FileInit } from '../model/onnx-builder.ts';
import { aten, pt2File, zipOf, type Pt2Init, type WeightInit } from '../model/pt2-builder.ts';
import { type LiteFile, type LiteTensor, tfliteFile } from '../quantize/tflite-builder.ts';
import { errorOf, eventsOf, ingot, ingotStatus, type IngotEnd, type IngotOptions } from '../support/ingot.ts';

const EXAMPLE = resolve(import.meta.dirname, '../../resources/examples/digits');
const exampleFile = (name: string): Uint8Array => new Uint8Array(readFileSync(join(EXAMPLE, name)));

/** Has what later steps need, made once and copied for each row. */
let template = '';
let root = '';
/** So that a row with another user, or without tools, finds a cache it may write to. */
let cache = '';

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'ingot-bad-'));
  chmodSync(root, 0o755);
  cache = join(root, 'cache');
  mkdirSync(cache);
  chmodSync(cache, 0o777);
  template = join(root, 'template');
  expect((await call(['new', template, '--from', EXAMPLE])).code).toBe(0);
  expect((await call(['run', '--project', template, '--to', 'simulate'])).code).toBe(0);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function call(args: readonly string[], options: IngotOptions = {}): Promise<IngotEnd> {
  return ingot(args, { ...options, env: { INGOT_CACHE: cache, ...options.env } });
}

/** Scratch folder and project of a row. */
interface Box {
  readonly folder: string;
  readonly project: string;
  write(name: string, content: Uint8Array | string): string;
}

interface Attempt extends IngotOptions {
  /** One after the other until one fails; `P` stands for the project. */
  readonly commands: readonly (readonly string[])[];
  /** Undoes what was done to the surroundings, before the project must open again. */
  readonly undo?: () => void;
  /** Good commands afterwards, if not REPAIR: what was refused before it changed the project needs none. */
  readonly then?: readonly (readonly string[])[];
}

interface Row {
  readonly what: string;
  readonly code: string;
  readonly exit: number;
  readonly bad: (box: Box) => Attempt | Promise<Attempt>;
  /** Why the row cannot be tried here. */
  readonly skip?: string | false | undefined;
}

const FAILS = { failed: 1, usage: 2, input: 3, missing: 4, world: 5 };
const AGAIN = [['run', '--project', 'P', '--to', 'simulate']];
const REPAIR = [['import', join(EXAMPLE, 'ingot.json'), '--project', 'P'], ...AGAIN];

const row = (what: string, code: string, exit: number, bad: Row['bad'], skip?: Row['skip']): Row => ({
  what,
  code,
  exit,
  bad,
  skip,
});

const importing = (path: string, role = 'model'): string[] => [
  'import',
  path,
  '--role',
  role,
  '--project',
  'P',
];
const running = (...args: string[]): string[] => ['run', '--project', 'P', ...args];

/** A file for a role, imported and used. */
function file(what: string, code: string, role: string, name: string, content: () => Uint8Array): Row {
  return row(what, code, FAILS.input, (box) => ({
    commands: [importing(box.write(name, content()), role), running('--to', 'simulate')],
  }));
}

const model = (what: string, code: string, init: FileInit): Row =>
  file(what, code, 'model', 'bad.onnx', () => onnxFile(init));

const settings = (what: string, code: string, exit: number, ...assignments: string[]): Row =>
  row(what, code, exit, () => ({
    commands: [running('--to', 'compile', ...assignments.flatMap((text) => ['--set', text]))],
  }));

/** The project's database, spoilt; a copy is put back afterwards. */
function database(what: string, code: string, spoil: (path: string) => void): Row {
  return row(what, code, FAILS.input, (box) => {
    const path = join(box.project, 'ingot.db');
    const copy = join(box.folder, 'copy.db');
    copyFileSync(path, copy);
    spoil(path);
    const spoilt = existsSync(path) ? readFileSync(path) : undefined;
    return {
      commands: [['status', '--project', 'P']],
      undo: () => {
        if (spoilt) expect(readFileSync(path).equals(spoilt)).toBe(true);
        rmSync(path, { force: true });
        copyFileSync(copy, path);
      },
    };
  });
}

async function artefactOf(project: string, step: string, name: string): Promise<string> {
  const { run } = await ingotStatus(project);
  const artefact = run!.steps.find((s) => s.name === step)!.artefacts.find((a) => a.name === name)!;
  return join(project, 'artefacts', artefact.digest);
}

function flipByte(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(path, bytes);
}

/** Bytes without order, the same in every run. */
function noise(length: number): Uint8Array {
  let state = 12345;
  return Uint8Array.from({ length }, () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 24);
}

const relu = node('Relu', ['x'], 'y');
const conv = node('Conv', ['x', 'w'], 'y');
const filled = (count: number, value: number): Float32Array => new Float32Array(count).fill(value);

const MODELS: readonly Row[] = [
  file('a truncated model', 'MODEL-001', 'model', 'half.onnx', () =>
    exampleFile('digits-cnn.onnx').subarray(0, 4000),
  ),
  file('an empty file', 'FILE-006', 'model', 'empty.onnx', () => new Uint8Array(0)),
  file('random bytes', 'MODEL-001', 'model', 'noise.onnx', () => noise(5000)),
  model('an unsupported operator', 'MODEL-003', { nodes: [node('NonZero', ['x'], 'y')] }),
  model('a dynamic height', 'MODEL-005', { inputs: { x: [1, 1, 'height', 8] }, nodes: [relu] }),
  model('a dynamic width', 'MODEL-005', { inputs: { x: [1, 1, 8, 'width'] }, nodes: [relu] }),
  model('a batch of 2', 'DATA-002', {
    inputs: { x: [2, 1, 8, 8] },
    nodes: [node('MaxPool', ['x'], 'y', { kernel_shape: [2, 2] })],
  }),
  model('a shape that depends on data', 'MODEL-014', {
    inputs: { x: [1, 64], s: [2] },
    inputTypes: { s: 7 },
    nodes: [node('Reshape', ['x', 's'], 'y')],
  }),
  model('a reshape that does not fit', 'MODEL-013', {
    nodes: [node('Reshape', ['x', 's'], 'y')],
    initialisers: [ints('s', [2], [3, 5])],
  }),
  model('an absurd declared size', 'MODEL-007', { inputs: { x: [1, 70_000, 70_000] }, nodes: [relu] }),
  model('weights of an absurd size', 'MODEL-007', {
    nodes: [conv],
    initialisers: [{ name: 'w', dims: [1n << 40n, 1n << 40n], dataType: 1 }],
  }),
  model('weights of another type', 'MODEL-006', {
    nodes: [conv],
    initialisers: [{ name: 'w', dims: [1n, 1n, 1n, 1n], dataType: 3, int32Data: [1] }],
  }),
  model('a missing initialiser', 'MODEL-010', { nodes: [conv] }),
  model('weights that are not numbers', 'MODEL-016', {
    nodes: [conv],
    initialisers: [floats('w', [1, 1, 1, 1], [NaN])],
  }),
  model('two inputs, calibration for one', 'DATA-011', {
    inputs: { x: [1, 1, 8, 8], z: [1, 1, 8, 8] },
    nodes: [node('Add', ['x', 'z'], 'y')],
  }),
  model('a model of other size than the test set', 'DATA-002', {
    inputs: { x: [1, 1, 9, 9] },
    nodes: [relu],
  }),
  model('a model of other outputs than the test set', 'DATA-002', {
    inputs: { x: [1, 1, 8, 8] },
    nodes: [relu],
  }),
];

const lite = (what: string, code: string, init: LiteFile): Row =>
  file(what, code, 'model', 'bad.tflite', () => tfliteFile(init));

/** A Relu of four values. */
const vector = { shape: [1, 4], scales: [0.1], zeroPoint: 3 };
const reluOf = (x: LiteTensor, y: LiteTensor = vector, code = 19): LiteFile => ({
  tensors: [x, y],
  ops: [{ code, inputs: [0], outputs: [1] }],
  inputs: [0],
  outputs: [1],
});

const TFLITE: readonly Row[] = [
  file('a truncated .tflite', 'MODEL-060', 'model', 'half.tflite', () =>
    tfliteFile(reluOf(vector)).slice(0, 200),
  ),
  lite('a .tflite with an unsupported operator', 'MODEL-061', reluOf(vector, vector, 32)),
  lite('a .tflite of uint8', 'MODEL-062', reluOf({ ...vector, type: 'uint8' })),
  lite('a .tflite with an empty tensor', 'MODEL-063', reluOf({ ...vector, shape: [1, 0] })),
  lite('a .tflite with a negative scale', 'MODEL-064', reluOf({ ...vector, scales: [-1] })),
  lite(
    'a float .tflite',
    'MODEL-065',
    reluOf({ shape: [1, 4], type: 'float32' }, { shape: [1, 4], type: 'float32' }),
  ),
  lite('a .tflite whose shapes contradict', 'QUANT-030', reluOf({ ...vector, shape: [1, 5] })),
  lite('a .tflite without scales', 'QUANT-032', reluOf({ shape: [1, 4] })),
];

const program: Pt2Init = {
  inputs: { x: [1, 64] },
  weights: { w: { shape: [1, 64], values: new Array<number>(64).fill(1) } },
  nodes: [aten('linear.default', { input: 'x', weight: 'w' }, 'y')],
  outputs: ['y'],
};
const pt2 = (what: string, code: string, content: () => Uint8Array): Row =>
  file(what, code, 'model', 'bad.pt2', content);
const weight = (w: WeightInit): Uint8Array => pt2File({ ...program, weights: { w } });
const zip = (name: string, data = new Uint8Array(9), isDeflated = false): Uint8Array =>
  zipOf([{ name, data, isDeflated }]);

const PROGRAMS: readonly Row[] = [
  pt2('half an archive', 'MODEL-040', () => pt2File(program).subarray(0, 900)),
  pt2('an archive that leads outside', 'MODEL-041', () => zip('a/../../b')),
  pt2('a zip bomb', 'MODEL-042', () => zip('a/b', new Uint8Array(5e6), true)),
  pt2('a pickled module', 'MODEL-043', () => zip('a/data.pkl')),
  pt2('a program that is no JSON', 'MODEL-044', () => zip('a/models/model.json')),
  pt2('a pickled weight', 'MODEL-045', () => weight({ shape: [1, 64], isPickled: true })),
  pt2('an operator of PyTorch that is not read', 'MODEL-003', () =>
    pt2File({ ...program, nodes: [aten('fft_rfft.default', { self: 'x' }, 'y')] }),
  ),
];

const npy = (what: string, code: string, role: string, shape: number[], value = 0.5): Row =>
  file(what, code, role, 'bad.npy', () =>
    writeNpy(
      shape,
      filled(
        shape.reduce((a, b) => a * b, 1),
        value,
      ),
    ),
  );

const DATA: readonly Row[] = [
  npy('calibration of another shape', 'DATA-002', 'calibration', [10, 63]),
  npy('calibration without samples', 'DATA-003', 'calibration', [0, 64]),
  npy('calibration that is not numbers', 'DATA-004', 'calibration', [10, 64], NaN),
  npy('calibration beyond all bounds', 'QUANT-003', 'calibration', [10, 64], 3e38),
  file('truncated calibration', 'MODEL-032', 'calibration', 'half.npy', () =>
    exampleFile('calibration-images.npy').subarray(0, 3000),
  ),
  file('calibration that is a model', 'MODEL-030', 'calibration', 'wrong.npy', () =>
    exampleFile('digits-cnn.onnx'),
  ),
  file('a word in a calibration table', 'DATA-006', 'calibration', 'bad.csv', () =>
    new TextEncoder().encode(`${'0,'.repeat(63)}0\n${'0,'.repeat(63)}zero\n`),
  ),
  file('calibration of no known format', 'DATA-001', 'calibration', 'notes.txt', () =>
    new TextEncoder().encode('later'),
  ),
  row('a calibration folder of JPEG images', 'DATA-009', FAILS.input, (box) => {
    const folder = join(box.folder, 'images');
    mkdirSync(folder);
    writeFileSync(join(folder, '1.jpg'), Uint8Array.of(0xff, 0xd8, 0xff, 0xe0));
    return { commands: [importing(folder, 'calibration'), running('--to', 'simulate')] };
  }),
  row('an empty calibration folder', 'FILE-006', FAILS.input, (box) => {
    const folder = join(box.folder, 'images');
    mkdirSync(folder);
    return { commands: [importing(folder, 'calibration')] };
  }),
  npy('fewer labels than images', 'FILE-011', 'test.labels', [10]),
  npy('more expected outputs than images', 'FILE-011', 'test.expected', [400, 10]),
  npy('wider expected outputs than the model', 'DATA-002', 'test.expected', [360, 11]),
  npy('test images that are infinite', 'DATA-004', 'test.images', [360, 64], Infinity),
];

/** Root may read everything: then the command runs as nobody. */
const isRoot = process.getuid?.() === 0;
const asOther: IngotOptions = isRoot ? { uid: 65_534 } : {};
const open = (path: string): unknown => execFileSync('chmod', ['-R', 'a+rwX', path]);

const FILES: readonly Row[] = [
  row('a folder as model', 'FILE-002', FAILS.input, (box) => ({ commands: [importing(box.folder)] })),
  row('a model that is not there', 'FILE-001', FAILS.input, (box) => ({
    commands: [importing(join(box.folder, 'gone.onnx'))],
  })),
  row('a dangling link', 'FILE-001', FAILS.input, (box) => {
    const link = join(box.folder, 'link.onnx');
    symlinkSync('nowhere', link);
    return { commands: [importing(link)] };
  }),
  row('a link to itself', 'FILE-007', FAILS.input, (box) => {
    const link = join(box.folder, 'link.onnx');
    symlinkSync('link.onnx', link);
    return { commands: [importing(link)] };
  }),
  row('a pipe that nobody writes to', 'FILE-004', FAILS.input, (box) => {
    const pipe = join(box.folder, 'pipe.onnx');
    execFileSync('mkfifo', [pipe]);
    return { commands: [importing(pipe)], hangMs: 20_000 };
  }),
  row('an endless device', 'FILE-004', FAILS.input, () => ({
    commands: [importing('/dev/zero')],
    hangMs: 20_000,
  })),
  row('a file that may not be read', 'WORLD-002', FAILS.world, (box) => {
    const path = box.write('secret.onnx', exampleFile('digits-cnn.onnx'));
    open(box.project);
    chmodSync(path, 0);
    return { commands: [importing(path)], ...asOther };
  }),
  row('a role that no step reads', 'CLI-008', FAILS.usage, () => ({
    commands: [importing(join(EXAMPLE, 'digits-cnn.onnx'), 'calibratoin')],
  })),
  ...[
    ['not JSON', '{ "model": '],
    ['a number as model', '{ "model": 5 }'],
    ['a path with a NUL character', '{ "model": "a\\u0000b" }'],
  ].map(([what, text]) =>
    row(`a project file: ${what}`, 'PROJECT-008', FAILS.input, (box) => ({
      commands: [['import', box.write('ingot.json', text!), '--project', 'P']],
    })),
  ),
  row('a project file that names a missing file', 'FILE-001', FAILS.input, (box) => ({
    commands: [['import', box.write('ingot.json', '{ "model": "gone.onnx" }'), '--project', 'P']],
  })),
  row('export to where a file is', 'FILE-008', FAILS.input, (box) => ({
    commands: [['export', '--project', 'P', '--out', box.write('occupied', 'x')]],
  })),
  row('export to a path through a file', 'FILE-003', FAILS.input, (box) => ({
    commands: [['export', '--project', 'P', '--out', join(box.write('occupied', 'x'), 'out')]],
  })),
  row('a new project where a file is', 'FILE-003', FAILS.input, (box) => ({
    commands: [['new', box.write('occupied', 'x')]],
  })),
];

const SETTINGS: readonly Row[] = [
  settings('an unknown setting', 'SETTING-001', FAILS.usage, 'chip.row=2'),
  settings('text for a number', 'SETTING-002', FAILS.usage, 'chip.rows=many'),
  settings('a setting out of range', 'SETTING-003', FAILS.usage, 'clock.periodPs=1'),
  settings('an impossible combination', 'SETTING-004', FAILS.usage, 'chip.columns=4', 'chip.lanes=8'),
  settings('too small an activation memory', 'COMPILE-020', FAILS.input, 'chip.activationBytes=64'),
  settings('too small a weight memory', 'COMPILE-022', FAILS.input, 'chip.weightWords=16'),
  settings('too narrow an accumulator', 'COMPILE-021', FAILS.input, 'chip.accumulatorBits=16'),
  settings('a memory that is no multiple', 'CHIP-007', FAILS.input, 'chip.activationBytes=1001'),
  row('an unknown step in --from', 'FLOW-001', FAILS.usage, () => ({
    commands: [running('--from', 'rout')],
  })),
  row('an unknown step in --to', 'FLOW-001', FAILS.usage, () => ({ commands: [running('--to', 'gds')] })),
  row('steps in the wrong order', 'FLOW-002', FAILS.usage, () => ({
    commands: [running('--from', 'compile', '--to', 'import')],
  })),
  row('a run that never was', 'FLOW-013', FAILS.usage, () => ({
    commands: [['report', '--project', 'P', '--run', '99']],
  })),
];

const PROJECTS: readonly Row[] = [
  row('no project folder', 'PROJECT-001', FAILS.input, (box) => ({
    commands: [['run', '--project', join(box.folder, 'gone')]],
  })),
  row('a folder that is no project', 'PROJECT-002', FAILS.input, (box) => ({
    commands: [['run', '--project', box.folder]],
  })),
  row('a file as project', 'PROJECT-002', FAILS.input, (box) => ({
    commands: [['run', '--project', box.write('file', 'x')]],
  })),
  row('a project without inputs', 'FLOW-003', FAILS.input, (box) => {
    const empty = join(box.folder, 'empty');
    return { commands: [['new', empty], ['run', '--project', empty]] }; // prettier-ignore
  }),
  database('a database of noise', 'PROJECT-005', (path) => writeFileSync(path, noise(9000))),
  database('half a database', 'PROJECT-005', (path) => truncateSync(path, 20_000)),
  database('a database of another program', 'PROJECT-007', (path) => {
    rmSync(path);
    const db = new Database(path);
    db.exec('CREATE TABLE t (x)');
    db.close();
  }),
  database('a database of a newer Ingot', 'PROJECT-004', (path) => {
    const db = new Database(path);
    db.pragma('journal_mode = DELETE');
    db.pragma('user_version = 99');
    db.close();
  }),
  row('a project that may not be written to', 'WORLD-002', FAILS.world, (box) => {
    execFileSync('chmod', ['-R', 'a-w', box.project]);
    return {
      commands: [running()],
      ...asOther,
      undo: () => execFileSync('chmod', ['-R', 'u+w', box.project]),
    };
  }),
  row('a damaged artefact', 'FLOW-008', FAILS.world, async (box) => {
    flipByte(await artefactOf(box.project, 'passes', 'quantized.bin'));
    return {
      commands: [running('--from', 'compile', '--to', 'compile')],
      then: AGAIN,
    };
  }),
  row('a damaged input', 'FLOW-008', FAILS.world, async (box) => {
    const { files } = (await ingotStatus(box.project)) as unknown as {
      files: { role: string; digest: string }[];
    };
    flipByte(join(box.project, 'artefacts', files.find((f) => f.role === 'model')!.digest));
    return { commands: [running('--force', '--to', 'import')], then: REPAIR };
  }),
  row('all artefacts lost', 'FLOW-008', FAILS.world, (box) => {
    rmSync(join(box.project, 'artefacts'), { recursive: true });
    return { commands: [running('--to', 'import')], then: REPAIR };
  }),
  ...['enospc', 'eio'].map((kind) =>
    row(
      `${kind === 'eio' ? 'a disk error' : 'a full disk'} (simulated)`,
      kind === 'eio' ? 'WORLD-004' : 'WORLD-001',
      FAILS.world,
      () => ({
        commands: [running('--from', 'compile', '--to', 'compile')],
        env: { INGOT_FAULT: `${kind}:program.bin` },
        then: AGAIN,
      }),
    ),
  ),
];

const kit = await findKit('nangate45').catch(() => null);
const noKit = kit === null && process.env.INGOT_REQUIRE_TOOLS !== '1' && 'no kit in the cache';
const withoutStep = (name: string): string | false =>
  !FLOW.some((step) => step.name === name) && `the flow has no step ${name}`;
/** No tool, no Python. */
const BARE = { PATH: '/nonexistent' };

/** A cache of the row's own with the kit in it. */
function kitCache(box: Box): { cacheFolder: string; kitFolder: string } {
  const cacheFolder = join(box.folder, 'cache');
  const kitFolder = join(cacheFolder, 'kits', basename(kit!.folder));
  cpSync(kit!.folder, kitFolder, { recursive: true });
  return { cacheFolder, kitFolder };
}

const TOOLS: readonly Row[] = [
  row(
    'no kit, no pip',
    'KIT-101',
    FAILS.missing,
    (box) => ({
      commands: [running('--to', 'kit')],
      env: { ...BARE, INGOT_CACHE: join(box.folder, 'cache') },
    }),
    withoutStep('kit'),
  ),
  row(
    'a damaged kit, no pip',
    'KIT-101',
    FAILS.missing,
    (box) => {
      const { cacheFolder, kitFolder } = kitCache(box);
      flipByte(join(kitFolder, 'stdcells.lef'));
      return { commands: [running('--to', 'kit')], env: { ...BARE, INGOT_CACHE: cacheFolder } };
    },
    withoutStep('kit') || noKit,
  ),
  row(
    'a cache that is a file',
    'KIT-104',
    FAILS.world,
    (box) => ({
      commands: [running('--to', 'kit')],
      env: { ...BARE, INGOT_CACHE: box.write('cache', 'x') },
    }),
    withoutStep('kit'),
  ),
  row(
    'native Yosys wanted, none there',
    'TOOL-020',
    FAILS.missing,
    (box) => ({
      commands: [running('--to', 'synthesise', '--set', 'synthesis.tool=native')],
      env: { ...BARE, INGOT_CACHE: kitCache(box).cacheFolder },
    }),
    withoutStep('synthesise') || noKit,
  ),
  row('a flow module that is not there', 'CLI-007', FAILS.usage, () => ({
    commands: [running()],
    env: { INGOT_FLOW: '/nonexistent/flow.ts' },
  })),
];

let boxes = 0;

function makeBox(): Box {
  const folder = join(root, `box-${boxes++}`);
  const project = join(folder, 'project');
  cpSync(template, project, { recursive: true });
  return {
    folder,
    project,
    write(name, content) {
      const path = join(folder, name);
      writeFileSync(path, content);
      return path;
    },
  };
}

/** Runs commands until one fails. */
async function callAll(box: Box, commands: Attempt['commands'], options: IngotOptions): Promise<IngotEnd> {
  let end: IngotEnd | undefined;
  for (const args of commands) {
    end = await call([...args.map((arg) => (arg === 'P' ? box.project : arg)), '--json'], options);
    if (end.code !== 0) break;
  }
  return end!;
}

async function tryRow({ code, exit, bad }: Row): Promise<void> {
  const box = makeBox();
  const { commands, undo, then, ...options } = await bad(box);
  const end = await callAll(box, commands, options);
  expect(end.isHung, 'hangs').toBe(false);
  const error = errorOf(end);
  expect([error?.code, end.code], end.err).toEqual([code, exit]);
  expect(error?.place, 'place').toBeTruthy();
  expect(error?.remedy, 'remedy').toBeTruthy();
  expect(end.err).toContain(`error ${code} at `);
  expect(end.err).toContain('remedy: ');
  expect(end.err + end.out).not.toMatch(/\n\s+at |\\n\s+at |internal error/);
  undo?.();
  expect(readdirSync(box.project).filter((name) => name.startsWith('crash'))).toEqual([]);
  await ingotStatus(box.project, { env: { INGOT_CACHE: cache } });
  const isRefused = commands.length === 1;
  const repaired = await callAll(box, then ?? (isRefused ? AGAIN : REPAIR), {});
  expect(repaired.code, repaired.err).toBe(0);
  expect(eventsOf(repaired.out).at(-1)).toMatchObject({ type: 'run-finished', status: 'done' });
  rmSync(box.folder, { recursive: true, force: true });
}

describe.concurrent.each<[string, readonly Row[]]>([
  ['models', MODELS],
  ['PyTorch programs', PROGRAMS],
  ['TFLite models', TFLITE],
  ['data sets', DATA],
  ['files and paths', FILES],
  ['settings and steps', SETTINGS],
  ['projects', PROJECTS],
  ['tools and kits', TOOLS],
])('%s', (_name, rows) => {
  for (const each of rows) {
    const note = each.skip ? ` (skipped: ${each.skip})` : '';
    test.skipIf(Boolean(each.skip))(`${each.what}: ${each.code}, exit ${each.exit}${note}`, () =>
      tryRow(each),
    );
  }
});

// Kept as the last word: renameSync is what an editor or a copy tool does under our feet.
test('a project that is moved goes on where it is', async () => {
  const box = makeBox();
  const moved = join(box.folder, 'moved');
  renameSync(box.project, moved);
  const end = await call(['run', '--project', moved, '--to', 'simulate', '--json']);
  expect(end.code).toBe(0);
  const { run } = await ingotStatus(moved);
  expect(run!.steps.every((step) => step.status === 'cached')).toBe(true);
});
