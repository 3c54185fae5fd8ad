/**
 * A chip through the flow's own synthesis script, module by module: what Yosys makes of every block, and what it
 * must not make.
 */
import type { Kit } from '../../src-main/stages/kit/index.ts';
import { cellsNotForSynthesis, synthesisScript } from '../../src-main/stages/netlist/index.ts';
import { trimLiberty } from '../../src-main/stages/kit/index.ts';
import type { Macro, SourceFile } from '../../src-main/stages/rtl/index.ts';
import { runYosys } from '../../src-main/tools/yosys.ts';
import { BLOCKS } from './estimates.ts';

/** Cells by type in each module, as `stat -json` gives them. */
type Modules = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface MappedDesign {
  readonly top: string;
  readonly sources: readonly SourceFile[];
  readonly blackBoxes: readonly SourceFile[];
  readonly macros: readonly Pick<Macro, 'name'>[];
  /** Modules that may hold latches: the memories of a chip that asks for them. */
  readonly mayLatch: (module: string) => boolean;
}

export interface BlockSize {
  readonly block: string;
  /** With every instance; memory macros are not counted. */
  readonly cells: number;
  readonly areaUm2: number;
}

export interface MappedPreset {
  readonly blocks: readonly BlockSize[];
  readonly macros: number;
  /** Empty when nothing is wrong. */
  readonly violations: readonly string[];
}

const SETTINGS = { libertyPath: 'cells.lib', clockPeriodPs: 2500, flatten: false };

/** Throws TOOL-02x when Yosys refuses the design; that it maps badly is in `violations`. */
export async function mapPreset(design: MappedDesign, kit: Kit, liberty: string): Promise<MappedPreset> {
  const sources = [...design.sources, ...design.blackBoxes];
  const { script, files } = synthesisScript(kit, {
    ...SETTINGS,
    top: design.top,
    sources: sources.map((f) => f.name),
  });
  const cells = { name: SETTINGS.libertyPath, text: trimLiberty(liberty, cellsNotForSynthesis(kit)) };
  const run = { script: perModule(script), files: [...sources, cells, ...files] };
  const { outputs } = await runYosys({ ...run, outputs: ['generic.json', 'mapped.json'] });
  const generic = modulesOf(outputs.get('generic.json')!);
  const mapped = modulesOf(outputs.get('mapped.json')!);
  return { ...sizes(design, mapped, kit), violations: violationsOf(design, generic, mapped, kit) };
}

/** The flow's script without its `flatten` and without its own verdict, which is ours to give. */
function perModule(script: string): string {
  const lines = script.split('\n').filter((l) => l !== 'flatten' && !l.startsWith('check -mapped'));
  const coarse = lines.findIndex((l) => l.startsWith('synth '));
  lines.splice(coarse + 1, 0, 'tee -q -o generic.json stat -json');
  const end = lines.indexOf('stat');
  return [...lines.slice(0, end), 'tee -q -o mapped.json stat -json', ''].join('\n');
}

/** Yosys 0.23 writes lines of its plain table into the JSON, and a comma after the last module. */
function modulesOf(text: string): Modules {
  const lines = text.split('\n').filter((line) => /^\s*["{}]/.test(line));
  const { modules } = JSON.parse(lines.join('\n').replace(/,(\s*\})/g, '$1')) as {
    modules: Record<string, { num_cells_by_type?: Record<string, number> }>;
  };
  return Object.fromEntries(
    Object.entries(modules).map(([name, m]) => [name.replace(/^\\/, ''), m.num_cells_by_type ?? {}]),
  );
}

const isLatch = (type: string): boolean => /^\$(_|a|sr)*d?latch/i.test(type) || type === '$sr';

/** No latch where none is meant, and after mapping nothing but modules, macros and cells of the kit. */
function violationsOf(design: MappedDesign, generic: Modules, mapped: Modules, kit: Kit): string[] {
  const known = new Set([
    ...kit.masters.map((m) => m.name),
    ...Object.keys(mapped),
    ...design.macros.map((m) => m.name),
  ]);
  const each = (modules: Modules, wrong: (type: string, module: string) => boolean, what: string): string[] =>
    Object.entries(modules).flatMap(([module, types]) =>
      Object.entries(types)
        .filter(([type]) => wrong(type, module))
        .map(([type, n]) => `${module}: ${n} x ${type} ${what}`),
    );
  return [
    ...each(generic, (type, module) => isLatch(type) && !design.mayLatch(module), 'inferred'),
    ...each(mapped, (type, m) => !known.has(type) && !(isLatch(type) && design.mayLatch(m)), 'unmapped'),
  ];
}

function sizes(design: MappedDesign, modules: Modules, kit: Kit): Omit<MappedPreset, 'violations'> {
  const areas = new Map(kit.masters.map((m) => [m.name, m.areaUm2]));
  const macroNames = new Set(design.macros.map((m) => m.name));
  const totals = new Map<string, { cells: number; areaUm2: number }>();
  let macros = 0;
  const visit = (module: string, owner: string, times: number): void => {
    const block = blockOf(design.top, module) ?? owner;
    const total = totals.get(block) ?? { cells: 0, areaUm2: 0 };
    totals.set(block, total);
    for (const [type, count] of Object.entries(modules[module] ?? {}))
      if (macroNames.has(type)) macros += count * times;
      else if (modules[type]) visit(type, block, count * times);
      else {
        total.cells += count * times;
        total.areaUm2 += (areas.get(type) ?? 0) * count * times;
      }
  };
  visit(design.top, 'top', 1);
  return { blocks: [...totals].map(([block, t]) => ({ block, ...t })), macros };
}

function blockOf(top: string, module: string): string | undefined {
  const suffix = module.slice(top.length);
  return BLOCKS.find(([, suffixes]) => suffixes.some((s) => suffix === s || suffix.startsWith(`${s}_`)))?.[0];
}
