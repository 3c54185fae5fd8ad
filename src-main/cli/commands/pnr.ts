import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { formatDiagnostic, IngotError, type Diagnostic } from '../../base/diagnostic.ts';
import {
  createProject,
  exportRun,
  importFiles,
  openProject,
  pnrFlow,
  rtlFile,
  rtlFlow,
  readRunDetail,
  type FileToImport,
  type Flow,
  type PnrStart,
  type Project,
} from '../../flow/index.ts';
import { JSON_OPTION, type Command, type Given } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { CI_OPTIONS, gatesOf, judgeRun } from './ci.ts';
import { printReport } from './report.ts';
import { runAndShow } from './run.ts';

/** A step's artefacts that say why it failed. */
const EVIDENCE: Readonly<Record<string, readonly string[]>> = { check: ['drc.lyrdb'] };

export const pnrCommand: Command = {
  name: 'pnr',
  usage:
    '(--netlist N.v | --rtl R.v ... [--include DIR ...] [--define NAME=VALUE ...]) --sdc C.sdc --out DIR [--top T] [--kit nangate45] [--utilization U | --die W,H | --def F.def [--from place|route]] [--engine ingot|openroad | --place-engine E --route-engine E] [--threads N] [--seed S] [--gate FILE ...] [--junit FILE] [--json]',
  summary:
    'from Verilog and SDC to GDS, without a model: place and route a mapped netlist, or RTL after synthesis',
  positionalsMin: 0,
  positionalsMax: 0,
  options: {
    netlist: { type: 'string', value: 'N.v', help: 'flat Verilog of cells of the kit' },
    rtl: {
      type: 'string',
      multiple: true,
      value: 'R.v',
      help: 'Verilog or SystemVerilog to synthesise first, in place of --netlist',
    },
    include: { type: 'string', multiple: true, value: 'DIR', help: 'where files that the RTL includes are' },
    define: { type: 'string', multiple: true, value: 'NAME=VALUE', help: 'macro that the RTL tests' },
    top: { type: 'string', value: 'T', help: 'top module (default: the only one)' },
    kit: { type: 'string', value: 'NAME', help: 'cell library (default: nangate45)' },
    sdc: { type: 'string', value: 'C.sdc', help: 'constraints: clock, port delays, exceptions' },
    utilization: { type: 'string', value: 'U', help: 'cell area over core area, 0.1 to 0.9 (default: 0.45)' },
    die: { type: 'string', value: 'W,H', help: 'size of the die in um' },
    def: { type: 'string', value: 'F.def', help: 'DEF with die, rows and, if they are placed, ports' },
    from: {
      type: 'string',
      value: 'STAGE',
      help: 'what of the DEF is kept: place, its fixed cells and power grid too; route, its placement',
    },
    engine: {
      type: 'string',
      value: 'ENGINE',
      help: 'who places and routes: ingot, the embedded engine (default), or openroad where it is installed',
    },
    'place-engine': {
      type: 'string',
      value: 'ENGINE',
      help: 'who makes floorplan, placement and clock tree',
    },
    'route-engine': { type: 'string', value: 'ENGINE', help: 'who routes and fills' },
    threads: { type: 'string', value: 'N', help: 'threads of the router; any number gives the same bytes' },
    seed: { type: 'string', value: 'S', help: 'seed of placer and router' },
    out: { type: 'string', value: 'DIR', help: 'where the files go; run again to go on' },
    ...CI_OPTIONS,
    ...JSON_OPTION,
  },
  async run(given, shell) {
    const out = resolve(need(given, 'out'));
    const gates = gatesOf(given);
    const start = startOf(given);
    const settings = settingsOf(given);
    const design = designOf(given);
    if (design.top !== undefined) settings['netlist.top'] = design.top;
    if (design.role === 'rtl' && start === 'route')
      throw usage('from', '--from route keeps the placement of a netlist that is given');
    const flow = design.role === 'rtl' && start !== 'route' ? rtlFlow(start) : pnrFlow(start);
    design.diagnostics.forEach((diagnostic) => shell.say(formatDiagnostic(diagnostic)));
    const project = openAt(join(out, 'project'), [
      design.file,
      { role: 'constraints', path: need(given, 'sdc') },
      ...(start === 'size' ? [] : [{ role: 'def', path: given.text('def')! }]),
    ]);
    try {
      // What an earlier run left must not pass for the result of one that fails.
      for (const name of exportsOf(flow)) rmSync(join(out, name), { force: true });
      const isJson = given.flag('json');
      const code = await runAndShow(project, { ...shell, flow: { steps: flow } }, isJson, { settings });
      const run = readRunDetail(project);
      if (!isJson) printReport(run, shell.print);
      const files =
        code === EXIT.ok
          ? exportRun(project, { out, flow })
          : run.steps.flatMap(({ name, status }) =>
              status === 'failed' && EVIDENCE[name]
                ? exportRun(project, { out, flow, step: name, names: EVIDENCE[name] })
                : [],
            );
      if (isJson) shell.print(JSON.stringify({ type: 'exported', files }));
      else for (const path of files) shell.print(path);
      return judgeRun(project, gates, code, given, shell);
    } finally {
      project.close();
    }
  },
};

/** The netlist, or the RTL as one file. */
function designOf(given: Given): {
  readonly role: 'netlist' | 'rtl';
  readonly file: FileToImport;
  readonly top?: string;
  readonly diagnostics: readonly Diagnostic[];
} {
  const verilog = given.texts('rtl');
  if (verilog.length === 0) {
    for (const option of ['include', 'define'])
      if (given.texts(option).length > 0) throw usage(option, `--${option} needs --rtl`);
    return { role: 'netlist', file: { role: 'netlist', path: need(given, 'netlist') }, diagnostics: [] };
  }
  if (given.text('netlist') !== undefined) throw usage('rtl', '--netlist and --rtl exclude each other');
  const [includeDirs, defines] = [given.texts('include'), given.texts('define')];
  return { role: 'rtl', ...rtlFile({ top: given.text('top') ?? '', verilog, includeDirs, defines }) };
}

function need(given: Given, option: string): string {
  const text = given.text(option);
  if (text !== undefined) return text;
  throw usage(option, `pnr needs --${option}`, 'CLI-004');
}

const usage = (option: string, message: string, code = 'CLI-003'): IngotError =>
  new IngotError(code, message, { place: `--${option}`, remedy: `usage: ingot pnr ${pnrCommand.usage}` });

function startOf(given: Given): PnrStart {
  const sizes = ['utilization', 'die', 'def'].filter((option) => given.text(option) !== undefined);
  if (sizes.length > 1) throw usage(sizes[1]!, `--${sizes[0]} and --${sizes[1]} exclude each other`);
  const from = given.text('from');
  if (from === undefined) return sizes[0] === 'def' ? 'def' : 'size';
  if (from !== 'place' && from !== 'route') throw usage('from', `--from ${from} is neither place nor route`);
  if (sizes[0] !== 'def') throw usage('from', `--from ${from} needs --def`);
  return from;
}

function settingsOf(given: Given): Record<string, string> {
  const settings: Record<string, string> = {};
  const take = (option: string, ...keys: string[]): void => {
    const value = given.text(option);
    if (value !== undefined) for (const key of keys) settings[key] = value;
  };
  take('kit', 'kit.name');
  take('top', 'netlist.top');
  take('utilization', 'floorplan.utilization');
  take('engine', 'place.engine', 'route.engine');
  take('place-engine', 'place.engine');
  take('route-engine', 'route.engine');
  take('threads', 'route.threads');
  take('seed', 'place.seed', 'route.seed');
  const die = given.text('die');
  if (die !== undefined) {
    const sides = /^\s*(\d+\.?\d*)\s*[,x]\s*(\d+\.?\d*)\s*$/.exec(die);
    if (!sides || Number(sides[1]) === 0) throw usage('die', `--die ${die} is not of the form W,H in um`);
    [settings['floorplan.dieWidthUm'], settings['floorplan.dieHeightUm']] = [sides[1]!, sides[2]!];
  }
  return settings;
}

const exportsOf = (flow: Flow): string[] => flow.flatMap((step) => step.exports ?? []);

/** The project under the results, new or from last time; the files are taken again, as they may be newer. */
function openAt(dir: string, files: readonly FileToImport[]): Project {
  const project = existsSync(join(dir, 'ingot.db')) ? openProject(dir) : createProject(dir, { name: 'pnr' });
  try {
    importFiles(project, files);
    return project;
  } catch (error) {
    project.close();
    throw error;
  }
}
