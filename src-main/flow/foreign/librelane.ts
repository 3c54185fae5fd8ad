/**
 * A design of LibreLane (OpenLane 2): a JSON object of variables, with `dir::`, `ref::`, `refg::` and `expr::` values
 * and sections `pdk::PATTERN` and `scl::PATTERN` (LibreLane's manual, "Configuration files"). Lengths in um, times in
 * ns, utilisation and density in percent, loads in fF.
 */
import { basename, dirname, resolve } from 'node:path';
import { IngotError } from '../../base/diagnostic.ts';
import { wildcard } from './disk.ts';
import { evaluate } from './expression.ts';
import { areaOf, clockSdc, numberOf, round, settingValue } from './key-values.ts';
import { KeyVerdicts, type Verdict } from './key-verdicts.ts';
import { IGNORED, IGNORED_PREFIXES, MACROS, MET } from './librelane-keys.ts';
import type { ForeignOptions } from './orfs.ts';
import type { ForeignDesign, ForeignDisk, ForeignValue, KeyRecord } from './types.ts';

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

const isObject = (json: Json | undefined): json is JsonObject =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

/** Cell library of our kit, for `scl::` sections. */
const LIBRARY = 'NangateOpenCellLibrary';

/** FOREIGN-001 no JSON object, -003 a value, -004 the PDK, -005 macros, -006 a file, -008 a key that must be there. */
export function readLibreLane(path: string, disk: ForeignDisk, options: ForeignOptions): ForeignDesign {
  const json = parse(path, disk.readText(path) ?? '');
  return new LibreLane(json, path, disk, options).design();
}

/** Whether a JSON text is of this form: our own project file has none of its names. */
export function isLibreLane(text: string): boolean {
  try {
    const json = JSON.parse(text) as Json;
    return isObject(json) && ['DESIGN_NAME', 'VERILOG_FILES', 'CLOCK_PORT'].some((key) => key in json);
  } catch {
    // Not well formed: told apart by its words, so that the right reader says what is wrong.
    return /"(DESIGN_NAME|VERILOG_FILES)"\s*:/.test(text);
  }
}

function parse(path: string, text: string): JsonObject {
  try {
    const json = JSON.parse(text) as Json;
    if (isObject(json)) return json;
  } catch (error) {
    const message = (error as Error).message;
    const at = Number(/position (\d+)/.exec(message)?.[1] ?? text.length);
    const before = text.slice(0, at).split('\n');
    throw new IngotError('FOREIGN-001', `not JSON: ${message}`, {
      place: `${basename(path)}:${before.length}:${before.at(-1)!.length + 1}`,
      remedy: 'correct the file',
      cause: error,
    });
  }
  throw new IngotError('FOREIGN-001', 'this is no JSON object', {
    place: basename(path),
    remedy: 'check the file',
  });
}

class LibreLane {
  private readonly values = new Map<string, { json: Json; place: string }>();
  private readonly settings: Record<string, unknown> = {};
  private readonly verdicts = new KeyVerdicts(MET, IGNORED);
  private readonly sections: KeyRecord[] = [];
  readonly #text: string;
  private readonly folder: string;
  private readonly path: string;
  private readonly disk: ForeignDisk;
  private readonly options: ForeignOptions;

  constructor(json: JsonObject, path: string, disk: ForeignDisk, options: ForeignOptions) {
    this.path = path;
    this.folder = dirname(resolve(path));
    this.disk = disk;
    this.options = options;
    this.#text = disk.readText(path) ?? '';
    this.takeIn(json, 0);
  }

  design(): ForeignDesign {
    const top = this.need('DESIGN_NAME');
    this.verdicts.taken('DESIGN_NAME', `top module and name: ${top}`);
    this.kit();
    this.refuse();
    const verilog = this.files('VERILOG_FILES');
    if (verilog.length === 0) throw this.missing('VERILOG_FILES');
    this.verdicts.taken('VERILOG_FILES', `${verilog.length} files`);
    const includeDirs = this.list('VERILOG_INCLUDE_DIRS').map((dir) => resolve(this.folder, dir));
    this.verdicts.taken('VERILOG_INCLUDE_DIRS', 'included files are written into the sources');
    const defines = this.list('VERILOG_DEFINES');
    this.verdicts.taken('VERILOG_DEFINES', 'written into the sources');
    const sdc = this.constraints();
    const [template] = this.files('FP_DEF_TEMPLATE');
    if (template === undefined) this.floorplan();
    else this.verdicts.taken('FP_DEF_TEMPLATE', 'die, rows and ports are those of the DEF');
    this.synthesis();
    const keys = [...this.keys(), ...this.sections];
    return {
      top,
      verilog,
      includeDirs,
      defines,
      sdc,
      def: template ?? null,
      settings: this.settings,
      record: { format: 'librelane', file: basename(this.path), design: top, variant: 'base', keys },
    };
  }

  /** The sections that fit PDK and cell library win over what stands outside of them. */
  private takeIn(json: JsonObject, from: number): void {
    for (const [key, value] of Object.entries(json))
      if (!/^(pdk|scl)::/.test(key)) this.values.set(key, { json: value, place: this.lineOf(key, from) });
    for (const [key, value] of Object.entries(json)) {
      const section = /^(pdk|scl)::(.*)$/.exec(key);
      if (!section) continue;
      const name = section[1] === 'pdk' ? this.pdk() : LIBRARY;
      const fits = wildcard(section[2]!).test(name);
      const note = fits ? `holds for ${name}` : `does not hold for ${name}`;
      const shown = JSON.stringify(value).slice(0, 200);
      const place = this.lineOf(key, from);
      this.sections.push({
        key,
        value: shown,
        place,
        verdict: fits ? 'taken' : 'met',
        note,
      });
      if (!isObject(value)) throw this.wrong({ key, value: shown, place }, 'no section');
      if (fits) this.takeIn(value, this.indexOf(key, from));
    }
  }

  private indexOf(key: string, from: number): number {
    return Math.max(0, this.#text.indexOf(JSON.stringify(key), from));
  }

  /** `file:line` of a key; `from`: where its section begins. */
  private lineOf(key: string, from: number): string {
    return `${basename(this.path)}:${this.#text.slice(0, this.indexOf(key, from)).split('\n').length}`;
  }

  private pdk(): string {
    return this.options.kit ?? this.text('PDK') ?? this.options.kits[0]!;
  }

  private kit(): void {
    const name = this.pdk();
    if (!this.options.kits.includes(name))
      throw new IngotError('FOREIGN-004', `there is no kit for the PDK ${name}`, {
        place: this.place('PDK'),
        remedy: `Ingot has ${this.options.kits.join(', ')}: add --kit ${this.options.kits[0]} to map the design on it`,
      });
    this.settings['kit.name'] = name;
    this.verdicts.taken(
      'PDK',
      this.text('PDK') === name ? `kit.name = ${name}` : `mapped on ${name} instead, as --kit asks`,
    );
  }

  private refuse(): void {
    for (const key of MACROS) {
      const json = this.values.get(key)?.json;
      const isEmpty =
        json == null || json === '' || (typeof json === 'object' && Object.keys(json).length === 0);
      if (isEmpty) continue;
      const what = key === 'SYNTH_PARAMETERS' ? 'parameters of the top module are' : `what ${key} brings is`;
      throw new IngotError('FOREIGN-005', `${what} not taken yet: the engine has Verilog and cells only`, {
        place: this.place(key),
        remedy: 'leave it out of the design, or run this design in its own flow',
      });
    }
  }

  private constraints(): ForeignDesign['sdc'] {
    this.clockKeys();
    for (const key of [
      'PNR_SDC_FILE',
      'SIGNOFF_SDC_FILE',
      'BASE_SDC_FILE',
      'FALLBACK_SDC',
      'FALLBACK_SDC_FILE',
    ]) {
      const [path] = this.files(key);
      if (path === undefined) continue;
      this.verdicts.taken(key, 'the constraints');
      return { path };
    }
    const port = this.list('CLOCK_PORT');
    const period = this.get('CLOCK_PERIOD');
    if (port.length === 0) throw this.missing('CLOCK_PORT');
    if (!period) throw this.missing('CLOCK_PERIOD');
    if (port.length > 1) throw this.wrong(this.get('CLOCK_PORT')!, 'more than one clock');
    this.verdicts.taken('CLOCK_PORT', `the clock of the constraints: ${port[0]}`);
    const number = (key: string, note: string): number | undefined => {
      const given = this.get(key);
      if (given) this.verdicts.taken(key, note);
      return given && numberOf(given);
    };
    const more = {
      ioPercent: number('IO_DELAY_CONSTRAINT', 'percent of the period outside of each port'),
      uncertaintyNs: number('CLOCK_UNCERTAINTY_CONSTRAINT', 'ns of clock uncertainty'),
      transitionNs: number('CLOCK_TRANSITION_CONSTRAINT', 'ns of clock transition'),
      loadFf: number('OUTPUT_CAP_LOAD', 'fF at each output'),
      maxFanout: number('MAX_FANOUT_CONSTRAINT', 'the limit of sinks'),
    };
    const known = Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined));
    return { name: `${this.need('DESIGN_NAME')}.sdc`, text: clockSdc(port[0]!, numberOf(period), known) };
  }

  private clockKeys(): void {
    const period = this.get('CLOCK_PERIOD');
    if (!period) return;
    const periodPs = settingValue(period, 'clock.periodPs', Math.round(numberOf(period) * 1000));
    this.settings['clock.periodPs'] = periodPs;
    this.verdicts.taken('CLOCK_PERIOD', `clock.periodPs = ${periodPs} (ns there)`);
  }

  private floorplan(): void {
    const die = this.get('DIE_AREA');
    const isAbsolute = (this.text('FP_SIZING') ?? (die ? 'absolute' : 'relative')) === 'absolute';
    if (isAbsolute && die) {
      const { widthUm, heightUm } = areaOf(die);
      this.settings['floorplan.dieWidthUm'] = settingValue(die, 'floorplan.dieWidthUm', widthUm);
      this.settings['floorplan.dieHeightUm'] = settingValue(die, 'floorplan.dieHeightUm', heightUm);
      this.verdicts.taken('DIE_AREA', `a die of ${widthUm} x ${heightUm} um`);
      this.verdicts.ignored('FP_CORE_UTIL', 'the die is given');
      this.verdicts.ignored('FP_ASPECT_RATIO', 'the die is given');
    } else {
      if (die) this.verdicts.ignored('DIE_AREA', 'FP_SIZING is relative');
      const utilization = this.get('FP_CORE_UTIL');
      if (utilization) {
        const share = settingValue(utilization, 'floorplan.utilization', round(numberOf(utilization) / 100));
        this.settings['floorplan.utilization'] = share;
        this.verdicts.taken('FP_CORE_UTIL', `floorplan.utilization = ${share} (percent there, a share here)`);
      }
      const aspect = this.get('FP_ASPECT_RATIO');
      if (aspect) {
        const ratio = settingValue(aspect, 'floorplan.aspectRatio', numberOf(aspect));
        this.settings['floorplan.aspectRatio'] = ratio;
        this.verdicts.taken('FP_ASPECT_RATIO', `floorplan.aspectRatio = ${ratio}, height over width in both`);
      }
    }
    this.verdicts.taken('FP_SIZING', isAbsolute ? 'by DIE_AREA' : 'by FP_CORE_UTIL');
    for (const [key, scale] of [
      ['PL_TARGET_DENSITY_PCT', 100],
      ['PL_TARGET_DENSITY', 1],
    ] as const) {
      const given = this.get(key);
      if (given)
        this.verdicts.ignored(
          key,
          `a target density of ${round(numberOf(given) / scale)}: the placer spreads cells by what routing needs`,
        );
    }
  }

  private synthesis(): void {
    if (/^(1|true)$/i.test(this.text('USE_SLANG') ?? '')) {
      this.settings['synthesis.frontend'] = 'slang';
      this.verdicts.taken('USE_SLANG', 'synthesis.frontend = slang');
    }
    const mode = this.text('SYNTH_HIERARCHY_MODE');
    const noFlat = this.text('SYNTH_NO_FLAT');
    if (mode === undefined && noFlat === undefined) return;
    const flatten = mode === undefined ? !/^(1|true)$/i.test(noFlat!) : mode === 'flatten';
    this.settings['synthesis.flatten'] = flatten;
    this.verdicts.taken(
      mode === undefined ? 'SYNTH_NO_FLAT' : 'SYNTH_HIERARCHY_MODE',
      `synthesis.flatten = ${flatten}`,
    );
  }

  private place(key: string): string {
    return this.values.get(key)?.place ?? basename(this.path);
  }

  private get(key: string): ForeignValue | undefined {
    const found = this.values.get(key);
    if (!found || found.json === null) return undefined;
    const list = Array.isArray(found.json) ? (found.json as readonly Json[]) : [found.json];
    return { key, value: list.map((item) => this.plain(key, item)).join(' '), place: found.place };
  }

  private text(key: string): string | undefined {
    return this.get(key)?.value;
  }

  private list(key: string): string[] {
    const json = this.values.get(key)?.json ?? [];
    const items = Array.isArray(json) ? (json as readonly Json[]) : [json];
    return items.flatMap((item) => this.plain(key, item).split(/\s+/)).filter((item) => item !== '');
  }

  /** Paths that a key names, patterns resolved; a name without a file is refused. */
  private files(key: string): string[] {
    const json = this.values.get(key)?.json;
    if (json === undefined || json === null || json === '') return [];
    const items = Array.isArray(json) ? (json as readonly Json[]) : [json];
    return items.flatMap((item) => {
      const paths = this.plain(key, item)
        .split(/\s+/)
        .filter((path) => path !== '');
      if (paths.length === 0) throw this.notThere(key, JSON.stringify(item));
      return paths.map((path) => {
        const found = resolve(this.folder, path);
        if (!this.disk.exists(found)) throw this.notThere(key, path);
        return found;
      });
    });
  }

  private notThere(key: string, path: string): IngotError {
    return new IngotError('FOREIGN-006', `${key} names ${path}, which is not there`, {
      place: this.place(key),
      remedy: 'paths count from the folder of the configuration',
    });
  }

  /** A value as text; files of a pattern with blanks between. */
  private plain(key: string, json: Json): string {
    if (typeof json !== 'string')
      return json === null ? '' : typeof json === 'object' ? JSON.stringify(json) : String(json);
    const call = /^(dir|ref|refg|expr)::([^]*)$/.exec(json);
    if (!call) return json;
    const [, kind, rest] = call;
    const given = { key, value: json, place: this.place(key) };
    if (kind === 'expr') {
      const value = evaluate(rest!, (name) => {
        const text = this.values.has(name) && name !== key ? this.text(name) : undefined;
        return text === undefined || !Number.isFinite(Number(text)) ? null : Number(text);
      });
      if (value === null) throw this.wrong(given, 'no expression of numbers and variables');
      return String(round(value));
    }
    const pattern = kind === 'dir' ? resolve(this.folder, rest!) : this.referenced(rest!, given);
    return /[*?[]/.test(pattern) ? this.disk.glob(pattern).join(' ') : pattern;
  }

  private referenced(text: string, given: ForeignValue): string {
    const match = /^\$\{?(\w+)\}?([^]*)$/.exec(text);
    if (!match) throw this.wrong(given, 'no reference: it begins with $VARIABLE');
    const [, name, rest] = match;
    const base = name === 'DESIGN_DIR' ? this.folder : name === given.key ? undefined : this.text(name!);
    if (base === undefined) throw this.wrong(given, `a reference to ${name}, which is not set`);
    return resolve(this.folder, `${base}${rest}`);
  }

  private wrong(given: ForeignValue, what: string): IngotError {
    return new IngotError('FOREIGN-003', `${given.key} = ${given.value.slice(0, 80)} is ${what}`, {
      place: given.place,
      remedy: 'correct the value in the configuration',
    });
  }

  private need(key: string): string {
    const text = this.text(key);
    if (text === undefined || text === '') throw this.missing(key);
    return text;
  }

  private missing(key: string): IngotError {
    return new IngotError('FOREIGN-008', `the design gives no ${key}`, {
      place: this.place(key),
      remedy: `add "${key}", or check that its pattern finds files`,
    });
  }

  private keys(): KeyRecord[] {
    return [...this.values].map(([key, { json, place }]) => {
      const value = typeof json === 'string' ? json : JSON.stringify(json);
      return { key, value, place, ...this.verdicts.of(key, ignoredByPrefix) };
    });
  }
}

function ignoredByPrefix(key: string): Verdict | null {
  const prefix = Object.keys(IGNORED_PREFIXES).find((p) => key.startsWith(p));
  return prefix === undefined ? null : { verdict: 'ignored', note: IGNORED_PREFIXES[prefix]! };
}
